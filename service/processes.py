"""Child processes that do not outlive their parent."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
# Loaded here, because between fork and exec nothing may be loaded.
_LIBC = ctypes.CDLL(None, use_errno=True)


def start(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start a process that has no input and ends when the thread that started it is gone.

    It leads a group of its own, so that Ctrl-C does not reach it and it can be ended as a whole.

    Args:
        command: What to run.
        environment: Its environment; None is this process's.
        quiet: Whether to drop its output; errors come through.
    """
    return subprocess.Popen(
        tuple(command),
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
        # It only makes one system call, which needs no lock that a thread may hold.
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
