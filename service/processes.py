"""Start child processes that do not outlive their parent."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

_PR_SET_PDEATHSIG = 1
# Loaded at import, because loading a library between fork and exec can deadlock.
_LIBC = ctypes.CDLL(None, use_errno=True)


def start(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, quiet: bool = False
) -> subprocess.Popen[bytes]:
    """Start a process without input in a process group of its own.

    Ctrl-C does not reach the group, and it can be ended as a whole. On Linux the kernel sends
    SIGTERM to the process when the thread that started it ends.

    Args:
        command: Command line.
        environment: Environment of the process; None for this process's environment.
        quiet: Whether to drop standard output; standard error is kept.
    """
    return subprocess.Popen(
        tuple(command),
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else None,
        start_new_session=True,
        # Safe beside threads: the function makes one system call and takes no lock.
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
