"""Between a plan and its rows: columns are filled by the names of leaves."""

from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

from service.planner import PlannedConfiguration
from service.store.models import Configuration
from workers.contract.leaves import leaves

_COLUMNS = frozenset(column.name for column in Configuration.__table__.columns)


def configuration_values(
    sweep_id: UUID, number: int, planned: PlannedConfiguration
) -> Mapping[str, object]:
    """Return the columns of a configuration's new row, by name."""
    configuration = planned.configuration
    values = {
        "predicted_drift": None,
        "predicted_spread": None,
        **leaves(configuration),
        **asdict(planned.written),
        "id": planned.id,
        "sweep_id": sweep_id,
        "number": number,
        "schedule_kind": configuration.training.schedule.kind,
        "walk_id": None if planned.walk is None else planned.walk.id,
        "configuration": configuration,
    }
    return {name: value for name, value in values.items() if name in _COLUMNS}
