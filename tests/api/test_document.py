"""The OpenAPI document: valid, complete, and with examples that are true."""

import json
import re
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # it ships none
import pytest

from service import spec
from service.api.app import create_app
from service.api.spec_document import SPEC_BODY
from service.spec import Media
from tests.api.live_server import NO_DEPENDENCIES

# Any: a tree of JSON.
Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return create_app(NO_DEPENDENCIES).openapi()


def operations(document: Document) -> list[tuple[str, Document]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        here = [str(node["$ref"])] if isinstance(node.get("$ref"), str) else []
        return here + [ref for value in node.values() for ref in references(value)]
    if isinstance(node, list):
        return [ref for value in node for ref in references(value)]
    return []


def test_every_reference_leads_somewhere(document: Document) -> None:
    for reference in references(document):
        here: Any = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in here, reference
            here = here[part]


def test_every_schema_is_a_json_schema(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_schema_of_the_api_is_titled_by_its_own_name(document: Document) -> None:
    # Those of specs are prefixed: their sections share names with what is read of trials.
    own = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if not name.startswith("Spec.") and name != "JsonValue"
    }

    assert {name: schema["title"] for name, schema in own.items()} == {name: name for name in own}
    assert all(re.fullmatch("[A-Z][A-Za-z]+", name) for name in own), sorted(own)


def test_every_route_has_its_public_text_and_its_problems(document: Document) -> None:
    for name, operation in operations(document):
        assert operation["description"], name
        errors = [status for status in operation["responses"] if int(status) >= 400]
        if "/v1/datasets" in name or name == "get /healthz":
            continue
        assert "503" in errors, name
        for status in errors:
            content = operation["responses"][status]["content"]
            assert list(content) == ["application/problem+json"], (name, status)


def test_the_examples_of_specs_are_specs(document: Document) -> None:
    content = SPEC_BODY["requestBody"]["content"]
    yaml = content["application/yaml"]["examples"]["depth"]["value"]
    as_json = json.dumps(content["application/json"]["examples"]["depth"]["value"])

    assert spec.parse(yaml, Media.YAML) == spec.parse(as_json, Media.JSON)


def test_the_document_is_served_and_the_same_twice(http: httpx.Client, document: Document) -> None:
    first, second = http.get("/openapi.json").json(), http.get("/openapi.json").json()

    assert first == second == json.loads(json.dumps(document))
