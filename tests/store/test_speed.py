"""A quick gate: writing epochs stays near what the driver's bulk insert takes alone."""

import time
from pathlib import Path

from benchmarks.ingest import measure


def test_epochs_are_written_nearly_as_fast_as_the_driver_can(tmp_path: Path) -> None:
    found = measure(f"sqlite:///{tmp_path}/fathom.db", 50, 40, clock=time.process_time)

    # Measured: 0.7 of the floor. One statement per row, or a look-up for each, is below 0.1.
    assert found.share.high > 0.3, found
