"""Logs: one event per line, ids as fields, on standard error."""

import logging
import sys
import time

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def configure(level: int = logging.INFO) -> None:
    """Send this process's events to standard error, times in UTC."""
    formatter = logging.Formatter(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It tells at every start that it looked.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def event(logger: logging.Logger, level: int, what: str, **fields: object) -> None:
    """Log one event: what happened, then its fields as ``key=value``."""
    logger.log(level, " ".join([what, *(f"{key}={value}" for key, value in fields.items())]))
