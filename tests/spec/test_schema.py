"""The grammar as JSON Schema, for the API's documentation."""

import json

import pytest
from pydantic import BaseModel

from service.spec import SpecError, SweepSpec
from service.spec.expansion.coordinates import DEFAULTS, FIELDS
from tests.spec.documents import minimal, read

jsonschema = pytest.importorskip("jsonschema")


def test_the_schema_accepts_a_spec_and_refuses_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(SweepSpec.model_json_schema())

    assert validator.is_valid(minimal(init={"g": {"relative": {"uniform": [0.5, 1.5]}}}))
    assert not validator.is_valid(minimal(nam="y"))
    assert not validator.is_valid(minimal(seeds="three"))


def test_the_names_in_the_schema_are_names_that_a_reader_knows() -> None:
    schema = SweepSpec.model_json_schema()

    assert all(name.isidentifier() and len(name) < 24 for name in schema["$defs"])
    assert "Annotated" not in json.dumps(schema)


def test_every_required_field_has_a_description_and_an_example() -> None:
    models = [model for model in BaseModel.__subclasses__() if model.__name__ == "StrictModel"]
    for model in models:
        for strict in _all_below(model):
            if strict.__module__.startswith("service.claims"):
                continue  # A claim's file has no JSON Schema that people read.
            for name, info in strict.model_fields.items():
                needed = info.is_required() and name not in {"kind", "conditions", "overrides"}
                assert not needed or (info.description and info.examples), (strict, name)


def _all_below(model: type[BaseModel]) -> list[type[BaseModel]]:
    below = model.__subclasses__()
    return [*below, *(inner for each in below for inner in _all_below(each))]


def test_the_examples_make_a_valid_spec() -> None:
    document = {key: _example(key) for key in ("version", "name", "network", "training")}

    assert read(document).name == "relu-depth"


def test_every_default_belongs_to_a_coordinate() -> None:
    assert set(DEFAULTS) < set(FIELDS)


def test_a_spec_cannot_be_changed() -> None:
    spec = read(minimal())

    with pytest.raises(ValueError, match="frozen"):
        spec.priority = 3


def test_an_error_lists_each_issue_once() -> None:
    with pytest.raises(SpecError) as caught:
        read({"version": 1})

    assert len(set(caught.value.issues)) == len(caught.value.issues) == 3


def _example(key: str) -> object:
    examples = SweepSpec.model_fields[key].examples
    assert examples
    return examples[0]
