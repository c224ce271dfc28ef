"""Connect to the Ray cluster that `ray_address` names, or start a local one."""

import contextlib
import logging
import os
import secrets
from collections.abc import Iterator

from service.logs import event

log = logging.getLogger("fathom.driver")

# Ray and Tune read these when they are imported, so this module imports neither at the top.
# Tune's loggers would write five files per trial, its snapshots the whole state each time.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "3600",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # The future default of Ray, chosen here so that its warning does not appear.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# Data sets and reports are small; a laptop should not lose 30 % of its memory to them.
LOCAL_OBJECT_STORE_BYTES = 512 * 1024**2


@contextlib.contextmanager
def connected(address: str | None, cpus: int | None) -> Iterator[None]:
    """Hold a connection to Ray for the length of the block.

    Args:
        address: Of a running cluster that this machine is a node of, or None for a cluster of
            this process's own, which ends with the process, however it ends. A running one asks
            for the token that ``RAY_AUTH_TOKEN_PATH`` names, if it asks for one.
        cpus: CPUs of an own cluster; None is all of the machine's.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address is None:
        # Ray listens on every interface, and whoever reaches it runs code as this user. With a
        # token that lives as long as this process, nobody else does.
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import ray

    if address is None:
        ray.init(
            # Without it Ray joins whatever cluster this machine runs, or ran, for somebody else.
            address="local",
            num_cpus=cpus,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            object_store_memory=LOCAL_OBJECT_STORE_BYTES,
        )
    else:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    event(log, logging.INFO, "ray connected", address=address or "local")
    try:
        yield
    finally:
        ray.shutdown()
