"""How children are started: without input, in a session of their own, never outliving us."""

import subprocess
import sys

import psutil
import pytest

from service import processes

WAIT = "import time; print(flush=True); time.sleep(600)"


def test_a_child_leads_a_session_of_its_own_and_has_no_input() -> None:
    code = "import os, sys; sys.exit(not (os.getsid(0) == os.getpid() and not sys.stdin.read()))"

    assert processes.start([sys.executable, "-c", code]).wait(timeout=60) == 0


def test_the_environment_is_the_given_one_alone() -> None:
    code = "import os, sys; sys.exit(os.environ.get('GIVEN') != 'x' or 'HOME' in os.environ)"

    child = processes.start([sys.executable, "-c", code], environment={"GIVEN": "x"})

    assert child.wait(timeout=60) == 0


@pytest.mark.parametrize("quiet", [True, False])
def test_only_a_quiet_childs_output_is_dropped(
    quiet: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    code = "import sys; print('output'); print('error', file=sys.stderr)"

    processes.start([sys.executable, "-c", code], quiet=quiet).wait(timeout=60)

    written = capfd.readouterr()
    assert written.out == ("" if quiet else "output\n")
    assert written.err == "error\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    code = f"""
import sys
from service import processes
child = processes.start([sys.executable, "-c", {WAIT!r}])
print(child.pid, flush=True)
child.wait()
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.readline()  # The child has begun, so what it asked of the kernel holds.

    parent.kill()
    parent.communicate(timeout=60)

    assert not psutil.wait_procs([child], timeout=30)[1]
