"""Random valid specs, and how tests write them down."""

import io
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from service.spec import Media, SpecError, SweepSpec, parse

SWEEP = UUID("7d9f0b2e-5b1c-4a3e-9c52-0e6a1f8f3b10")

#: A document, as a JSON or YAML reader sees it.
Plain = dict[str, object]


def minimal(**changes: object) -> Plain:
    """Return the smallest document, with sections replaced."""
    document: Plain = {
        "version": 1,
        "name": "x",
        "network": {"activation": "relu", "depth": 4, "width": 10},
        "training": {"epochs": 1, "lr": 0.1},
    }
    return document | changes


def network(**changes: object) -> Plain:
    return {"activation": "relu", "depth": 4, "width": 10} | changes


def training(**changes: object) -> Plain:
    return {"epochs": 1, "lr": 0.1} | changes


def read(document: Mapping[str, object]) -> SweepSpec:
    return parse(json.dumps(document), Media.JSON)


def as_yaml(document: Mapping[str, object]) -> str:
    stream = io.StringIO()
    YAML(typ="safe", pure=True).dump(document, stream)
    return stream.getvalue()


def issues_in(text: str, media: Media = Media.JSON) -> dict[str, str]:
    """Return the message of every issue by path; empty for a good spec."""
    try:
        parse(text, media)
    except SpecError as error:
        return {issue.path: issue.message for issue in error.issues}
    return {}


#: For every property test: the first example of a kind may import a library.
unhurried = settings(deadline=None, max_examples=40)


def _grids(values: st.SearchStrategy[Any]) -> st.SearchStrategy[object]:
    return st.one_of(values, st.lists(values, min_size=1, max_size=3, unique=True))


_rates = st.sampled_from([0.001, 0.01, 0.1, 0.25, 1.0])
_depths = st.integers(1, 300)
_gains = st.sampled_from([0.5, 0.9, 1.0, 1.25])

# `Any` in strategies: what they draw is written down as JSON, and never typed.
_schedules: st.SearchStrategy[Any] = st.one_of(
    st.just({"kind": "constant"}),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["exponential", "cosine"])},
        optional={"final_factor": _grids(st.sampled_from([0.1, 0.2, 0.3]))},
    ),
    st.fixed_dictionaries({"kind": st.just("step"), "every_epochs": _grids(st.integers(1, 9))}),
)
_optimizers: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("sgd")}, optional={"momentum": _grids(st.sampled_from([0.5, 0.9]))}
    ),
    st.fixed_dictionaries({"kind": st.just("adam")}, optional={"eps": st.just(1e-6)}),
)


def _variants(values: st.SearchStrategy[Any]) -> st.SearchStrategy[object]:
    # One variant of a kind: two whose grids overlap would share points, and the count bound them.
    return st.one_of(
        values,
        st.lists(values, min_size=1, max_size=2, unique_by=lambda each: str(each["kind"])),
    )


_training: st.SearchStrategy[Plain] = st.fixed_dictionaries(
    {
        "epochs": _grids(st.integers(0, 5)),
        "lr": st.one_of(
            _grids(_rates),
            st.just({"logspace": [0.001, 1, 3]}),
            st.just({"log_uniform": [0.001, 0.1]}),
        ),
    },
    optional={
        "schedule": _variants(_schedules),
        "optimizer": _variants(_optimizers),
        "precision": st.sampled_from(["float32", "float64"]),
    },
)
_network: st.SearchStrategy[Plain] = st.fixed_dictionaries(
    {
        "activation": _grids(st.sampled_from(["relu", "linear"])),
        "depth": _grids(_depths),
        "width": st.one_of(_grids(st.integers(1, 99)), st.just({"parameters": [40_000, 90_000]})),
    }
)
_init: st.SearchStrategy[Plain] = st.fixed_dictionaries(
    {},
    optional={
        "scheme": st.sampled_from(["rwi", "rwi_paper", "orthogonal"]),
        "g": st.one_of(
            st.just("auto"),
            _grids(_gains),
            st.fixed_dictionaries({"relative": _grids(_gains)}),
            st.just(["auto", 1.5, {"relative": [0.9, 1.0]}]),
            st.just({"relative": {"uniform": [0.5, 1.5]}}),
        ),
    },
)


@st.composite
def documents(draw: st.DrawFn) -> Plain:
    """Draw a valid document of at most a few thousand trials."""
    document = minimal(
        network=draw(_network),
        init=draw(_init),
        training=draw(_training),
        seeds=draw(st.one_of(st.integers(1, 3), st.just([7, 3]))),
        limits={"max_trials": 100_000},
    )
    if any(form in json.dumps(document) for form in ("uniform", "choice")):
        kind = draw(st.sampled_from(["random", "sobol"]))
        document["search"] = {"kind": kind, "n": draw(st.integers(1, 3)), "seed": 5}
    return document


@st.composite
def shuffled(draw: st.DrawFn, document: object) -> object:
    """Draw the same document with the keys of every mapping in another order."""
    if isinstance(document, dict):
        keys = draw(st.permutations(list(document)))
        return {key: draw(shuffled(document[key])) for key in keys}
    if isinstance(document, list):
        return [draw(shuffled(each)) for each in document]
    return document
