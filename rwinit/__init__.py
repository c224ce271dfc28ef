"""Random walk initialization for very deep feed-forward networks.

The theory needs numpy and scipy only; names that need torch load it when they are first used.
"""

import importlib
from typing import TYPE_CHECKING

from rwinit.arguments import ACTIVATION_NAMES, SCHEME_NAMES
from rwinit.errors import ArgumentError, RwinitError, UnsupportedActivationError
from rwinit.gains import gain, he_gain, paper_gain, scheme_gain, unbiased_gain
from rwinit.laws import LogGainLaw, log_gain_law, paper_log_gain_law

if TYPE_CHECKING:
    from rwinit.activations import ACTIVATIONS, activation_function
    from rwinit.initializers import (
        glorot_,
        he_,
        initialize_,
        lecun_,
        orthogonal_,
        rwi_,
        rwi_paper_,
        unit_draw_,
    )
    from rwinit.networks import FeedForward

__all__ = [
    "ACTIVATIONS",
    "ACTIVATION_NAMES",
    "SCHEME_NAMES",
    "ArgumentError",
    "FeedForward",
    "LogGainLaw",
    "RwinitError",
    "UnsupportedActivationError",
    "activation_function",
    "gain",
    "glorot_",
    "he_",
    "he_gain",
    "initialize_",
    "lecun_",
    "log_gain_law",
    "orthogonal_",
    "paper_gain",
    "paper_log_gain_law",
    "rwi_",
    "rwi_paper_",
    "scheme_gain",
    "unbiased_gain",
    "unit_draw_",
]

_MODULE_OF = {
    "ACTIVATIONS": "rwinit.activations",
    "FeedForward": "rwinit.networks",
    "activation_function": "rwinit.activations",
    "glorot_": "rwinit.initializers",
    "he_": "rwinit.initializers",
    "initialize_": "rwinit.initializers",
    "lecun_": "rwinit.initializers",
    "orthogonal_": "rwinit.initializers",
    "rwi_": "rwinit.initializers",
    "rwi_paper_": "rwinit.initializers",
    "unit_draw_": "rwinit.initializers",
}

# Hidden from type checkers, for which a module with __getattr__ has every name.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
