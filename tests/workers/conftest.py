"""Settings of hypothesis for the tests of this package."""

from dataclasses import replace

import pytest
from hypothesis import settings

from tests.workers import examples
from workers.contract import EngineName

# A busy machine makes any example slow once; time is not what these properties are about.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture(params=EngineName)
def each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `examples.trial` make trials for one engine after another."""
    monkeypatch.setattr(examples, "BASE", replace(examples.BASE, engine=request.param))
