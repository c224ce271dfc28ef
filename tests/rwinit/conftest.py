"""Settings of hypothesis, and a folder of their own for the simulated gains of these tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from rwinit import CACHE_VARIABLE

# A busy machine makes any example slow once; time is not what these properties are about.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("gains")))
        yield
