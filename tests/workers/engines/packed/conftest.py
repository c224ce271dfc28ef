"""Each test of this package runs with each arithmetic that a CPU may have."""

from collections.abc import Iterator

import pytest

from tests.workers import examples
from tests.workers.arithmetics import compute_by_torch
from workers.contract import EngineName


@pytest.fixture(autouse=True, scope="module", params=["native", "by torch"])
def each_arithmetic(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let packed engines compute in one way after another."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        if request.param == "by torch":
            compute_by_torch(monkeypatch)
        yield


@pytest.fixture(autouse=True)
def only_kinds_that_are_run(request: pytest.FixtureRequest) -> None:
    """Skip a test of each kind of network for the kinds that the packed engine does not run."""
    if "each_kind" in request.fixturenames:
        request.getfixturevalue("each_kind")
        if examples.KIND not in examples.kinds_of(EngineName.PACKED):
            pytest.skip("the packed engine does not run the kind")
