"""Small trials and data sets that the tests of this package share."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np

from workers.contract import (
    Activation,
    DatasetShape,
    EngineName,
    EpochRecord,
    OptimizerKind,
    Precision,
    Report,
    Scheme,
    Task,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data
from workers.datasets.data import Samples, prepare
from workers.schedules import Schedule

BASE = TrialSpec(
    trial_id=UUID(int=1),
    dataset="blobs",
    task=Task.CLASSIFY,
    kind="ffn",
    activation=Activation.RELU,
    slope=0.01,
    depth=3,
    width=8,
    scheme=Scheme.RWI,
    g=1.7,
    g_in=1.0,
    g_out=1.0,
    epochs=2,
    batch_size=10,
    optimizer=OptimizerKind.SGD,
    momentum=0.0,
    nesterov=False,
    weight_decay=0.0,
    clip_norm=None,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    learning_rate=0.05,
    schedule=Schedule(),
    precision=Precision.FLOAT32,
    seed=0,
    engine=EngineName.REFERENCE,
)


def trial(**changes: Any) -> TrialSpec:  # any field of a TrialSpec
    return replace(BASE, **changes)


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
