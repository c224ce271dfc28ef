"""The loop that trains: plain iterators of reports that know no cluster and no database."""

from workers.training.pack import run_pack
from workers.training.trial import run_trial

__all__ = ["run_pack", "run_trial"]
