"""What the grammar can say and this version does not run: refused, never ignored."""

from collections.abc import Iterator

from service.spec import Mistake, SweepSpec


def feature_mistakes(spec: SweepSpec) -> Iterator[Mistake]:
    """Yield a mistake for everything in a spec that would have no effect."""
    if spec.early_stopping is not None:
        message = "early stopping is not run by this version; leave it out"
        yield Mistake("early_stopping", f'{{"kind": "{spec.early_stopping.kind}"}}', message)
    if spec.profiles.epochs:
        message = "layer profiles are not recorded by this version; leave them out"
        yield Mistake("profiles.epochs", str(list(spec.profiles.epochs)), message)
