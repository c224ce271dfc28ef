"""Column types and the database's clock, with one behaviour on SQLite and PostgreSQL."""

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
    """A time with a zone, returned in UTC; a naive one is refused.

    PostgreSQL stores a ``timestamptz``. SQLite stores a text of fixed width with microseconds, so
    that texts sort in the order of their times.
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
    """A configuration stored as JSON; numbers are read back bit for bit."""

    impl = JSON
    cache_ok = True
    _adapter = TypeAdapter(Configuration)

    def process_bind_param(self, value: Configuration | None, dialect: Dialect) -> object:
        return None if value is None else asdict(value)

    # Any: the base class does not say what JSON is.
    def process_result_value(self, value: Any, dialect: Dialect) -> Configuration | None:
        if value is None:
            return None
        # A configuration declares the base class `Network`; the kind names the class that has the
        # fields.
        network = _network_adapter(value["network"]["kind"]).validate_python(value["network"])
        return self._adapter.validate_python(value | {"network": network})


@cache
def _network_adapter(kind: str) -> TypeAdapter[Network]:
    return TypeAdapter(ARCHITECTURES[kind].network_type)


class TimingsJson(TypeDecorator[Timings]):
    """Measured times stored as JSON; read as None if another version of Fathom measured them."""

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
    """Finite doubles in 8 bytes each; an element may be None.

    Bytes rather than JSON: a profile of 1,000 layers takes 24 kB instead of 55 kB and needs no
    parser, and no query selects by a value inside. The format is little-endian IEEE 754. NaN, which
    no value may be, stands for None.
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
    """A double that is neither NaN nor infinite; those raise ValueError.

    The CHECKs of the tables do not suffice: SQLite stores NaN as NULL before it checks.
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
        # One sum is faster than many checks: it is finite only if every number is. It can also
        # overflow with finite numbers alone, so the numbers are then looked at one by one.
        if not math.isfinite(sum(filter(None, values))):
            for value in values:
                if value is not None and not math.isfinite(value):
                    raise ValueError(f"not a finite number: {value!r}")


def stored_by_value(kind: type[StrEnum]) -> Enum:
    """Return a text column type that stores an enum's members by value.

    The column is wider than today's members, so that a new member changes the CHECK alone.
    """
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,  # `service.store.constraints.one_of` writes a named one
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


def strict_json(value: object) -> str:
    """Return a value as JSON text.

    Raises:
        ValueError: A number is NaN or infinite, which JSON cannot express.
    """
    return json.dumps(value, allow_nan=False)


class database_now(FunctionElement[datetime]):
    """The database's present time plus an offset in seconds, as a SQL expression.

    It compares with `UtcDateTime` columns. Leases use it, so that the clocks of the drivers'
    machines need not agree. Its value is the same throughout a statement. On SQLite its resolution
    is a millisecond.
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
    # Three zeros make microseconds of milliseconds, the fixed width of `UtcDateTime`.
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', printf('%+.3f seconds', {offset})) || '000')"


@compiles(database_now, "postgresql")
def _postgres_now(element: database_now, compiler: SQLCompiler, **kw: Any) -> str:
    # Not now(), which is the time at the start of the transaction: after a wait for a lock it would
    # take a lapsed lease for a good one.
    offset = compiler.process(element.clauses, **kw)
    return f"(statement_timestamp() + make_interval(secs => {offset}))"
