"""Find listening ports, and what they answer.

This file also runs as a script inside of containers: with the argument `listening` it prints the
ports on which the container's network listens, with `HOST:PORT ...` the answer of each of these.
"""

import contextlib
import http.client
import json
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_TIMEOUT_SECONDS = 1.0
_LISTENING = "0A"  # TCP_LISTEN in the tables of /proc/net


def listening() -> list[int]:
    """Return the TCP ports on which this network namespace listens beyond loopback."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text("ascii").splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                address, _, port = local.partition(":")
                # In 127.0.0.0/8, or ::1, as the kernel writes them.
                own = address.endswith("7F") or address == "0" * 24 + "01000000"
                if state == _LISTENING and not own:
                    found.add(int(port, 16))
    return sorted(found)


def answer(target: str) -> str:
    """Return the answer of a port in a few words; an empty text if it cannot be reached."""
    host, _, port = target.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_TIMEOUT_SECONDS):
            pass
    except OSError:
        return ""
    connection = http.client.HTTPConnection(host, int(port), timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/")
        return f"HTTP {connection.getresponse().status}"
    except (OSError, http.client.HTTPException):
        return "open, no HTTP"
    finally:
        connection.close()


def answers(targets: Sequence[str]) -> dict[str, str]:
    """Return the answers of several ports, which are tried at the same time."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        return dict(zip(targets, pool.map(answer, targets), strict=True))


def main() -> int:
    """Print listening ports, or the answers of the given ones, as JSON."""
    found: object = listening() if sys.argv[1:] == ["listening"] else answers(sys.argv[1:])
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
