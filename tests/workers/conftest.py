"""Engines and kinds of networks, one after another, for the tests of this package."""

import pytest

from tests.factories import varied
from tests.workers import examples
from tests.workers.arithmetics import compute_by_torch
from workers.architectures import ARCHITECTURES
from workers.contract import EngineName


@pytest.fixture(params=[*EngineName, "packed, by torch"])
def each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `examples.trial` make trials for one engine after another."""
    engine, _, by_torch = request.param.partition(", by ")
    if by_torch:
        compute_by_torch(monkeypatch)
    base = varied(examples.BASE, engine=EngineName(engine))
    monkeypatch.setattr(examples, "BASE", base)


@pytest.fixture(params=[*ARCHITECTURES, "roaf, permutation"])
def each_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `examples.trial` make trials of one kind of network after another."""
    kind, _, filtering = request.param.partition(", ")
    monkeypatch.setattr(examples, "KIND", kind)
    monkeypatch.setattr(examples, "OWN", {"filter": filtering} if filtering else {})
    if "each_engine" in request.fixturenames:
        request.getfixturevalue("each_engine")
        if not examples.is_run(examples.trial()):
            pytest.skip("the engine does not run the kind")
