"""Description of the highway network, its initial gates, and what they carry."""

from typing import Any

import numpy as np
import pytest

from tests.factories import varied
from tests.workers.examples import blobs, curve, end, of_kind, records, trial
from workers import engines
from workers.architectures import (
    ARCHITECTURES,
    LayerRule,
    MatrixLaw,
    Skip,
    architecture_of,
    parameter_count,
)
from workers.architectures.highway import HighwayArchitecture
from workers.contract import (
    EngineName,
    LayerProfile,
    Network,
    OptimizerKind,
    Outcome,
    Precision,
    Scheme,
    Task,
    TrialSpec,
)
from workers.contract.leaves import leaves
from workers.engine_table import engine_for
from workers.engines import UnsupportedTrialError
from workers.training import run_trial
from workers.training.layer_profiles import layer_profile

HIGHWAY = HighwayArchitecture()


def highway(**changes: Any) -> TrialSpec:
    return trial(kind="highway", engine=EngineName.REFERENCE, **changes)


def network(depth: int, **hyperparameters: float) -> Network:
    return of_kind(trial(depth=depth), "highway", **hyperparameters).network


def profile_of(spec: TrialSpec) -> LayerProfile:
    data = blobs()
    engine = engines.create(spec, data, "cpu")
    engine.add(spec)
    return layer_profile(engine, spec, data, 0)


def test_only_the_layers_between_the_first_and_the_last_have_a_gate() -> None:
    first, *hidden, last = HIGHWAY.layers(network(4))

    assert (first.rule, first.gate_group) == (LayerRule(), None)
    assert [layer.rule for layer in hidden] == 3 * [LayerRule(skip=Skip.IDENTITY, gated=True)]
    assert [(layer.gate_group, layer.place) for layer in hidden] == [
        ("gate", 0), ("gate", 1), ("gate", 2),
    ]  # fmt: skip
    assert (last.rule, last.gate_group) == (LayerRule(activated=False), None)


def test_it_has_the_parameters_of_the_feed_forward_network_and_those_of_the_gates() -> None:
    plain = ARCHITECTURES["ffn"].parameters(network(5), 7, 3)

    *groups, gates = HIGHWAY.parameters(network(5, gate_bias=-3.0), 7, 3)

    assert tuple(groups) == plain
    assert (gates.count, gates.fan_out, gates.fan_in, gates.bias) == (4, 8, 8, -3.0)
    assert gates.draw is MatrixLaw.NORMAL
    assert parameter_count([gates]) == 4 * (8 * 8 + 8)


def test_gates_have_streams_of_their_own_that_deeper_networks_share() -> None:
    *plain, deep = HIGHWAY.parameters(network(5), 7, 3)
    *_, shallow = HIGHWAY.parameters(network(3), 7, 3)

    others = {stream for group in plain for stream in group.streams}
    assert len({*deep.streams}) == 4
    assert not others & {*deep.streams}
    assert deep.streams[:2] == shallow.streams


def test_it_has_no_law_and_takes_its_gain_from_its_branches() -> None:
    plain = trial(depth=5).network

    assert HIGHWAY.walk(network(5), scheme=Scheme.RWI, g_in=1.0, n_inputs=7) is None
    question = HIGHWAY.gain_walk(network(5), scheme=Scheme.RWI, g_in=1.0)
    assert question == architecture_of(plain).gain_walk(plain, scheme=Scheme.RWI, g_in=1.0)


def test_its_gate_bias_is_a_leaf_of_the_configuration_and_minus_two_by_default() -> None:
    assert leaves(highway().configuration)["gate_bias"] == -2.0
    assert leaves(highway(gate_bias=-4.0).configuration)["gate_bias"] == -4.0


def test_a_network_without_a_gate_bias_is_no_highway_network() -> None:
    with pytest.raises(TypeError, match="has a gate_bias"):
        HIGHWAY.parameters(trial().network, 7, 3)


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("precision", Precision)
def test_the_reference_engine_alone_runs_it(task: Task, precision: Precision) -> None:
    assert engine_for(network(3), task, precision) is EngineName.REFERENCE
    with pytest.raises(UnsupportedTrialError, match=r"network\.kind must be one that packed runs"):
        engines.create(varied(highway(), engine=EngineName.PACKED), blobs(), "cpu").add(highway())


@pytest.mark.parametrize("scheme", Scheme)
def test_gates_start_with_their_bias_and_draws_that_no_scheme_or_g_changes(scheme: Scheme) -> None:
    spec = highway(gate_bias=-3.0, scheme=scheme, width=64)
    other = varied(spec, scheme=Scheme.RWI, g=2 * spec.init.g)

    found, expected = (_arrays(each) for each in (spec, other))

    for part in ("weight", "bias"):
        name = f"parameters.gate.{part}"
        assert np.array_equal(found[name], expected[name])
    assert (found["parameters.gate.bias"] == -3.0).all()
    assert (found["parameters.hidden.bias"] == 0.0).all()
    assert found["parameters.gate.weight"].std() == pytest.approx(1 / 8, rel=0.05)


def _arrays(spec: TrialSpec) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    engine = engines.create(spec, blobs(), "cpu")
    engine.add(spec)
    return dict(engine.save(spec.trial_id).arrays)


def test_gates_that_are_shut_carry_signals_and_errors_unchanged() -> None:
    profile = profile_of(highway(gate_bias=-60.0, depth=50, precision=Precision.FLOAT64))

    for norms in (profile.activation_log_norms, profile.error_log_norms):
        assert norms == pytest.approx([norms[0]] * 50, abs=1e-12)


def test_gates_that_are_open_leave_the_feed_forward_network() -> None:
    changes: dict[str, Any] = {"depth": 20, "precision": Precision.FLOAT64}

    opened = profile_of(highway(gate_bias=60.0, **changes))

    plain = profile_of(trial(engine=EngineName.REFERENCE, **changes))
    assert opened.activation_log_norms == pytest.approx(plain.activation_log_norms, abs=1e-9)
    assert opened.error_log_norms == pytest.approx(plain.error_log_norms, abs=1e-9)
    assert opened.gradient_log_norms == pytest.approx(plain.gradient_log_norms, abs=1e-9)


def test_profiles_beyond_the_range_of_float64_are_finite() -> None:
    # The signal grows past e^709, where the sums before the sigmoids would be infinite.
    spec = highway(depth=9, g=1e6, g_in=1e300, g_out=1e-300, precision=Precision.FLOAT64)

    profile = profile_of(spec)

    norms = (*profile.activation_log_norms, *profile.error_log_norms, *profile.gradient_log_norms)
    largest = max(value for value in profile.activation_log_norms if value is not None)
    assert largest > 709
    assert all(value is None or np.isfinite(value) for value in norms)


def test_thirty_layers_train_from_gates_that_carry() -> None:
    spec = highway(
        depth=30, gate_bias=-4.0, epochs=30, optimizer=OptimizerKind.ADAM, learning_rate=0.01, g=1.4
    )

    reports = list(run_trial(spec, blobs()))

    assert end(reports).outcome is Outcome.COMPLETED
    start, *_, last = records(reports)
    assert last.train_loss < 0.5 * start.train_loss


def test_a_trial_repeats_bit_for_bit() -> None:
    spec = highway(depth=6, profile_epochs=(0, 2))

    assert curve(run_trial(spec, blobs())) == curve(run_trial(spec, blobs()))
