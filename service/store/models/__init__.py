"""The tables, as classes without relationships: a list of rows loads nothing but those rows.

Migrations are the only source of the schema; a test holds the two equal.
"""

from service.store.models.base import Base
from service.store.models.calibration import Calibration
from service.store.models.configuration import Configuration
from service.store.models.epoch import Epoch
from service.store.models.event import Event
from service.store.models.layer_profile import LayerProfile
from service.store.models.sweep import Sweep
from service.store.models.trial import Trial
from service.store.models.walk import Walk

__all__ = [
    "Base",
    "Calibration",
    "Configuration",
    "Epoch",
    "Event",
    "LayerProfile",
    "Sweep",
    "Trial",
    "Walk",
]
