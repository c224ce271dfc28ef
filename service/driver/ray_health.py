"""Check by Ray's own HTTP endpoints whether Ray is healthy on this machine.

It is also the health check of the containers, `python -m service.driver.ray_health head|node`. It
imports the standard library alone, because it runs every few seconds.
"""

import sys
import urllib.request

# Endpoints of Ray's dashboard and of its agent, on Ray's default ports.
HEAD_URL = "http://127.0.0.1:8265/api/gcs_healthz"
NODE_URL = "http://127.0.0.1:52365/api/local_raylet_healthz"
_TIMEOUT_SECONDS = 4.0


def answers_well(url: str) -> bool:
    """Return whether a URL answers with status 200; false if nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            return bool(response.status == 200)
    # The base class of a refused connection, a timeout, an error status and a broken answer.
    except OSError:
        return False


def node_is_well() -> bool:
    """Return whether the Ray node of this machine is up and part of its cluster."""
    return answers_well(NODE_URL)


def main() -> int:
    """Return the exit code: 0 if the head or node named on the command line is healthy, else 1."""
    url = HEAD_URL if sys.argv[1:] == ["head"] else NODE_URL
    return 0 if answers_well(url) else 1


if __name__ == "__main__":
    sys.exit(main())
