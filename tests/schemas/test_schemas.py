"""Schemas hold no number that JSON lacks, name every column, and admit a newer service's words."""

import copy
import importlib
import json
import math
import pkgutil
from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from typing import Annotated, Any, get_args
from uuid import uuid4

import pytest
from pydantic import TypeAdapter, ValidationError

from service import schemas
from service.lifecycle import SweepState
from service.query.columns import FIELDS
from service.schemas.base import Schema
from service.schemas.comparisons import Metric
from service.schemas.epochs import EpochRead
from service.schemas.layers import LayerProfileRead
from service.schemas.sweeps import SweepCounts, SweepRead
from service.schemas.trials import TrialRead
from service.store.models import Epoch, LayerProfile
from workers.contract import Activation, Outcome
from workers.schedules import Schedule, ScheduleKind

LATER = "added_later"


def every_schema() -> list[type[Schema]]:
    for module in pkgutil.iter_modules(schemas.__path__, f"{schemas.__name__}."):
        importlib.import_module(module.name)

    def below(schema: type[Schema]) -> Iterator[type[Schema]]:
        for each in schema.__subclasses__():
            yield each
            yield from below(each)

    return sorted(below(Schema), key=lambda schema: schema.__name__)


def enums_of(annotation: object) -> list[type[StrEnum]]:
    here = [annotation] if isinstance(annotation, type) and issubclass(annotation, StrEnum) else []
    return here + [found for part in get_args(annotation) for found in enums_of(part)]


def enum_fields() -> list[tuple[type[Schema], str]]:
    return [
        (schema, name)
        for schema in every_schema()
        for name, field in schema.model_fields.items()
        if enums_of(field.annotation)
    ]


def sweep(**changes: object) -> dict[str, object]:
    counts = dict.fromkeys(SweepCounts.model_fields, 0)
    return {
        "id": str(uuid4()),
        "name": "s",
        "state": "running",
        "n_trials": 1,
        "counts": counts,
        "epochs_done": 0,
        "epochs_total": 1,
        "progress": 0.0,
        "eta_seconds": None,
        "priority": 0,
        "tags": {},
        "spec_hash": "0",
        "message": None,
        "created_at": "2026-01-01T00:00:00Z",
        "started_at": None,
        "ended_at": None,
        **changes,
    }


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_not_made_null(number: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        TrialRead(id=uuid4(), final_train_loss=number)


def test_every_column_of_a_trial_and_of_an_epoch_has_a_field() -> None:
    assert set(TrialRead.model_fields) == set(FIELDS)
    for schema, table in ((EpochRead, Epoch), (LayerProfileRead, LayerProfile)):
        assert set(schema.model_fields) == set(table.__table__.columns.keys()) - {"trial_id"}


def test_no_two_schemas_share_a_name() -> None:
    names = [schema.__name__ for schema in every_schema()]

    assert len(names) > 20
    assert len(set(names)) == len(names)


def test_fields_that_a_newer_service_adds_are_ignored() -> None:
    text = json.dumps(sweep(added_later=1))

    assert not hasattr(SweepRead.model_validate_json(text), "added_later")


@pytest.mark.parametrize(
    ("schema", "name"),
    [pytest.param(*each, id=f"{each[0].__name__}.{each[1]}") for each in enum_fields()],
)
def test_every_enum_field_keeps_a_member_that_a_newer_service_adds(
    schema: type[Schema], name: str
) -> None:
    field = schema.model_fields[name]
    # The type is known at run time only; a field carries its own metadata.
    kind: Any = Annotated[field.annotation, field]
    adapter: TypeAdapter[object] = TypeAdapter(kind)

    read = adapter.validate_json(f'"{LATER}"')

    assert read == LATER
    assert isinstance(read, StrEnum)
    assert adapter.dump_json(read) == f'"{LATER}"'.encode()
    for enum in enums_of(field.annotation):
        assert LATER not in list(enum)


def test_the_search_for_enum_fields_finds_them() -> None:
    assert {(SweepRead, "state"), (TrialRead, "outcome"), (TrialRead, "g_mode")} <= {*enum_fields()}


def test_an_unknown_member_behaves_as_a_member_and_equals_no_other() -> None:
    read = SweepRead.model_validate_json(json.dumps(sweep(state=LATER)))

    assert (read.state.value, read.state.name, f"{read.state}") == (LATER, "ADDED_LATER", LATER)
    assert all(read.state != state for state in SweepState)
    assert not read.ended
    assert hash(read.state) == hash(LATER)
    assert copy.deepcopy(read) == read
    assert json.loads(read.model_dump_json())["state"] == LATER


def test_a_known_member_is_the_enum_s_own() -> None:
    read = SweepRead.model_validate_json(json.dumps(sweep(state="completed")))

    assert read.state is SweepState.COMPLETED
    assert read.ended


@pytest.mark.parametrize(
    "given", [{"outcome": LATER}, {"activation": 3}, {"schedule": {"kind": LATER}}]
)
def test_what_the_service_makes_itself_has_known_members_only(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TrialRead.model_validate({"id": uuid4(), **given})


@pytest.mark.parametrize("value", ["3", "null", "{}", "[]"])
def test_an_enum_field_of_another_type_than_text_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        SweepRead.model_validate_json(json.dumps(sweep(state=json.loads(value))))


def test_a_schedule_of_a_kind_that_a_newer_service_adds_keeps_its_numbers() -> None:
    text = json.dumps({"id": str(uuid4()), "schedule": {"kind": LATER, "warmup_epochs": 2.5}})

    read = TrialRead.model_validate_json(text)

    assert read.schedule is not None
    assert (read.schedule.kind, read.schedule.warmup_epochs) == (LATER, 2.5)
    dumped = json.loads(read.model_dump_json(exclude_unset=True))["schedule"]
    assert set(dumped) == {field.name for field in fields(Schedule)}
    assert (dumped["kind"], dumped["warmup_epochs"]) == (LATER, 2.5)


def test_a_schedule_with_a_wrong_number_is_refused_whatever_its_kind() -> None:
    for kind in (LATER, ScheduleKind.COSINE):
        text = json.dumps({"id": str(uuid4()), "schedule": {"kind": kind, "factor": "much"}})
        with pytest.raises(ValidationError):
            TrialRead.model_validate_json(text)


def test_python_values_come_back_as_they_were() -> None:
    schedule = Schedule(kind=ScheduleKind.TABLE, points=((0.0, 1.0), (3.0, 0.5)))
    trial = TrialRead(
        id=uuid4(), activation=Activation.RELU, outcome=Outcome.DIVERGED, schedule=schedule
    )

    assert trial.schedule is schedule
    assert TrialRead.model_validate_json(trial.model_dump_json()) == trial
    assert Metric("train_loss") is Metric.TRAIN_LOSS
