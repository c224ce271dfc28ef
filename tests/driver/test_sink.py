"""The sink loses nothing while the database is away."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from service.driver.sink import Sink
from tests.factories import epoch_record
from workers.contract import Report


class FlakyStore:
    """Refuses the first batches, as a database that is away does."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.written: list[Report] = []

    def write(self, batch: Sequence[Report]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OperationalError("insert", {}, ConnectionError("away"))
        self.written.extend(batch)


def test_reports_are_written_once_and_in_order_after_the_database_returns() -> None:
    store = FlakyStore(refusals=2)
    sink = Sink(store.write)
    trial = uuid4()
    records = [epoch_record(trial, epoch) for epoch in range(5)]

    sink.receive(records[:2])
    first = sink.flush()
    sink.receive(records[2:4])
    second = sink.flush()
    sink.receive(records[4:])
    third = sink.flush()
    fourth = sink.flush()

    assert (first, second, third, fourth) == (False, False, True, True)
    assert store.written == records


def test_what_arrives_while_a_batch_is_being_written_is_kept_for_the_next() -> None:
    trial = uuid4()
    early, late = epoch_record(trial, 0), epoch_record(trial, 1)
    batches: list[tuple[Report, ...]] = []

    def write(batch: Sequence[Report]) -> None:
        batches.append(tuple(batch))
        if len(batches) == 1:
            sink.receive([late])

    sink = Sink(write)
    sink.receive([early])
    sink.flush()
    sink.flush()

    assert batches == [(early,), (late,)]


@pytest.mark.parametrize(
    "error", [LookupError("unknown trial"), IntegrityError("insert", {}, ValueError("refused"))]
)
def test_an_error_that_is_not_the_databases_absence_is_not_swallowed(error: Exception) -> None:
    def write(batch: Sequence[Report]) -> None:
        raise error

    sink = Sink(write)
    sink.receive([epoch_record(uuid4(), 0)])

    with pytest.raises(type(error)):
        sink.flush()
