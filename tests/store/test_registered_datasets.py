"""Registered data sets."""

import pytest

from service.store import Database, datasets
from service.store.errors import DatasetExistsError, DatasetNotFoundError
from workers.contract import DatasetShape

SHAPE = DatasetShape(name="faces", n_inputs=625, n_classes=0, n_train=1000, n_eval=100)


def test_a_registered_data_set_is_found_by_name(database: Database) -> None:
    with database.write() as session:
        datasets.insert(session, SHAPE, "a" * 64)

    with database.read() as session:
        row = datasets.get(session, "faces")
    assert row.sha256 == "a" * 64
    assert (row.n_inputs, row.n_classes, row.n_train, row.n_eval) == (625, 0, 1000, 100)


def test_a_name_is_given_once(database: Database) -> None:
    with database.write() as session:
        datasets.insert(session, SHAPE, "a" * 64)

    with pytest.raises(DatasetExistsError), database.write() as session:
        datasets.insert(session, SHAPE, "b" * 64)

    with database.read() as session:
        assert [row.sha256 for row in datasets.list(session)] == ["a" * 64]


def test_data_sets_are_listed_by_name(database: Database) -> None:
    with database.write() as session:
        for name in ("b", "c", "a"):
            shape = DatasetShape(name=name, n_inputs=1, n_classes=2, n_train=1, n_eval=1)
            datasets.insert(session, shape, "0" * 64)

        assert [row.name for row in datasets.list(session)] == ["a", "b", "c"]


def test_a_data_set_that_is_not_there_is_named(database: Database) -> None:
    with database.read() as session, pytest.raises(DatasetNotFoundError, match="'cats'"):
        datasets.get(session, "cats")
