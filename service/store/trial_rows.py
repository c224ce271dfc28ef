"""Between a planned trial and its row."""

from collections.abc import Mapping
from dataclasses import fields
from uuid import UUID

from service.planner import PlannedTrial, Written
from service.store.models import Trial
from workers.contract import TrialSpec

# Fields of a spec whose column has another name.
_RENAMED = {"trial_id": "id", "learning_rate": "effective_lr"}
_SPEC_COLUMNS = {field.name: _RENAMED.get(field.name, field.name) for field in fields(TrialSpec)}
_WRITTEN_COLUMNS = tuple(field.name for field in fields(Written))


def row_values(sweep_id: UUID, number: int, planned: PlannedTrial) -> Mapping[str, object]:
    """Return the columns of a trial's new row, by name."""
    spec = {column: getattr(planned.spec, name) for name, column in _SPEC_COLUMNS.items()}
    written = {name: getattr(planned.written, name) for name in _WRITTEN_COLUMNS}
    return {
        **spec,
        **written,
        "sweep_id": sweep_id,
        "walk_id": None if planned.walk is None else planned.walk.id,
        "number": number,
        "schedule_kind": planned.spec.schedule.kind,
    }


def trial_spec(row: Trial) -> TrialSpec:
    """Return what decides a trial's curve, equal to what was planned."""
    return TrialSpec(
        trial_id=row.id,
        dataset=row.dataset,
        task=row.task,
        kind=row.kind,
        activation=row.activation,
        slope=row.slope,
        depth=row.depth,
        width=row.width,
        scheme=row.scheme,
        g=row.g,
        g_in=row.g_in,
        g_out=row.g_out,
        epochs=row.epochs,
        batch_size=row.batch_size,
        optimizer=row.optimizer,
        momentum=row.momentum,
        nesterov=row.nesterov,
        weight_decay=row.weight_decay,
        clip_norm=row.clip_norm,
        beta1=row.beta1,
        beta2=row.beta2,
        eps=row.eps,
        learning_rate=row.effective_lr,
        schedule=row.schedule,
        precision=row.precision,
        seed=row.seed,
        engine=row.engine,
        profile_epochs=row.profile_epochs,
        predicted_drift=row.predicted_drift,
        predicted_spread=row.predicted_spread,
    )
