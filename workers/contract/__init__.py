"""Messages between the service and a worker, as frozen dataclasses of the standard library.

The service builds them from rows and validates them with pydantic; a worker needs neither
pydantic nor Ray to read them. Every float is finite: a loss that is not finite is reported as an
`Outcome`.
"""

from workers.contract.calibration import Calibration, Residual, Timings, Work
from workers.contract.names import (
    DERIVED_OF_INPUT,
    HOMOGENEOUS,
    Activation,
    EngineName,
    Freeze,
    OptimizerKind,
    Outcome,
    Precision,
    Scheme,
    StoppingKind,
    StoppingMetric,
    Task,
)
from workers.contract.reports import (
    EpochRecord,
    InitialWalk,
    LayerProfile,
    Report,
    StoppingDecision,
    TrialEnd,
    TrialReport,
    TrialStart,
)
from workers.contract.trials import (
    Configuration,
    DatasetShape,
    Init,
    Loss,
    Network,
    Optimizer,
    Pack,
    Prediction,
    Training,
    TrialSpec,
)

__all__ = [
    "DERIVED_OF_INPUT",
    "HOMOGENEOUS",
    "Activation",
    "Calibration",
    "Configuration",
    "DatasetShape",
    "EngineName",
    "EpochRecord",
    "Freeze",
    "Init",
    "InitialWalk",
    "LayerProfile",
    "Loss",
    "Network",
    "Optimizer",
    "OptimizerKind",
    "Outcome",
    "Pack",
    "Precision",
    "Prediction",
    "Report",
    "Residual",
    "Scheme",
    "StoppingDecision",
    "StoppingKind",
    "StoppingMetric",
    "Task",
    "Timings",
    "Training",
    "TrialEnd",
    "TrialReport",
    "TrialSpec",
    "TrialStart",
    "Work",
]
