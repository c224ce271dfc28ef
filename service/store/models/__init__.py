"""The tables as SQLAlchemy classes.

They have no relationships, so that a query loads no rows but its own. The schema is made by the
migrations alone; a test checks that both agree.
"""

from service.store.models.base import Base
from service.store.models.calibration import Calibration
from service.store.models.configuration import Configuration
from service.store.models.epoch import Epoch
from service.store.models.event import Event
from service.store.models.judgement import Judgement
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
    "Judgement",
    "LayerProfile",
    "Sweep",
    "Trial",
    "Walk",
]
