"""Convert a planned configuration to the columns of its row.

A column that has the name of a leaf (`workers.contract.leaves`) is filled without a line here.
"""

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
    """Return the values of a configuration's new row, by column name."""
    configuration = planned.configuration
    values = {
        # A configuration without a prediction has no leaves of these names.
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
