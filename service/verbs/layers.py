"""Layer profiles beside the law of the initial network."""

from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

import rwinit
from service.store import layer_profiles, trials
from service.store.models import Trial
from service.verbs.reads import ErrorBand, LayerList, LayerProfileRead
from workers.contract import Scheme


def profiles(session: Session, trial_id: UUID, epoch: int | None = None) -> LayerList:
    """Return the layer profiles of a trial by epoch.

    Args:
        session: The transaction.
        trial_id: The trial.
        epoch: Only this epoch's; None for all. There need not be one.

    Raises:
        TrialNotFoundError: There is no such trial.
    """
    trial = trials.get(session, trial_id)
    rows = layer_profiles.of_trial(session, trial_id, epoch)
    return LayerList(
        trial_id=trial_id,
        z_init=trial.z_init,
        predicted=_predicted(trial),
        profiles=tuple(LayerProfileRead.model_validate(row) for row in rows),
    )


def _predicted(trial: Trial) -> tuple[ErrorBand, ...] | None:
    """Return the exact law of each hidden layer's error; None if there is none."""
    weights = "orthogonal" if trial.scheme is Scheme.ORTHOGONAL else "gaussian"
    try:
        rwinit.log_gain_law(trial.activation, trial.width, weights=weights, slope=trial.slope)
    except rwinit.UnsupportedActivationError:
        return None
    # From the last hidden layer down to each layer it is the walk of a net with those layers only.
    law = rwinit.walk_law(
        trial.activation,
        trial.width,
        np.arange(trial.depth, 0, -1),
        g=trial.g,
        weights=weights,
        slope=trial.slope,
    )
    bands = zip(law.drift.tolist(), law.spread.tolist(), strict=True)
    return tuple(ErrorBand(mean=mean, sd=sd) for mean, sd in bands)
