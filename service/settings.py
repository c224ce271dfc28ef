"""Settings of the service's processes, read from the environment once, in the entry points."""

import os
from pathlib import Path
from typing import Self

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FATHOM_"
# Ray refuses to start with a smaller one.
SMALLEST_OBJECT_STORE_BYTES = 75 * 1024**2
# Beside the packages, in a checkout as in an installed wheel.
SHIPPED_CLAIMS = Path(__file__).parents[1] / "sweeps" / "claims"


class BadSettingsError(Exception):
    """Some settings cannot be used; each problem names its environment variable."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(self.problems)


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "fathom"


def _sqlite_in_home(fields: dict[str, object]) -> str:
    # A home that failed its check is absent here, and reported under its own name.
    home = fields.get("home", _default_home())
    return f"sqlite:///{home}/fathom.db"


class Settings(BaseSettings):
    """Every setting, as ``FATHOM_<NAME>`` in the environment.

    Attributes:
        home: Folder of the embedded service: database, registered data sets, logs.
        database_password_file: File with the password of `database_url`, or None.
        database_url: SQLAlchemy URL; a SQLite file in `home` by default. After reading it contains
            the password of the file.
        data_dir: Folder of large data sets such as mnist, or None.
        claims_dir: Folder of the files of claims; those that come with Fathom by default.
        host: Address that the API binds to.
        port: Port that the API binds to; 0 picks a free one.
        max_trials: Maximum number of trials of a sweep, whatever the spec's own limit.
        max_running_sweeps: Number of sweeps that a driver runs at the same time.
        lease_seconds: Time after which a driver that has not renewed its leases loses its sweeps.
        cpus: Number of cores for workers; None means all.
        worker_memory_bytes: Memory for the trials that one worker runs at once; None is the
            worker's share of the machine's memory. It limits their number, and changes no result.
        ray_address: Ray cluster to join, ``HOST:PORT``, or ``auto`` for the cluster that this
            machine is a node of; None starts a local one. ``RAY_ADDRESS`` is read too.
        ray_node: Whether a driver that joins a cluster at ``HOST:PORT`` starts a Ray node for
            itself. Set it to false if this machine is already a node of the cluster.
        ray_object_store_bytes: Shared memory of that node; every data set of a sweep must fit.
        body_limit_bytes: Size of the largest request body that the API accepts.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True
    )

    home: Path = Field(default_factory=_default_home)
    # Fields are checked in order: the URL's check below reads this one.
    database_password_file: Path | None = None
    database_url: str = Field(
        default_factory=_sqlite_in_home, min_length=1, repr=False, validate_default=True
    )
    data_dir: Path | None = None
    claims_dir: Path = SHIPPED_CLAIMS
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=65535)
    max_trials: int = Field(100_000, ge=1)
    max_running_sweeps: int = Field(1, ge=1)
    lease_seconds: float = Field(15.0, ge=1.0, le=3600.0, allow_inf_nan=False)
    cpus: int | None = Field(None, ge=1)
    worker_memory_bytes: int | None = Field(None, ge=64 * 1024**2)
    ray_address: str | None = Field(
        None, validation_alias=AliasChoices("FATHOM_RAY_ADDRESS", "RAY_ADDRESS")
    )
    ray_node: bool = True
    ray_object_store_bytes: int = Field(512 * 1024**2, ge=SMALLEST_OBJECT_STORE_BYTES)
    body_limit_bytes: int = Field(1024 * 1024, ge=1024)

    @field_validator("database_password_file")
    @classmethod
    def _password_can_be_read(cls, file: Path | None) -> Path | None:
        if file is not None and not _password_in(file):
            raise ValueError("the file holds no password")
        return file

    @field_validator("database_url")
    @classmethod
    def _url_with_password(cls, url: str, info: ValidationInfo) -> str:
        file = info.data.get("database_password_file")
        return url if file is None else _with_password(url, _password_in(file))

    @field_validator("ray_address")
    @classmethod
    def _ray_is_joined_by_a_node(cls, address: str | None) -> str | None:
        if address and "://" in address:
            raise ValueError("give HOST:PORT; Ray Client would run Tune away from the driver")
        return address or None

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
            # The types of the values are unknown here; the class checks them.
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            raise BadSettingsError(_problems(error)) from error

    @property
    def joined_cluster(self) -> str | None:
        """Address of the cluster for which the driver starts a Ray node; None if it starts none."""
        return self.ray_address if self.ray_node and self.ray_address != "auto" else None

    @property
    def registry_dir(self) -> Path:
        """Folder of registered data sets."""
        return self.home / "datasets"


def _password_in(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the file cannot be read: {error}") from error


def _with_password(url: str, password: str) -> str:
    # Imported here, because some commands that read settings need no database.
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # `Database` reports the error, without showing the URL.
        return url
    if parsed.username is None:
        raise ValueError("a password needs a URL with a user")
    return parsed.set(password=password).render_as_string(hide_password=False)


def _problems(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{_variable(str(detail['loc'][0]))}: {detail['msg']} (given {detail['input']!r})"
        for detail in error.errors()
    )


def _variable(field: str) -> str:
    return field if field.isupper() else f"{PREFIX}{field.upper()}"
