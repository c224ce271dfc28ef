"""The loop that trains: plain iterators of reports that know no cluster and no database."""

from workers.training.course import ParkedTrial
from workers.training.pack import Parking, run_pack, stopped
from workers.training.trial import run_trial

__all__ = ["ParkedTrial", "Parking", "run_pack", "run_trial", "stopped"]
