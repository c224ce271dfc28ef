"""Measured speed of a device: a linear model of seconds by kind of work."""

from dataclasses import dataclass
from math import log, sqrt

from workers.contract.names import EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One number for each kind of work: an amount, or the seconds that one unit takes.

    Counts of numbers are weighted by size: a float32 counts as 1, a float64 as 2.

    Attributes:
        steps: Training steps of a pack, however many trials take part.
        trial_steps: Training steps counted once for each trial that takes part.
        epoch_ends: Records of an epoch, epoch 0 included.
        starts: Trials that begin.
        layer_passes: Passes through a hidden layer: forward, backward, or for a gradient.
        elementwise_calls: Further kernel calls of activations and updates.
        probed_layers: Hidden layers of networks whose gradient norms are measured.
        started_layers: Hidden layers whose weights are drawn and whose initial walk is measured.
        profiled_layers: Hidden layers in layer profiles.
        products: Multiply-adds of matrix products.
        activations: Units times samples, summed over the passes through a layer.
        exponentials: Values of a smooth activation, of its derivative, or of the loss.
        samples: Samples that are gathered and have a loss.
        weight_passes: Parameters, summed over the passes through a layer.
        updates: Parameters, summed over the operations of an update beyond those of plain SGD.
        drawn_weights: Parameters that are drawn.
        profiled_activations: Units times samples in layer profiles.
        distant_bytes: Bytes that a step reads beyond the size of the processor's caches.
    """

    steps: float
    trial_steps: float
    epoch_ends: float
    starts: float
    layer_passes: float
    elementwise_calls: float
    probed_layers: float
    started_layers: float
    profiled_layers: float
    products: float
    activations: float
    exponentials: float
    samples: float
    weight_passes: float
    updates: float
    drawn_weights: float
    profiled_activations: float
    distant_bytes: float


@dataclass(frozen=True, slots=True)
class Residual:
    """One measured time beside the time that the fit gives for the same work.

    Attributes:
        work: Description of the timed work, for a person.
        seconds: Measured seconds.
        ratio: Measured seconds divided by fitted seconds.
    """

    work: str
    seconds: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Linear model of the speed of an engine on a device, fitted to measured times.

    Attributes:
        seconds_each: Seconds of one unit of each kind of work; 0 where the fit assigns none.
        residuals: One for each measured time.
    """

    seconds_each: Work
    residuals: tuple[Residual, ...]

    @property
    def spread(self) -> float:
        """Root mean square of ln(measured / fitted)."""
        logs = [log(each.ratio) for each in self.residuals]
        return sqrt(sum(each * each for each in logs) / len(logs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Speed of one engine on one device, as a worker measured it.

    Attributes:
        device_type: ``"cpu"`` or ``"cuda"``.
        device: Model of the processor; for a CPU with its number of threads.
        engine: Implementation of the training step.
        versions: Versions of the libraries that compute and of the measuring protocol. The timings
            are valid only where these are equal.
        actors: Workers that the sweep had on devices of this model.
        timings: Seconds by kind of work.
    """

    device_type: str
    device: str
    engine: EngineName
    versions: str
    actors: int
    timings: Timings
