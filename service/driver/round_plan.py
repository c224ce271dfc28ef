"""Costs by which the packs of a round are balanced, and the estimated end of the round."""

from collections.abc import Iterable, Mapping, Sequence

from service.driver.eta import Costs, EtaEstimator
from service.driver.packing import predicted_cost
from workers.contract import Calibration, DatasetShape, Pack, Report, TrialSpec


class RoundPlan:
    """Costs of a round's trials: seconds if the device has a calibration, else relative costs."""

    def __init__(
        self,
        specs: Sequence[TrialSpec],
        shapes: Mapping[str, DatasetShape],
        device_type: str,
        actors: int,
        calibrations: Sequence[Calibration],
    ) -> None:
        """Start a round.

        Args:
            specs: The trials of the round.
            shapes: Shapes of their data sets, by name.
            device_type: ``"cpu"`` or ``"cuda"``.
            actors: Number of workers.
            calibrations: Stored calibrations, newest first.
        """
        # Until `set_packs` each trial counts as a pack of its own.
        self._packs: list[Sequence[TrialSpec]] = [[spec] for spec in specs]
        self._specs, self._shapes, self._actors = specs, shapes, actors
        self._device_type, self._calibrations = device_type, list(calibrations)
        self._costs: Costs | None = None
        self._eta: EtaEstimator | None = None
        self._predict()

    def cost(self, spec: TrialSpec, dataset: DatasetShape) -> float:
        """Return the cost of a trial: its seconds if they can be predicted, else relative units."""
        if self._costs is None:
            return predicted_cost(spec, dataset)
        return self._costs.total(spec)

    def set_packs(self, packs: Iterable[Pack]) -> None:
        """Set which trials share an actor; call it before any of them runs."""
        self._packs = [pack.specs for pack in packs]
        self._predict()

    def seconds_after(self, reports: Sequence[Report]) -> float | None:
        """Update the estimate by new reports and return the seconds to the end; None if unknown."""
        measured = [report for report in reports if isinstance(report, Calibration)]
        if measured:
            self._calibrations = [*measured, *self._calibrations]
            # A running estimate is kept: it has seen the reports before, a new one would not.
            if self._eta is None:
                self._predict()
        if self._eta is None:
            return None
        self._eta.update(reports)
        return self._eta.seconds()

    def _predict(self) -> None:
        costs = Costs(self._calibrations, self._shapes, self._device_type)
        if costs.cover(self._specs):
            self._costs = costs
            self._eta = EtaEstimator(self._packs, costs, self._actors)
