"""Description of the residual network: hyper-parameters, layers, and no law."""

import pytest

from tests.workers.examples import of_kind, trial
from workers.architectures import ARCHITECTURES, LayerRule, Skip, architecture_of, parameter_count
from workers.architectures.residual import ResidualArchitecture
from workers.contract import Network, Scheme
from workers.contract.leaves import leaves
from workers.engine_table import engine_for

RESIDUAL = ResidualArchitecture()


def network(depth: int, **hyperparameters: float) -> Network:
    return of_kind(trial(depth=depth), "residual", **hyperparameters).network


def test_only_the_layers_between_the_first_and_the_last_have_a_skip() -> None:
    first, *hidden, last = RESIDUAL.layers(network(4, branch_scale=0.3))

    assert first.rule == LayerRule()
    assert [layer.rule for layer in hidden] == 3 * [
        LayerRule(skip=Skip.IDENTITY, skip_gain=1.0, branch_gain=0.3)
    ]
    assert last.rule == LayerRule(activated=False)


@pytest.mark.parametrize("depth", [1, 4, 100])
def test_by_default_the_variances_of_all_branches_add_up_to_that_of_one(depth: int) -> None:
    scale = RESIDUAL.hidden_rule(network(depth)).branch_gain

    assert depth * scale**2 == pytest.approx(1.0)


def test_it_has_the_parameters_of_the_feed_forward_network() -> None:
    plain, residual = ARCHITECTURES["ffn"], RESIDUAL

    groups = [kind.parameters(network(5), 7, 3) for kind in (plain, residual)]

    assert groups[0] == groups[1]
    assert parameter_count(groups[1]) == 8 * 7 + 8 + 4 * (8 * 8 + 8) + 3 * 8 + 3


def test_it_has_no_law_and_takes_its_gain_from_its_layers_without_skips() -> None:
    plain, residual = trial(depth=5).network, network(5)

    assert RESIDUAL.walk(residual, scheme=Scheme.RWI, g_in=1.0, n_inputs=7) is None
    question = RESIDUAL.gain_walk(residual, scheme=Scheme.RWI, g_in=1.0)
    assert question == architecture_of(plain).gain_walk(plain, scheme=Scheme.RWI, g_in=1.0)


def test_its_scale_is_a_leaf_of_the_configuration() -> None:
    spec = of_kind(trial(), "residual", branch_scale=0.25)

    assert leaves(spec.configuration)["branch_scale"] == 0.25


def test_the_packed_engine_runs_it() -> None:
    spec = of_kind(trial(), "residual")

    assert engine_for(spec.network, spec.task, spec.training.precision) == "packed"


def test_a_network_without_a_scale_is_not_one() -> None:
    with pytest.raises(TypeError, match="branch_scale"):
        RESIDUAL.hidden_rule(trial().network)
