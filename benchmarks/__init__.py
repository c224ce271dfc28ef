"""Speed as ratios: both sides in one process, in turn, in CPU time."""
