"""Whether Ray is well on this machine, as Ray's own HTTP endpoints say.

Also the health check of the containers, `python -m service.driver.ray_health head|node`; imports
nothing but the standard library, because it runs every few seconds.
"""

import sys
import urllib.request

HEAD_URL = "http://127.0.0.1:8265/api/gcs_healthz"
NODE_URL = "http://127.0.0.1:52365/api/local_raylet_healthz"
_TIMEOUT_SECONDS = 4.0


def answers_well(url: str) -> bool:
    """Return whether a URL answers with success; nothing there is a no as well."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            return bool(response.status == 200)
    # A refusal, a timeout, a status of an error, or half an answer.
    except OSError:
        return False


def node_is_well() -> bool:
    """Return whether the Ray node of this machine is up and part of its cluster."""
    return answers_well(NODE_URL)


def main() -> int:
    """Return 0 if what the command line names is well, 1 if not."""
    url = HEAD_URL if sys.argv[1:] == ["head"] else NODE_URL
    return 0 if answers_well(url) else 1


if __name__ == "__main__":
    sys.exit(main())
