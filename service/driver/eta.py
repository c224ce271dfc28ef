"""Estimate the end of a sweep from predicted costs of its trials and their measured progress."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from workers.contract import Calibration, DatasetShape, EpochRecord, Report, TrialEnd, TrialSpec
from workers.estimates import CostModel, TrialShape, slots_for

# Weight of the prediction as a prior: after this time it counts as much as the measured speed.
_PRIOR_SECONDS = 10.0


class Costs:
    """Predicted seconds of trials on one type of device, from its calibrations."""

    def __init__(
        self,
        calibrations: Iterable[Calibration],
        shapes: Mapping[str, DatasetShape],
        device_type: str,
    ) -> None:
        """Build a cost model for each engine from its newest calibration.

        Args:
            calibrations: Calibrations of any devices, newest first.
            shapes: Shapes of the data sets, by name.
            device_type: ``"cpu"`` or ``"cuda"``; calibrations of the other type are ignored.
        """
        self._shapes, self._device_type = shapes, device_type
        # Reversed, so that the newest of an engine overwrites the older ones.
        fitting = [each for each in calibrations if each.device_type == device_type]
        self._models = {each.engine: CostModel(each.timings) for each in reversed(fitting)}
        self._cache: dict[tuple[TrialShape, str], tuple[float, float]] = {}

    def cover(self, specs: Iterable[TrialSpec]) -> bool:
        """Return whether the engine of every trial has a calibration."""
        return all(spec.engine in self._models for spec in specs)

    def start_and_epoch(self, spec: TrialSpec) -> tuple[float, float]:
        """Return the seconds of a trial's start and of each of its epochs.

        An actor trains several trials at once; these are a trial's shares of the actor's time.
        """
        # Trials of a sweep have few different shapes, and each report asks again.
        key = TrialShape.of(spec.configuration), spec.dataset
        if key not in self._cache:
            trial, dataset = key[0], self._shapes[spec.dataset]
            live = slots_for(trial, dataset, self._device_type)
            model = self._models[spec.engine]
            self._cache[key] = (
                model.start_seconds(trial, dataset),
                model.epoch_seconds(trial, dataset, live),
            )
        return self._cache[key]

    def total(self, spec: TrialSpec) -> float:
        """Return the seconds of a trial from its start to its last epoch."""
        start, epoch = self.start_and_epoch(spec)
        return start + spec.training.epochs * epoch


class EtaEstimator:
    """Estimated time to the end of a round, updated by reports."""

    def __init__(
        self,
        packs: Sequence[Sequence[TrialSpec]],
        costs: Costs,
        actors: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with trials of which nothing is done.

        Args:
            packs: Unfinished trials; the trials of a pack share one actor.
            costs: Costs that cover all trials.
            actors: Number of workers.
            clock: Monotonic clock in seconds.
        """
        self._specs = {spec.trial_id: spec for group in packs for spec in group}
        self._pack = {spec.trial_id: i for i, group in enumerate(packs) for spec in group}
        self._done: dict[UUID, int] = {}
        self._costs, self._actors, self._clock = costs, actors, clock
        self._seconds_left = [sum(map(costs.total, group)) for group in packs]
        self._seconds_done = 0.0
        self._started: float | None = None

    def update(self, reports: Sequence[Report]) -> None:
        """Subtract finished epochs and trials from the seconds that are left.

        The time that is compared with the prediction counts from the first report, since actors
        take seconds to start.
        """
        if reports and self._started is None:
            self._started = self._clock()
        for report in reports:
            if isinstance(report, EpochRecord) and report.trial_id in self._specs:
                self._epoch(self._specs[report.trial_id], report.epoch)
            elif isinstance(report, TrialEnd) and report.trial_id in self._specs:
                self._ended(self._specs.pop(report.trial_id))

    def seconds(self) -> float:
        """Return the predicted seconds to the end, at least 0.

        The remaining work is divided by the number of actors, but takes no less than the longest
        pack, which one actor runs alone. The result is scaled by the measured slowness, whose
        weight grows with the time of measurement.
        """
        now = self._clock()
        elapsed = now - (now if self._started is None else self._started)
        predicted = self._seconds_done / self._actors
        slowness = (elapsed + _PRIOR_SECONDS) / (predicted + _PRIOR_SECONDS)
        longest = max(self._seconds_left, default=0.0)
        return max(0.0, sum(self._seconds_left) / self._actors, longest) * slowness

    def _epoch(self, spec: TrialSpec, epoch: int) -> None:
        """Move the work up to an epoch from left to done; a repeated record moves none."""
        before = self._done.get(spec.trial_id, -1)
        if epoch <= before:
            return
        start, each = self._costs.start_and_epoch(spec)
        work = (epoch - max(before, 0)) * each + (start if before < 0 else 0.0)
        self._done[spec.trial_id] = epoch
        self._seconds_left[self._pack[spec.trial_id]] -= work
        self._seconds_done += work

    def _ended(self, spec: TrialSpec) -> None:
        """Subtract the work that a trial which has ended will never do."""
        start, each = self._costs.start_and_epoch(spec)
        done = self._done.get(spec.trial_id, -1)
        left = (spec.training.epochs - max(done, 0)) * each + (start if done < 0 else 0.0)
        self._seconds_left[self._pack[spec.trial_id]] -= left
