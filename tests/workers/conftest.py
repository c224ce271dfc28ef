"""Settings of hypothesis for the tests of this package."""

from hypothesis import settings

# A busy machine makes any example slow once; time is not what these properties are about.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
