"""Packs hold every trial once, costly ones first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.driver.packing import PACKS_PER_ACTOR, pack, predicted_cost
from tests.factories import DIGITS, trial_spec
from tests.workers.examples import of_kind
from workers.contract import Activation, EngineName, TrialSpec
from workers.estimates import TrialShape, slots_for

SHAPES = {"digits": DIGITS}

specs = st.lists(
    st.builds(
        lambda depth, width, epochs: trial_spec(depth=depth, width=width, epochs=epochs),
        st.integers(1, 500),
        st.integers(1, 200),
        st.integers(0, 20),
    ),
    max_size=60,
)


def cost(group: tuple[TrialSpec, ...]) -> float:
    return sum(predicted_cost(spec, DIGITS) for spec in group)


@given(specs, st.integers(1, 16), st.sampled_from([None, 1, 3]))
def test_every_trial_is_in_exactly_one_pack_and_no_pack_is_empty(
    trials: list[TrialSpec], actors: int, pack_size: int | None
) -> None:
    packs = pack(trials, SHAPES, actors, pack_size=pack_size)

    packed = Counter(spec.trial_id for group in packs for spec in group.specs)
    assert packed == Counter(spec.trial_id for spec in trials)
    assert all(group.specs for group in packs)
    assert pack_size is None or all(len(group.specs) <= pack_size for group in packs)


@given(specs, st.integers(1, 16))
def test_costly_packs_come_first_and_exceed_a_share_only_to_fill_their_engine(
    trials: list[TrialSpec], actors: int
) -> None:
    packs = pack(trials, SHAPES, actors)

    costs = [cost(group.specs) for group in packs]
    share = sum(costs) / (PACKS_PER_ACTOR * actors)
    assert costs == sorted(costs, reverse=True)
    assert all(
        len(group.specs) <= slots_for(TrialShape.of(group.specs[0].configuration), DIGITS)
        or total <= share * (1 + 1e-9)
        for group, total in zip(packs, costs, strict=True)
    )


def test_a_pack_holds_one_shape_of_product_deepest_first() -> None:
    trials = [
        trial_spec(width=width, activation=activation, depth=depth)
        for width in (8, 16)
        for activation in (Activation.RELU, Activation.TANH)
        for depth in (3, 30, 300)
    ]

    packs = pack(trials, SHAPES, 1)

    assert len(packs) >= 4
    for group in packs:
        assert len({(spec.network.width, spec.network.activation) for spec in group.specs}) == 1
        depths = [spec.network.depth for spec in group.specs]
        assert depths == sorted(depths, reverse=True)


def test_kinds_with_and_without_skips_never_share_a_pack() -> None:
    plain = [trial_spec(depth=depth, engine=EngineName.PACKED) for depth in (3, 30, 3, 30)]
    # Trials of one scale and of another share a pack: only the skip is common to all of it.
    residual = [of_kind(spec, "residual") for spec in plain]

    packs = pack([*plain, *residual], SHAPES, 1)

    kinds = [{spec.network.kind for spec in group.specs} for group in packs]
    assert all(len(each) == 1 for each in kinds)
    assert {"ffn"} in kinds
    assert {"residual"} in kinds
    together = [group for group in packs if len({s.network.depth for s in group.specs}) == 2]
    assert together, "no pack has two depths, so that the test shows nothing"


def test_a_trial_that_keeps_losing_its_worker_runs_alone() -> None:
    trials = [trial_spec() for _ in range(40)]
    suspect = trials[7].trial_id

    packs = pack(trials, SHAPES, 1, alone={suspect})

    assert [len(g.specs) for g in packs if suspect in {s.trial_id for s in g.specs}] == [1]
    assert max(len(group.specs) for group in packs) > 1


def test_the_order_of_the_rows_does_not_change_the_packs() -> None:
    trials = [trial_spec(depth=depth) for depth in (1, 9, 9, 9, 40, 2)]

    assert pack(trials, SHAPES, 2) == pack(trials[::-1], SHAPES, 2)


@given(
    st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=80),
    st.integers(1, 8),
    st.sampled_from([16, 200]),
)
def test_actors_end_at_about_the_same_time_whatever_trials_cost(
    costs: list[float], actors: int, width: int
) -> None:
    trials = [trial_spec(width=width, engine=EngineName.PACKED) for _ in costs]
    cost_of = dict(zip([spec.trial_id for spec in trials], costs, strict=True))

    packs = pack(trials, SHAPES, actors, cost=lambda spec, _: cost_of[spec.trial_id])

    ends = [0.0] * actors
    for group in packs:
        ends[ends.index(min(ends))] += sum(cost_of[spec.trial_id] for spec in group.specs)
    share = sum(costs) / (PACKS_PER_ACTOR * actors)
    # A pack is larger than a share only by filling its engine.
    slots = slots_for(TrialShape.of(trials[0].configuration), DIGITS)
    filling = sum(sorted(costs)[-slots:])
    assert max(ends) - min(ends) <= max(share, filling) * (1 + 1e-9)


def test_memory_that_is_short_makes_smaller_packs() -> None:
    trials = [trial_spec(depth=40, width=32, engine=EngineName.PACKED) for _ in range(64)]

    ample = pack(trials, SHAPES, 16, memory_bytes=1 << 40)
    short = pack(trials, SHAPES, 16, memory_bytes=1 << 20)

    assert max(len(group.specs) for group in short) < max(len(group.specs) for group in ample)
