"""What a round of packs is balanced by, and when it will be over."""

from collections.abc import Iterable, Mapping, Sequence

from service.driver.eta import Costs, EtaEstimator
from service.driver.packing import predicted_cost
from workers.contract import Calibration, DatasetShape, Pack, Report, TrialSpec


class RoundPlan:
    """Predicted seconds where the device is known, relative costs until it is measured."""

    def __init__(
        self,
        specs: Sequence[TrialSpec],
        shapes: Mapping[str, DatasetShape],
        device_type: str,
        actors: int,
        known: Sequence[Calibration],
    ) -> None:
        """Start a round.

        Args:
            specs: Its trials.
            shapes: Of their data sets, by name.
            device_type: ``"cpu"`` or ``"cuda"``.
            actors: Workers.
            known: Calibrations, newest first.
        """
        self._packs: list[Sequence[TrialSpec]] = [[spec] for spec in specs]
        self._specs, self._shapes, self._actors = specs, shapes, actors
        self._device_type, self._calibrations = device_type, list(known)
        self._costs: Costs | None = None
        self._eta: EtaEstimator | None = None
        self._predict()

    def cost(self, spec: TrialSpec, dataset: DatasetShape) -> float:
        """Return what a trial takes, in seconds or in relative units."""
        if self._costs is None:
            return predicted_cost(spec, dataset)
        return self._costs.total(spec)

    def set_packs(self, packs: Iterable[Pack]) -> None:
        """Note which trials share an actor, before any of them runs."""
        self._packs = [pack.specs for pack in packs]
        self._predict()

    def seconds_after(self, reports: Sequence[Report]) -> float | None:
        """Return the seconds to the end once reports have come; None where nothing is known."""
        measured = [report for report in reports if isinstance(report, Calibration)]
        if measured:
            self._calibrations = [*measured, *self._calibrations]
            if self._eta is None:
                self._predict()
        if self._eta is None:
            return None
        self._eta.note(reports)
        return self._eta.seconds()

    def _predict(self) -> None:
        costs = Costs(self._calibrations, self._shapes, self._device_type)
        if costs.cover(self._specs):
            self._costs = costs
            self._eta = EtaEstimator(self._packs, costs, self._actors)
