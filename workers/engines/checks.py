"""What any engine asks of a trial."""

from workers.contract import DatasetShape, Task, TrialSpec
from workers.engines.interface import UnsupportedTrialError


def check_trial(spec: TrialSpec, dataset: DatasetShape) -> None:
    """Check that a trial can run on a data set.

    Raises:
        UnsupportedTrialError: It cannot.
    """
    if spec.kind != "ffn":
        raise UnsupportedTrialError("network.kind", spec.kind, "'ffn'")
    if spec.dataset != dataset.name:
        raise UnsupportedTrialError("dataset.name", spec.dataset, repr(dataset.name))
    if spec.task is Task.CLASSIFY and dataset.n_classes == 0:
        allowed = f"'autoencode' for {dataset.name}, which has no labels"
        raise UnsupportedTrialError("dataset.task", spec.task, allowed)
