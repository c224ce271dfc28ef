"""Training loops as plain iterators of reports, without a cluster and without a database."""

from workers.training.pack import CheckpointStore, run_pack, stopped
from workers.training.training_loop import Checkpoint
from workers.training.trial import run_trial

__all__ = ["Checkpoint", "CheckpointStore", "run_pack", "run_trial", "stopped"]
