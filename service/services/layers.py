"""Read a trial's layer profiles and the predicted error norms of its initial network."""

from uuid import UUID

from sqlalchemy.orm import Session

import rwinit
from service.planner.walk_laws import exact_band, walk_of
from service.schemas.layers import ErrorBand, LayerList, LayerProfileRead
from service.store import layer_profiles, trials, walks
from service.store.models import Configuration, Trial
from workers import contract


def profiles(session: Session, trial_id: UUID, epoch: int | None = None) -> LayerList:
    """Return the layer profiles of a trial by epoch, and the prediction for epoch 0.

    Args:
        session: The transaction.
        trial_id: The trial.
        epoch: Return the profile of this epoch only, or none if it has none; None returns all.

    Raises:
        TrialNotFoundError: There is no such trial.
    """
    trial = trials.get(session, trial_id)
    rows = layer_profiles.of_trial(session, trial_id, epoch)
    return LayerList(
        trial_id=trial_id,
        z_init=trial.z_init,
        predicted=_predicted(session, trial),
        profiles=tuple(LayerProfileRead.model_validate(row) for row in rows),
    )


def _predicted(session: Session, trial: Trial) -> tuple[ErrorBand, ...] | None:
    """Return the predicted log error norm of each hidden layer; None without a prediction."""
    row = session.get_one(Configuration, trial.configuration_id)
    if row.walk_id is not None:
        walk = walks.get(session, row.walk_id)
        means, deviations = walk.means, walk.deviations
    elif row.predicted_drift is not None:
        band = _exact_band(row.configuration)
        means, deviations = band.mean.tolist(), band.deviation.tolist()
    else:
        return None
    return tuple(
        ErrorBand(mean=mean, sd=deviation)
        for mean, deviation in zip(means, deviations, strict=True)
    )


def _exact_band(configuration: contract.Configuration) -> rwinit.WalkBand:
    # A configuration with a prediction has a law, and one without a stored walk is exact. An exact
    # law does not depend on the number of inputs, which the row does not have.
    question = walk_of(configuration, n_inputs=1)
    assert question is not None
    band = exact_band(question, configuration.init.g)
    assert band is not None
    return band
