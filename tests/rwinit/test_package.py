"""What `import rwinit` offers, and what it does not load."""

import subprocess
import sys

import pytest

import rwinit


def run(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_theory_loads_no_torch() -> None:
    run(
        "import sys, rwinit; rwinit.gain('relu', 100); rwinit.scheme_gain('he', 'tanh', 9);"
        "dir(rwinit); assert 'torch' not in sys.modules"
    )


def test_a_torch_name_loads_torch_when_it_is_used() -> None:
    run("import sys, rwinit; rwinit.rwi_; assert 'torch' in sys.modules")


def test_every_public_name_exists_and_is_listed() -> None:
    for name in rwinit.__all__:
        assert getattr(rwinit, name) is not None
    assert set(rwinit.__all__) <= set(dir(rwinit))
    assert rwinit.__all__ == sorted(rwinit.__all__, key=lambda n: (not n.isupper(), n.islower(), n))


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gian'"):
        getattr(rwinit, "gian")  # noqa: B009  # a type checker refuses the attribute itself
