"""Small trials and data sets that the tests of this package share."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np

from tests.factories import trial_spec, varied
from workers.architectures import ARCHITECTURES, HyperValue
from workers.contract import (
    DatasetShape,
    EngineName,
    EpochRecord,
    Report,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data
from workers.datasets.data import Samples, prepare
from workers.engine_table import declaration_of

BASE = trial_spec(trial_id=UUID(int=1), dataset="blobs", depth=3, width=8, g=1.7, batch_size=10)


KIND = "ffn"
"""Kind of the trials of which nobody says it."""

OWN: dict[str, HyperValue] = {}
"""Hyper-parameters of the trials of `KIND`, where they differ from the defaults."""


def trial(*, kind: str | None = None, **changes: Any) -> TrialSpec:  # leaves of any type
    """Return a small trial of a kind of network; keywords replace its leaves."""
    names = {each.name for each in ARCHITECTURES[kind or KIND].hyperparameters} & changes.keys()
    given = {} if kind else dict(OWN)
    given |= {name: changes.pop(name) for name in names}
    return of_kind(varied(BASE, **changes), kind or KIND, **given)


def of_kind(spec: TrialSpec, kind: str, **hyperparameters: HyperValue) -> TrialSpec:
    """Return a trial with a network of a kind; hyper-parameters not given have their defaults."""
    architecture, base = ARCHITECTURES[kind], spec.network
    network = architecture.network(
        activation=base.activation,
        slope=base.slope,
        depth=base.depth,
        width=base.width,
        written={
            each.name: hyperparameters.get(each.name, each.default)
            for each in architecture.hyperparameters
        },
    )
    return replace(spec, configuration=replace(spec.configuration, network=network))


def is_run(spec: TrialSpec) -> bool:
    """Return whether a trial's engine declares that it runs the trial."""
    engine = declaration_of(spec.configuration.engine)
    return engine.runs(spec.network, spec.task, spec.training.precision)


def kinds_of(engine: EngineName) -> list[str]:
    """Return the kinds of networks that an engine runs."""
    base = varied(BASE, engine=engine)
    return [kind for kind in ARCHITECTURES if is_run(of_kind(base, kind))]


def streams(depth: int) -> list[int | str]:
    """Return the streams of a feed-forward network's matrices, input side first."""
    return [*range(depth), "out"]


def blobs(n_inputs: int = 6, n_classes: int = 3, n_train: int = 45, n_eval: int = 12) -> Data:
    """Return a data set of overlapping Gaussian clouds, one per class."""
    rng = np.random.default_rng(7)
    labels = np.arange(n_train + n_eval) % n_classes
    x = rng.normal(size=(n_classes, n_inputs))[labels] + 0.5 * rng.normal(
        size=(len(labels), n_inputs)
    )
    samples = Samples(
        train_x=x[:n_train],
        train_y=labels[:n_train],
        eval_x=x[n_train:],
        eval_y=labels[n_train:],
    )
    shape = DatasetShape(
        name="blobs", n_inputs=n_inputs, n_classes=n_classes, n_train=n_train, n_eval=n_eval
    )
    return prepare(samples, shape, "0" * 64)


def without_labels(data: Data) -> Data:
    return replace(data, train_y=None, eval_y=None, shape=replace(data.shape, n_classes=0))


def curve(reports: Iterable[Report | None]) -> list[EpochRecord | TrialEnd]:
    """Return the reports that must repeat bit for bit: all but the start, and no times."""
    kept: list[EpochRecord | TrialEnd] = []
    for report in reports:
        if isinstance(report, EpochRecord):
            kept.append(replace(report, seconds=0.0))
        elif isinstance(report, TrialEnd):
            kept.append(report)
    return kept


def records(reports: Iterable[Report | None]) -> list[EpochRecord]:
    return [report for report in reports if isinstance(report, EpochRecord)]


def end(reports: Iterable[Report | None]) -> TrialEnd:
    """Return the one end among the reports."""
    (found,) = [report for report in reports if isinstance(report, TrialEnd)]
    return found
