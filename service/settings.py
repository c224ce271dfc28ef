"""What a process of the service reads from its environment, once, in its entry point."""

import os
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FATHOM_"


class BadSettingsError(Exception):
    """Settings that cannot be used; each problem names its environment variable."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(self.problems)


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "fathom"


def _sqlite_in_home(fields: dict[str, object]) -> str:
    # A home that failed its own check is reported under its own name.
    home = fields.get("home", _default_home())
    return f"sqlite:///{home}/fathom.db"


class Settings(BaseSettings):
    """Every setting, as ``FATHOM_<NAME>`` in the environment.

    Attributes:
        home: Folder of the embedded service: database, registered data sets, logs.
        database_url: SQLAlchemy URL; a SQLite file in `home` by default.
        data_dir: Where large data sets such as mnist lie, or None.
        host: Address the API binds to.
        port: Port the API binds to; 0 picks a free one.
        max_trials: Trials a sweep may have at most, whatever its own limit says.
        max_running_sweeps: Sweeps a driver runs at the same time.
        lease_seconds: How long a silent driver keeps its sweeps.
        cpus: Cores given to workers; None means all.
        ray_address: Ray cluster to join; None starts a local one. ``RAY_ADDRESS`` is read too.
        body_limit_bytes: Largest request body the API accepts.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(default_factory=_default_home)
    database_url: str = Field(default_factory=_sqlite_in_home, min_length=1)
    data_dir: Path | None = None
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65535)
    max_trials: int = Field(100_000, ge=1)
    max_running_sweeps: int = Field(1, ge=1)
    lease_seconds: float = Field(15.0, ge=1.0, le=3600.0, allow_inf_nan=False)
    cpus: int | None = Field(None, ge=1)
    ray_address: str | None = Field(
        None, validation_alias=AliasChoices("FATHOM_RAY_ADDRESS", "RAY_ADDRESS")
    )
    body_limit_bytes: int = Field(1024 * 1024, ge=1024)

    @classmethod
    def read(cls, **overrides: object) -> Self:
        """Return the settings of this process.

        Args:
            **overrides: Fields given on the command line; None means "not given".

        Raises:
            BadSettingsError: Values that cannot be used, each by the name of its variable.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            # The values are unchecked on purpose: checking them is what the class does.
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            raise BadSettingsError(_problems(error)) from error

    @property
    def registry_dir(self) -> Path:
        """Folder of registered data sets."""
        return self.home / "datasets"

    @property
    def logs_dir(self) -> Path:
        """Folder of log files."""
        return self.home / "logs"


def _problems(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{_variable(str(detail['loc'][0]))}: {detail['msg']} (given {detail['input']!r})"
        for detail in error.errors()
    )


def _variable(field: str) -> str:
    return field if field.isupper() else f"{PREFIX}{field.upper()}"
