"""What the API's process does not load."""

import subprocess
import sys

_PROGRAM = """
import sys
from service.api.app import create_app, dependencies_from
from service.settings import Settings
create_app(dependencies_from(Settings.read())).openapi()
import service.cli.serve, service.cli.http_server, service.cli.embedded
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"ray", "torch", "sklearn", "vl_convert", "altair", "pandas"}))
"""


def test_the_api_process_imports_neither_ray_nor_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
