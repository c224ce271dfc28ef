"""Add the spec's schema and examples to the OpenAPI document.

FastAPI cannot add them itself, because the routes read a spec as bytes.
"""

from typing import Any

from fastapi import FastAPI

from service.schemas.problems import Problem
from service.spec import SweepSpec

_YAML_EXAMPLE = """\
version: 1
name: relu-depth
dataset: {name: digits, task: classify}
network: {activation: relu, depth: [2, 8, 32], width: 64}
init: {scheme: rwi, g: {relative: [0.9, 1.0, 1.1]}}
training: {epochs: 3, lr: 0.05}
seeds: 3
"""
_JSON_EXAMPLE = {
    "version": 1,
    "name": "relu-depth",
    "dataset": {"name": "digits", "task": "classify"},
    "network": {"activation": "relu", "depth": [2, 8, 32], "width": 64},
    "init": {"scheme": "rwi", "g": {"relative": [0.9, 1.0, 1.1]}},
    "training": {"epochs": 3, "lr": 0.05},
    "seeds": 3,
}
_SCHEMA = {"$ref": "#/components/schemas/SweepSpec"}

SPEC_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/yaml": {
                "schema": _SCHEMA,
                "examples": {"depth": {"summary": "Three depths", "value": _YAML_EXAMPLE}},
            },
            "application/json": {
                "schema": _SCHEMA,
                "examples": {"depth": {"summary": "Three depths", "value": _JSON_EXAMPLE}},
            },
        },
    }
}


def document_specs(app: FastAPI) -> None:
    """Add the schemas of specs and problems to an application's OpenAPI document."""
    generate = app.openapi

    # Any: an OpenAPI document is a tree of JSON.
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = generate()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(_schemas())
        return app.openapi_schema or {}

    # FastAPI's documented way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def _schemas() -> dict[str, Any]:
    # Prefixed, because some sections of a spec have the name of a schema of the API.
    spec = SweepSpec.model_json_schema(ref_template="#/components/schemas/Spec.{model}")
    sections = spec.pop("$defs", {})
    named = {f"Spec.{name}": schema for name, schema in sections.items()}
    problem = Problem.model_json_schema(
        mode="serialization", ref_template="#/components/schemas/{model}"
    )
    return {**named, "SweepSpec": spec, **problem.pop("$defs", {}), "Problem": problem}
