"""When a sweep will end: what its trials are predicted to take, set right by what they took."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from workers.contract import Calibration, DatasetShape, EpochRecord, Report, TrialEnd, TrialSpec
from workers.estimates import CostModel, TrialShape, slots_for

# Seconds for which the prediction counts as much as what was measured.
_TRUSTED_SECONDS = 10.0


class Costs:
    """Predicted seconds of trials, from the calibrations of one kind of device."""

    def __init__(
        self,
        calibrations: Iterable[Calibration],
        shapes: Mapping[str, DatasetShape],
        device_type: str,
    ) -> None:
        """Take the newest calibration of each engine.

        Args:
            calibrations: Newest first.
            shapes: Of the data sets, by name.
            device_type: ``"cpu"`` or ``"cuda"``; others' calibrations are not read.
        """
        self._shapes, self._device_type = shapes, device_type
        fitting = [each for each in calibrations if each.device_type == device_type]
        self._models = {each.engine: CostModel(each.timings) for each in reversed(fitting)}
        self._known: dict[tuple[TrialShape, str], tuple[float, float]] = {}

    def cover(self, specs: Iterable[TrialSpec]) -> bool:
        """Whether there is a calibration for every trial."""
        return all(spec.engine in self._models for spec in specs)

    def start_and_epoch(self, spec: TrialSpec) -> tuple[float, float]:
        """Return the seconds of a trial's start and of each epoch, as shares of an actor's."""
        key = TrialShape.of(spec.configuration), spec.dataset
        if key not in self._known:
            trial, dataset = key[0], self._shapes[spec.dataset]
            live = slots_for(trial, dataset, self._device_type)
            model = self._models[spec.engine]
            self._known[key] = (
                model.start_seconds(trial, dataset),
                model.epoch_seconds(trial, dataset, live),
            )
        return self._known[key]

    def total(self, spec: TrialSpec) -> float:
        """Return the seconds of a whole trial."""
        start, epoch = self.start_and_epoch(spec)
        return start + spec.training.epochs * epoch


class EtaEstimator:
    """The work that is left, followed report by report."""

    def __init__(
        self,
        packs: Sequence[Sequence[TrialSpec]],
        costs: Costs,
        actors: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with trials of which nothing is done.

        Args:
            packs: Unfinished trials; those of a pack share one actor.
            costs: Know all of them.
            actors: Workers that share them.
            clock: Seconds.
        """
        self._specs = {spec.trial_id: spec for group in packs for spec in group}
        self._pack = {spec.trial_id: i for i, group in enumerate(packs) for spec in group}
        self._done: dict[UUID, int] = {}
        self._costs, self._actors, self._clock = costs, actors, clock
        self._left = [sum(map(costs.total, group)) for group in packs]
        self._behind = 0.0
        self._started: float | None = None

    def note(self, reports: Sequence[Report]) -> None:
        """Take finished epochs and trials off what is left; time counts from the first report."""
        if reports and self._started is None:
            self._started = self._clock()
        for report in reports:
            if isinstance(report, EpochRecord) and report.trial_id in self._specs:
                self._epoch(self._specs[report.trial_id], report.epoch)
            elif isinstance(report, TrialEnd) and report.trial_id in self._specs:
                self._ended(self._specs.pop(report.trial_id))

    def seconds(self) -> float:
        """Return the predicted seconds to the end.

        What is left goes at the speed seen so far, which counts the more the longer it was seen.
        It takes no less than what is left of the longest pack.
        """
        now = self._clock()
        elapsed = now - (now if self._started is None else self._started)
        predicted = self._behind / self._actors
        slowness = (elapsed + _TRUSTED_SECONDS) / (predicted + _TRUSTED_SECONDS)
        longest = max(self._left, default=0.0)
        return max(0.0, sum(self._left) / self._actors, longest) * slowness

    def _epoch(self, spec: TrialSpec, epoch: int) -> None:
        before = self._done.get(spec.trial_id, -1)
        if epoch <= before:
            return
        start, each = self._costs.start_and_epoch(spec)
        work = (epoch - max(before, 0)) * each + (start if before < 0 else 0.0)
        self._done[spec.trial_id] = epoch
        self._left[self._pack[spec.trial_id]] -= work
        self._behind += work

    def _ended(self, spec: TrialSpec) -> None:
        """Take off what a trial leaves undone; nobody will do it."""
        start, each = self._costs.start_and_epoch(spec)
        done = self._done.get(spec.trial_id, -1)
        left = (spec.training.epochs - max(done, 0)) * each + (start if done < 0 else 0.0)
        self._left[self._pack[spec.trial_id]] -= left
