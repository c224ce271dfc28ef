"""Each test of this package runs with each arithmetic that a CPU may have."""

from collections.abc import Iterator

import pytest

from tests.workers.arithmetics import compute_by_torch


@pytest.fixture(autouse=True, scope="module", params=["native", "by torch"])
def each_arithmetic(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let packed engines compute in one way after another."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        if request.param == "by torch":
            compute_by_torch(monkeypatch)
        yield
