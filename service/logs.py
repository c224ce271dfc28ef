"""Logging of events to standard error: one event per line, with ids as fields."""

import logging
import sys
import time

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure(level: int = logging.INFO) -> None:
    """Send the log of this process to standard error, with times in UTC."""
    formatter = logging.Formatter(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Alembic logs two lines at every start, even if there is nothing to upgrade.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def event(logger: logging.Logger, level: int, what: str, **fields: object) -> None:
    """Log one event: its name, then its fields as ``key=value``."""
    logger.log(level, " ".join([what, *(f"{key}={value}" for key, value in fields.items())]))
