"""Connect to a Ray cluster, or start a local one."""

import contextlib
import logging
import os
import secrets
from collections.abc import Iterator

from service.logs import event

log = logging.getLogger("fathom.driver")

# Ray and Tune read these when they are imported, so this module imports neither at the top.
# Tune's loggers would write five files for each trial, and its snapshots the whole state each time.
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
    """Keep a connection to Ray while the block runs.

    Args:
        address: Address of a running cluster that this machine is a node of. None starts a local
            cluster, which ends with this process, however that ends. If a running cluster wants a
            token, Ray reads it from the file that ``RAY_AUTH_TOKEN_PATH`` names.
        cpus: CPUs of a local cluster; None is all CPUs of the machine.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if address is None:
        # Ray listens on every interface, and whoever reaches it can run code as this user. The
        # random token, which exists in this process and its children only, prevents that.
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import ray

    if address is None:
        ray.init(
            # Without it Ray would join any cluster that already runs on this machine.
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
