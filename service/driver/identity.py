"""The name under which a driver holds leases."""

import fcntl
import os
import platform
from pathlib import Path
from typing import IO

LOCK_NAME = "driver.lock"


def claim_identity(home: Path) -> tuple[str, IO[str] | None]:
    """Return this driver's owner name, and the lock that keeps it alone if it is a stable one.

    A driver that holds its home's lock is the only one of that name, so after a crash its
    successor may take its sweeps up at once instead of waiting for the lease to lapse. A
    second driver on the same home gets a name of its own.

    Args:
        home: Folder of the service; created if absent.

    Returns:
        The name, and an open file to keep for as long as the process lives, or None.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / LOCK_NAME).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return f"{platform.node()}:{os.getpid()}", None
    return f"{platform.node()}:{home.resolve()}", lock
