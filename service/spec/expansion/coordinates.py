"""The coordinates of trials: their paths, fields and defaults.

A coordinate is one scalar of a trial as written, such as ``network.depth``. Fields that only
some kinds of network, optimizer or schedule have are coordinates of the trials of those kinds.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.spec.grammar.annotations import annotation_of, has_form
from service.spec.grammar.networks import NETWORKS, ParameterBudget
from service.spec.grammar.optimizers import OPTIMIZERS
from service.spec.grammar.scalars import Scalar
from service.spec.grammar.schedules import SCHEDULES
from service.spec.grammar.sections import DatasetSection, InitSection, RelativeGain
from service.spec.grammar.sweep_spec import SweepSpec, TrainingSection

#: Sections with axes, in the order of their axes in a grid. Every trial has one mapping of each.
SECTIONS = ("dataset", "network", "init", "training")
#: Models of the sections that come in no kinds, by path.
_PLAIN: Mapping[str, type[BaseModel]] = {
    "dataset": DatasetSection,
    "init": InitSection,
    "training": TrainingSection,
}
#: Models of mappings that come in kinds, by path and kind; the first kind is the default. Every
#: trial has one kind of each.
KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "network": NETWORKS,
    "training.optimizer": OPTIMIZERS,
    "training.schedule": SCHEDULES,
}
#: Other ways to write one coordinate, by path: a trial has either.
ALTERNATIVES: Mapping[str, type[BaseModel]] = {
    "network.width": ParameterBudget,
    "init.g": RelativeGain,
}


def _fields() -> Mapping[str, FieldInfo]:
    fields = {"network": SweepSpec.model_fields["network"]}
    fields |= {
        f"{path}.{name}": info
        for path, model in (*_PLAIN.items(), *ALTERNATIVES.items())
        for name, info in model.model_fields.items()
    }
    for path, kinds in KINDS.items():
        for model in kinds.values():
            for name, info in model.model_fields.items():
                fields.setdefault(f"{path}.{name}", info)
    return fields


#: Every path that a rule may name, with its field in the grammar (of the first kind that has it).
FIELDS = _fields()


def _defaults(fields: Mapping[str, FieldInfo]) -> Mapping[str, Scalar]:
    return {
        path: info.default
        for path, info in fields.items()
        if info.default is not PydanticUndefined and path not in KINDS
    }


#: Values of coordinates that a spec does not give: for a field that some kinds have, the default
#: of the first of these kinds.
DEFAULTS = {
    **_defaults(FIELDS),
    **{f"{path}.kind": next(iter(kinds)) for path, kinds in KINDS.items()},
}


def defaults_of(coordinates: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """Return the defaults of a point's coordinates, with those of its own kinds.

    A canonical text leaves these out, so that a field that a later version adds changes no id.
    """
    return _defaults_of_kinds(*(str(coordinates[f"{path}.kind"]) for path in KINDS))


@cache
def _defaults_of_kinds(*chosen: str) -> Mapping[str, Scalar]:
    own = {
        f"{path}.{name}": info
        for (path, kinds), kind in zip(KINDS.items(), chosen, strict=True)
        for name, info in kinds[kind].model_fields.items()
        if name != "kind"
    }
    return {**DEFAULTS, **_defaults(own)}


# `Any`: the annotation of a field is known at run time only.
def annotation_at(path: str, kind: str | None = None) -> Any:
    """Return the annotation of the field at a coordinate path.

    Args:
        path: One of `FIELDS`.
        kind: Of the network, optimizer or schedule that ``path`` lies in; None anywhere else.
    """
    owner, _, name = path.rpartition(".")
    return annotation_of(FIELDS[path] if kind is None else KINDS[owner][kind].model_fields[name])


def is_number(path: str) -> bool:
    """Return whether the values of a coordinate can be ordered."""
    return has_form(FIELDS[path].annotation, "<linspace>")
