"""Checks of a trial that every engine makes before it adds the trial."""

from workers.contract import DatasetShape, EngineName, Task, TrialSpec
from workers.engine_table import declaration_of
from workers.engines.interface import UnsupportedTrialError


def check_trial(spec: TrialSpec, dataset: DatasetShape, engine: EngineName) -> None:
    """Check that an engine can run a trial on a data set.

    Raises:
        UnknownKindError: The kind of the network is unknown.
        UnsupportedTrialError: The engine cannot run the trial on this data set.
    """
    declared = declaration_of(engine)
    if not declared.runs(spec.network, spec.task, spec.training.precision):
        raise UnsupportedTrialError("network.kind", spec.network.kind, f"one that {engine} runs")
    if spec.dataset != dataset.name:
        raise UnsupportedTrialError("dataset.name", spec.dataset, repr(dataset.name))
    if spec.task is Task.CLASSIFY and dataset.n_classes == 0:
        allowed = f"'autoencode' for {dataset.name}, which has no labels"
        raise UnsupportedTrialError("dataset.task", spec.task, allowed)
