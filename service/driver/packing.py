"""Group unfinished trials into packs. No grouping changes a trial's results.

A pack holds trials that can be trained as one batched product, costliest first. Costly packs come
first, and none has more than a small share of the whole work, so that the actors finish at about
the same time. But a pack has at least as many trials as its engine trains at once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from itertools import groupby
from uuid import UUID

from workers.contract import DatasetShape, Pack, TrialSpec
from workers.estimates import TrialShape, capacity_of, slots_for
from workers.estimates.pack_shape import PackShape

# More packs balance the actors better; fewer keep the engine's slots full for longer.
PACKS_PER_ACTOR = 8
# Overhead of a layer besides its arithmetic, in multiply-adds; in narrow networks it dominates.
DISPATCH_OPERATIONS = 3e5

Cost = Callable[[TrialSpec, DatasetShape], float]
"""Returns the cost of a trial on its data set, in any unit."""

_Costed = tuple[float, TrialSpec]
_ProductKey = tuple[str, ...]


def predicted_cost(spec: TrialSpec, shape: DatasetShape) -> float:
    """Return the relative cost of a trial: its multiply-adds, with overhead counted as such."""
    steps = max(1, shape.n_train // spec.training.batch_size) * max(1, spec.training.epochs)
    # Three products for each layer and step: forwards, and two backwards.
    per_layer = DISPATCH_OPERATIONS + 3.0 * spec.training.batch_size * spec.network.width**2
    ends = (
        3.0
        * spec.training.batch_size
        * spec.network.width
        * (shape.n_inputs + shape.n_outputs(spec.task))
    )
    return steps * (spec.network.depth * per_layer + ends)


def pack(
    specs: Iterable[TrialSpec],
    shapes: Mapping[str, DatasetShape],
    actors: int,
    *,
    alone: Collection[UUID] = (),
    pack_size: int | None = None,
    cost: Cost = predicted_cost,
    memory_bytes: int | None = None,
) -> list[Pack]:
    """Group trials into packs, costliest first.

    Args:
        specs: Unfinished trials.
        shapes: Shape of every data set that the trials use, by name.
        actors: Number of workers that will share the packs, at least 1.
        alone: Trials that each get a pack of their own.
        pack_size: Maximum number of trials in a pack; None lets the cost decide.
        cost: Returns the cost of a trial, in any unit.
        memory_bytes: Memory that an actor may use; None or 0 for no limit.

    Returns:
        Packs that hold every trial exactly once; none is empty. No trials give no packs.
    """
    # The id makes the order, and so the packs, the same after a restart.
    costed = sorted(
        ((cost(spec, shapes[spec.dataset]), spec) for spec in specs),
        key=lambda pair: (_product_key(pair[1], shapes), -pair[0], str(pair[1].trial_id)),
    )
    share = sum(cost for cost, _ in costed) / (PACKS_PER_ACTOR * actors)
    together = [pair for pair in costed if pair[1].trial_id not in alone]
    groups = [[pair] for pair in costed if pair[1].trial_id in alone]
    for _, alike in groupby(together, key=lambda pair: _product_key(pair[1], shapes)):
        group = list(alike)
        slots = _slots(group, shapes, memory_bytes)
        groups += _cut(group, share, min(slots, pack_size or slots), pack_size)
    groups.sort(key=lambda group: -sum(cost for cost, _ in group))
    return [_as_pack(group) for group in groups]


def _slots(
    group: Sequence[_Costed], shapes: Mapping[str, DatasetShape], memory_bytes: int | None
) -> int:
    """Return how many trials of a group an engine trains at once; the deepest one decides."""
    deepest = max((spec for _, spec in group), key=lambda spec: spec.network.depth)
    trial, dataset = TrialShape.of(deepest.configuration), shapes[deepest.dataset]
    if not memory_bytes:
        return slots_for(trial, dataset)
    return capacity_of(trial, dataset, memory_bytes).slots


def _product_key(spec: TrialSpec, shapes: Mapping[str, DatasetShape]) -> _ProductKey:
    """Return a sort key that is equal for trials which can share a batched product."""
    shape = PackShape.of(spec, shapes[spec.dataset])
    return spec.dataset, spec.engine, *map(str, astuple(shape))


def _cut(
    costed: Iterable[_Costed], share: float, least: int, most: int | None
) -> Iterator[list[_Costed]]:
    """Yield consecutive trials in groups that cost about ``share``.

    A group has at least ``least`` trials, but for the last one, and at most ``most``.
    """
    group: list[_Costed] = []
    filled = 0.0
    for cost, spec in costed:
        if len(group) == most or (len(group) >= least and filled + cost > share):
            yield group
            group, filled = [], 0.0
        group.append((cost, spec))
        filled += cost
    if group:
        yield group


def _as_pack(group: Sequence[_Costed]) -> Pack:
    return Pack(group[0][1].dataset, tuple(spec for _, spec in group))
