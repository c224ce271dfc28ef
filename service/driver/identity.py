"""Choose the name under which a driver holds leases."""

import fcntl
import os
import platform
from pathlib import Path
from typing import IO

LOCK_NAME = "driver.lock"


def claim_identity(home: Path) -> tuple[str, IO[str] | None]:
    """Return this driver's name in leases, and the file lock that makes a stable name unique.

    The first driver of a home folder gets a name that is the same after a restart. So after a crash
    the next driver claims its sweeps at once instead of waiting for the leases to lapse. A second
    driver on the same home gets a name with its process id.

    Args:
        home: Folder of the service; created if absent.

    Returns:
        The name, and the locked file, to be kept open until the process ends; None for a name with
        a process id.
    """
    home.mkdir(parents=True, exist_ok=True)
    # The kernel releases the lock when the process dies, however it dies.
    lock = (home / LOCK_NAME).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return f"{platform.node()}:{os.getpid()}", None
    return f"{platform.node()}:{home.resolve()}", lock
