"""Column types and the clock, the same on SQLite and PostgreSQL."""

import json
import math
import struct
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    JSON,
    BigInteger,
    BindParameter,
    DateTime,
    Dialect,
    Enum,
    Integer,
    LargeBinary,
    String,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import Double, TypeDecorator, TypeEngine

from workers.architectures import ARCHITECTURES
from workers.contract import Configuration, Network, Timings

BigInt = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits; SQLite numbers rows by itself only where the type is called INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; a naive one is refused.

    PostgreSQL keeps a ``timestamptz``; SQLite a text of fixed width with microseconds, so that
    texts compare as moments do.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: as in the base class
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(26))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        moment = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        return moment

    # Any: the base class does not say what a driver returns.
    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        moment: datetime = value
        return moment.astimezone(UTC)


class ConfigurationJson(TypeDecorator[Configuration]):
    """A whole configuration, kept as JSON: numbers come back as they were, bit for bit."""

    impl = JSON
    cache_ok = True
    _adapter = TypeAdapter(Configuration)

    def process_bind_param(self, value: Configuration | None, dialect: Dialect) -> object:
        return None if value is None else asdict(value)

    # Any: the base class does not say what JSON is.
    def process_result_value(self, value: Any, dialect: Dialect) -> Configuration | None:
        if value is None:
            return None
        network = _network_adapter(value["network"]["kind"]).validate_python(value["network"])
        return self._adapter.validate_python(value | {"network": network})


@cache
def _network_adapter(kind: str) -> TypeAdapter[Network]:
    return TypeAdapter(ARCHITECTURES[kind].network_type)


class TimingsJson(TypeDecorator[Timings]):
    """Measured times, kept as JSON; None where another version of Fathom measured others."""

    impl = JSON
    cache_ok = True
    _adapter = TypeAdapter(Timings)

    def process_bind_param(self, value: Timings | None, dialect: Dialect) -> object:
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: object, dialect: Dialect) -> Timings | None:
        try:
            return self._adapter.validate_python(value)
        except ValidationError:
            return None


class PackedFloats(TypeDecorator[tuple[float | None, ...]]):
    """Finite doubles, some of which may be missing, in 8 bytes each.

    Bytes rather than JSON: a profile of 1,000 layers is 24 kB and is read as fast as it is sent,
    where JSON would take 55 kB; nothing ever selects by a value inside. Little-endian IEEE 754;
    the bits of NaN, which no value may be, stand for a missing one.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(
        self, value: tuple[float | None, ...] | None, dialect: Dialect
    ) -> bytes | None:
        if value is None:
            return None
        if any(number is not None and not math.isfinite(number) for number in value):
            raise ValueError(f"not all finite numbers: {value!r}")
        packed = (math.nan if number is None else number for number in value)
        return struct.pack(f"<{len(value)}d", *packed)

    # Any: the base class does not say what a driver returns.
    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[float | None, ...] | None:
        if value is None:
            return None
        numbers = struct.unpack(f"<{len(value) // 8}d", value)
        return tuple(None if math.isnan(number) else number for number in numbers)


class FiniteFloat(TypeDecorator[float]):
    """A double that is neither NaN nor infinite.

    The CHECKs of the tables refuse those too, but SQLite has turned NaN into NULL by then.
    """

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        # x - x is 0 for finite numbers only; this runs for every float of every record.
        if value is not None and value - value != 0.0:
            raise ValueError(f"not a finite number: {value!r}")
        return value

    @staticmethod
    def check(values: Sequence[float | None]) -> None:
        """Raise ValueError if one of many numbers is not finite."""
        # A sum is finite only if every number is; of large ones it may not be, all the same.
        if not math.isfinite(sum(filter(None, values))):
            for value in values:
                if value is not None and not math.isfinite(value):
                    raise ValueError(f"not a finite number: {value!r}")


def stored_by_value(kind: type[StrEnum]) -> Enum:
    """Return a text column type for an enum, with a CHECK of its values.

    The CHECK takes its name from the naming convention and the column's. Wide enough for members
    to come, as only the CHECK is to change with them.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,  # `service.store.constraints.one_of` writes a named one
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def strict_json(value: object) -> str:
    """Return JSON text; NaN and infinities, which JSON does not have, raise ValueError."""
    return json.dumps(value, allow_nan=False)


class database_now(FunctionElement[datetime]):
    """The database's clock, moved by some seconds; compares with `UtcDateTime` columns.

    Leases use it, so that the clocks of the machines need not agree. It stands still within a
    statement, and resolves milliseconds on SQLite.
    """

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, offset_seconds: float | BindParameter[float] = 0.0) -> None:
        if not isinstance(offset_seconds, BindParameter):
            offset_seconds = bindparam(None, float(offset_seconds), type_=Double())
        super().__init__(offset_seconds)


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    offset = compiler.process(element.clauses, **kw)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {offset})) || '000')"


@compiles(database_now, "postgresql")
def _postgres_now(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    # Not now(), which stands still for the whole transaction: one that waited for a lock would
    # see leases of the past.
    offset = compiler.process(element.clauses, **kw)
    return f"(statement_timestamp() + make_interval(secs => {offset}))"
