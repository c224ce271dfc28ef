"""Random walk initialization for very deep feed-forward networks.

The theory needs numpy and scipy only; names that need torch load it when they are first used.
"""

import importlib
from typing import TYPE_CHECKING

from rwinit.arguments import MODEL_SCHEME_NAMES, SCHEME_NAMES
from rwinit.bands import WalkBand, walk_band
from rwinit.cache import CACHE_VARIABLE, cache_folder
from rwinit.correlation import (
    CriticalPoint,
    MeanField,
    correlation_at_depth,
    correlation_map,
    critical_point,
    length_map,
    mean_field,
)
from rwinit.errors import ArgumentError, GainNotFoundError, RwinitError, UnsupportedActivationError
from rwinit.estimates import LONG_DEPTH, STANDARD_ERROR, estimate_gain
from rwinit.gains import gain, gain_array, he_gain, paper_gain, scheme_gain, unbiased_gain
from rwinit.laws import LogGainLaw, log_gain_law, paper_log_gain_law
from rwinit.limits import death_probability, depth_limit, inverse_width_sum
from rwinit.nonlinearities import ACTIVATION_NAMES, NONLINEARITIES, Nonlinearity, nonlinearity
from rwinit.root_search import GainEstimate
from rwinit.simulated_walks import simulate_walks
from rwinit.simulation import Conditions, Walks
from rwinit.walks import WalkLaw, walk_law, walk_law_of_widths

if TYPE_CHECKING:
    from rwinit.activations import ACTIVATIONS, activation_function
    from rwinit.comparison import WalkComparison, compare_with_law
    from rwinit.data_driven import lsuv_
    from rwinit.initializers import (
        glorot_,
        he_,
        initialize_,
        lecun_,
        looks_linear_,
        mean_field_,
        orthogonal_,
        rwi_,
        rwi_paper_,
        scheme_draw_,
    )
    from rwinit.lyapunov import lyapunov_sampled_, mean_log_gain
    from rwinit.models import InitializedLayer, initialize
    from rwinit.networks import FeedForward
    from rwinit.profiles import Profile, correlation_profile, jacobian_singular_values, profile

__all__ = [
    "ACTIVATIONS",
    "ACTIVATION_NAMES",
    "CACHE_VARIABLE",
    "LONG_DEPTH",
    "MODEL_SCHEME_NAMES",
    "NONLINEARITIES",
    "SCHEME_NAMES",
    "STANDARD_ERROR",
    "ArgumentError",
    "Conditions",
    "CriticalPoint",
    "FeedForward",
    "GainEstimate",
    "GainNotFoundError",
    "InitializedLayer",
    "LogGainLaw",
    "MeanField",
    "Nonlinearity",
    "Profile",
    "RwinitError",
    "UnsupportedActivationError",
    "WalkBand",
    "WalkComparison",
    "WalkLaw",
    "Walks",
    "activation_function",
    "cache_folder",
    "compare_with_law",
    "correlation_at_depth",
    "correlation_map",
    "correlation_profile",
    "critical_point",
    "death_probability",
    "depth_limit",
    "estimate_gain",
    "gain",
    "gain_array",
    "glorot_",
    "he_",
    "he_gain",
    "initialize",
    "initialize_",
    "inverse_width_sum",
    "jacobian_singular_values",
    "lecun_",
    "length_map",
    "log_gain_law",
    "looks_linear_",
    "lsuv_",
    "lyapunov_sampled_",
    "mean_field",
    "mean_field_",
    "mean_log_gain",
    "nonlinearity",
    "orthogonal_",
    "paper_gain",
    "paper_log_gain_law",
    "profile",
    "rwi_",
    "rwi_paper_",
    "scheme_draw_",
    "scheme_gain",
    "simulate_walks",
    "unbiased_gain",
    "walk_band",
    "walk_law",
    "walk_law_of_widths",
]

# Modules that load torch, by the names that they define.
_MODULE_OF = {
    "ACTIVATIONS": "rwinit.activations",
    "FeedForward": "rwinit.networks",
    "InitializedLayer": "rwinit.models",
    "Profile": "rwinit.profiles",
    "WalkComparison": "rwinit.comparison",
    "activation_function": "rwinit.activations",
    "compare_with_law": "rwinit.comparison",
    "correlation_profile": "rwinit.profiles",
    "glorot_": "rwinit.initializers",
    "he_": "rwinit.initializers",
    "initialize": "rwinit.models",
    "initialize_": "rwinit.initializers",
    "jacobian_singular_values": "rwinit.profiles",
    "lecun_": "rwinit.initializers",
    "looks_linear_": "rwinit.initializers",
    "lsuv_": "rwinit.data_driven",
    "lyapunov_sampled_": "rwinit.lyapunov",
    "mean_field_": "rwinit.initializers",
    "mean_log_gain": "rwinit.lyapunov",
    "orthogonal_": "rwinit.initializers",
    "profile": "rwinit.profiles",
    "rwi_": "rwinit.initializers",
    "rwi_paper_": "rwinit.initializers",
    "scheme_draw_": "rwinit.initializers",
}

# Hidden from type checkers: to them, a module with __getattr__ has every name, misspelt ones too.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
