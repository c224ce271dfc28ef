import subprocess
import sys

import pytest

ROOMS = {
    "workers.contract": {"ray", "pydantic", "torch", "sklearn", "sqlalchemy"},
    "workers.seeding": {"ray", "pydantic", "torch", "sklearn", "sqlalchemy"},
    "workers.datasets": {"ray", "pydantic", "torch", "sklearn", "sqlalchemy", "pooch", "requests"},
    "workers.training": {"ray", "pydantic", "sklearn", "sqlalchemy", "llvmlite"},
    "workers.stopping": {"ray", "pydantic", "torch", "sklearn", "sqlalchemy"},
    # The driver and the control actor have no use for torch, which takes a second to load.
    "workers.control": {"torch", "sklearn", "sqlalchemy"},
    "workers.trainable": {"torch", "sklearn", "sqlalchemy"},
}


@pytest.mark.parametrize(("room", "absent"), ROOMS.items())
def test_a_room_loads_nothing_that_a_bare_machine_lacks(room: str, absent: set[str]) -> None:
    code = f"import {room}, sys; print(*(name for name in sys.modules if '.' not in name))"

    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )

    loaded = set(done.stdout.split())
    assert "workers" in loaded
    assert loaded & absent == set()
