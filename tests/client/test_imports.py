"""The client, and the commands that ask a service, load neither SQL nor numerics."""

import subprocess
import sys

import pytest

_FORBIDDEN = ("fastapi", "numpy", "ray", "ruamel", "rwinit", "scipy", "sqlalchemy", "torch")
_PROGRAM = """
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
loaded = {{name.partition(".")[0] for name in sys.modules}}
print(sorted(loaded & set({forbidden!r})))
"""
_COMMANDS = ("connection", "datasets", "layers", "preview_tables", "progress", "results", "sweeps")


@pytest.mark.parametrize(
    "modules", [("service.client",), tuple(f"service.cli.{name}" for name in _COMMANDS)]
)
def test_asking_a_service_loads_neither_sql_nor_numerics(modules: tuple[str, ...]) -> None:
    program = _PROGRAM.format(modules=modules, forbidden=_FORBIDDEN)

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
