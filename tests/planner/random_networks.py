"""Requests of predicted walks, varied by keyword."""

from dataclasses import fields, replace

from service.planner.walk_requests import WalkRequest
from workers.architectures import WalkQuestion
from workers.contract import Activation

_QUESTION = {field.name for field in fields(WalkQuestion)}


def asked(request: WalkRequest, **changes: object) -> WalkRequest:
    """Return a request with fields of its own or of its question replaced."""
    inner = {name: changes.pop(name) for name in _QUESTION & changes.keys()}
    # The names are checked by `replace`, the types by nobody.
    question = replace(request.question, **inner)  # type: ignore[arg-type]
    return replace(request, question=question, **changes)  # type: ignore[arg-type]


RELU = WalkRequest(
    kind="ffn",
    question=WalkQuestion(
        activation=Activation.RELU, slope=0.0, depth=32, width=100, weights="gaussian"
    ),
    has_law=True,
    relative=1.0,
    g=None,
)
TANH = asked(RELU, activation=Activation.TANH, width=64, depth=4)
