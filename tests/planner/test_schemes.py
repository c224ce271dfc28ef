"""Schemes of others: the g that each takes, what each refuses, and that none has a wrong law."""

import pytest

import rwinit
from service.enums import GMode
from service.planner.forecasts import immediate_forecast
from service.planner.networks import width_of
from service.planner.planned import PlannedConfiguration
from service.planner.planning import plan
from service.planner.preview import survey
from service.planner.walk_laws import predict
from service.spec import SpecError, points
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP, minimal, network, read

WITHOUT_LAW = ["lsuv", "looks_linear", "lyapunov_sampled"]


def planned(**changes: object) -> PlannedConfiguration:
    (only,) = predict(plan(SWEEP, read(minimal(**changes)), SHAPES), SHAPES)
    return only


def refused(**changes: object) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        plan(SWEEP, read(minimal(**changes)), SHAPES)
    return {issue.path: f"{issue.message} ({issue.given})" for issue in caught.value.issues}


@pytest.mark.parametrize(
    ("scheme", "g", "resolved", "mode", "relative"),
    [
        ("lsuv", "auto", 1.0, GMode.AUTO, None),
        ("looks_linear", "auto", 1.0, GMode.AUTO, None),
        ("looks_linear", 1.1, 1.1, GMode.ABSOLUTE, None),
        ("lyapunov", "auto", rwinit.gain("relu", 10), GMode.AUTO, 1.0),
        ("lyapunov", {"relative": 2}, 2 * rwinit.gain("relu", 10), GMode.RELATIVE, 2.0),
        ("lyapunov_sampled", "auto", rwinit.gain("relu", 10), GMode.AUTO, 1.0),
        ("lyapunov_sampled", {"relative": 2}, 2 * rwinit.gain("relu", 10), GMode.RELATIVE, 2.0),
        ("lyapunov_sampled", 1.3, 1.3, GMode.ABSOLUTE, None),
    ],
)
def test_g_is_resolved_by_scheme(
    scheme: str, g: object, resolved: float, mode: GMode, relative: float | None
) -> None:
    found = planned(init={"scheme": scheme, "g": g})

    assert found.configuration.init.g == pytest.approx(resolved, rel=1e-15)
    assert (found.written.g_mode, found.written.g_relative) == (mode, relative)


@pytest.mark.parametrize(
    ("init", "path", "words"),
    [
        ({"scheme": "lsuv", "g": 1.2}, "init.g", "measures on training samples; leave g out (1.2)"),
        ({"scheme": "lsuv", "g": {"relative": 1}}, "init.g", "leave g out"),
        ({"scheme": "lsuv", "g_in": 2}, "init.g_in", "leave g_in out (2)"),
        ({"scheme": "lsuv", "g_out": 0.5}, "init.g_out", "leave g_out out (0.5)"),
        ({"scheme": "looks_linear", "g": {"relative": 1}}, "init.g", "give g as a number"),
    ],
)
def test_a_factor_that_a_scheme_does_not_take_is_refused_with_the_reason(
    init: dict[str, object], path: str, words: str
) -> None:
    issues = refused(init=init)

    assert issues.keys() == {path}
    assert words in issues[path]


@pytest.mark.parametrize(
    ("scheme", "activation", "words"),
    [
        ("looks_linear", "tanh", "not for tanh: mirrored units"),
        ("looks_linear", "leaky_relu", "use scheme rwi, or activation relu"),
        ("lyapunov", "gelu", "use scheme rwi, or activation linear, relu, leaky_relu"),
        ("lyapunov_sampled", "tanh", "depends on the size of the signal"),
    ],
)
def test_an_activation_that_a_scheme_is_not_made_for_is_refused(
    scheme: str, activation: str, words: str
) -> None:
    issues = refused(network=network(activation=activation), init={"scheme": scheme})

    assert issues.keys() == {"init.scheme"}
    assert words in issues["init.scheme"]


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu"])
@pytest.mark.parametrize("scheme", ["lyapunov", "lyapunov_sampled"])
def test_lyapunov_schemes_take_every_homogeneous_activation(scheme: str, activation: str) -> None:
    found = planned(network=network(activation=activation), init={"scheme": scheme})

    assert found.configuration.init.g == rwinit.gain(activation, 10)


def test_looks_linear_needs_an_even_width() -> None:
    issues = refused(network=network(width=[9, 10]), init={"scheme": "looks_linear"})

    assert issues.keys() == {"network.width"}
    assert "use an even width (9)" in issues["network.width"]


def test_an_issue_comes_from_the_axis_value_that_has_it_alone() -> None:
    issues = refused(
        network=network(activation=["relu", "tanh"], width=9),
        init={"scheme": ["rwi", "looks_linear"]},
    )

    assert issues.keys() == {"init.scheme", "network.width"}


@pytest.mark.parametrize(("scheme", "width"), [("rwi", 117), ("looks_linear", 116)])
def test_a_budget_gives_looks_linear_the_largest_even_width(scheme: str, width: int) -> None:
    spec = read(minimal(network=network(width={"parameters": 50_500}), init={"scheme": scheme}))
    (point,) = points(spec)

    assert width_of(point, SHAPES["digits"]) == width


def test_a_budget_for_one_unit_is_too_small_for_a_pair() -> None:
    issues = refused(network=network(width={"parameters": 177}), init={"scheme": "looks_linear"})

    words = "width 2 at depth 4 on digits already has 178 parameters"
    assert words in issues["network.width.parameters"]


@pytest.mark.parametrize("scheme", WITHOUT_LAW)
@pytest.mark.parametrize("kind", ["ffn", "residual"])
def test_schemes_without_a_law_have_no_prediction(kind: str, scheme: str) -> None:
    changes = {"network": network(kind=kind), "init": {"scheme": scheme}}
    found = planned(**changes)

    (request,) = survey(read(minimal(**changes)), SHAPES).walks
    forecast = immediate_forecast(request)

    assert found.configuration.prediction is None
    assert forecast is not None
    assert (forecast.g, forecast.drift) == (found.configuration.init.g, None)
    assert (
        forecast.remark == f"no law is known for the walk of {kind} networks with {scheme} weights"
    )
    assert request.label().startswith(f"{kind}, relu {scheme}, width 10")


def test_networks_of_schemes_without_a_law_are_counted_apart() -> None:
    spec = read(minimal(init={"scheme": ["lsuv", "looks_linear", "lyapunov_sampled", "rwi"]}))

    assert len(survey(spec, SHAPES).walks) == 4


def test_lyapunov_is_the_network_of_rwi_with_its_law() -> None:
    plain, lyapunov = planned(), planned(init={"scheme": "lyapunov"})
    spec = read(minimal(init={"scheme": ["lyapunov", "rwi"]}))

    assert lyapunov.configuration.prediction == plain.configuration.prediction is not None
    assert len(survey(spec, SHAPES).walks) == 1
