"""The coordinates of trials: their paths, fields and defaults.

A coordinate is one scalar of a trial as written, such as ``network.depth``. Fields that only
some kinds of optimizer or schedule have are coordinates of the trials of those kinds.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.spec.grammar.annotations import annotation_of, has_form
from service.spec.grammar.optimizers import OPTIMIZERS
from service.spec.grammar.scalars import Scalar
from service.spec.grammar.schedules import SCHEDULES
from service.spec.grammar.sections import (
    DatasetSection,
    Init,
    Network,
    ParameterBudget,
    RelativeGain,
)
from service.spec.grammar.sweep_spec import Training

#: Models of the sections, by path. Every trial has one mapping of each.
SECTIONS: Mapping[str, type[BaseModel]] = {
    "dataset": DatasetSection,
    "network": Network,
    "init": Init,
    "training": Training,
}
#: Models of mappings that come in kinds, by path and kind. Every trial has one kind of each.
KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
}
#: Other ways to write one coordinate, by path: a trial has either.
ALTERNATIVES: Mapping[str, type[BaseModel]] = {
    "network.width": ParameterBudget,
    "init.g": RelativeGain,
}


def _fields() -> Mapping[str, FieldInfo]:
    fields = {
        f"{path}.{name}": info
        for path, model in (*SECTIONS.items(), *ALTERNATIVES.items())
        for name, info in model.model_fields.items()
    }
    for path, kinds in KINDS.items():
        for model in kinds.values():
            for name, info in model.model_fields.items():
                fields.setdefault(f"{path}.{name}", info)
    return fields


#: Every path that a rule may name, with its field in the grammar (of the first kind that has it).
FIELDS = _fields()


def _defaults() -> Mapping[str, Scalar]:
    defaults: dict[str, Scalar] = {
        path: info.default
        for path, info in FIELDS.items()
        if info.default is not PydanticUndefined and path not in KINDS
    }
    return defaults | {"training.optimizer.kind": "sgd", "training.schedule.kind": "constant"}


#: What a coordinate is where the spec does not say. A canonical text leaves these out, so that
#: a field that a later version adds changes no id.
DEFAULTS = _defaults()


# `Any`: the annotation of a field is known at run time only.
def annotation_at(path: str, kind: str | None = None) -> Any:
    """Return the annotation of the field at a coordinate path.

    Args:
        path: One of `FIELDS`.
        kind: Of the optimizer or schedule that ``path`` lies in; None anywhere else.
    """
    owner, _, name = path.rpartition(".")
    return annotation_of(FIELDS[path] if kind is None else KINDS[owner][kind].model_fields[name])


def is_number(path: str) -> bool:
    """Return whether the values of a coordinate can be ordered."""
    return has_form(FIELDS[path].annotation, "<linspace>")
