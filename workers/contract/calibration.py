"""Measured speed of a device: a linear model of the time by kind of work."""

from dataclasses import dataclass
from math import log, sqrt

from workers.contract.names import EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An amount for each kind of work: how often it is done, or the seconds that one takes.

    Every number counts by its size: one of float32 as one, one of float64 as two.

    Attributes:
        steps: Training steps of a pack, however many trials take part.
        trial_steps: Trials that take part in a step.
        epoch_ends: Records of an epoch, epoch 0 included.
        starts: Trials that begin.
        layer_passes: Hidden layers passed through, forward, back or for a gradient.
        elementwise_calls: Calls that an activation or an update takes besides.
        probed_layers: Hidden layers of which a network's gradient norms are taken.
        started_layers: Hidden layers that are drawn and walked through.
        profiled_layers: Hidden layers in layer profiles.
        products: Multiply-adds of matrix products.
        activations: Units times samples, in every pass through their layer.
        exponentials: Values of a smooth activation, of its derivative, or of the loss.
        samples: Samples that are gathered and have a loss.
        weight_passes: Parameters, in every pass through their layer.
        updates: Parameters, in every operation of an update besides plain SGD's.
        drawn_weights: Parameters that are drawn.
        profiled_activations: Units times samples in layer profiles.
        distant_bytes: What a step goes through beyond what stays in a processor's caches.
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
    """How far a measured time is from the fit.

    Attributes:
        work: What was timed, in words.
        seconds: The time.
        ratio: That, divided by the fit's.
    """

    work: str
    seconds: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How fast a device runs an engine: a linear model, fitted to measured times.

    Attributes:
        seconds_each: Seconds of one unit of each kind of work; 0 where none were found.
        residuals: Of the times that it was fitted to.
    """

    seconds_each: Work
    residuals: tuple[Residual, ...]

    @property
    def spread(self) -> float:
        """The root mean square of ln(measured / fitted)."""
        logs = [log(each.ratio) for each in self.residuals]
        return sqrt(sum(each * each for each in logs) / len(logs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a worker measured of its device and an engine.

    Attributes:
        device_type: ``"cpu"`` or ``"cuda"``.
        device: The processor's model; for a CPU with its number of threads.
        engine: Implementation of the training step.
        versions: What the timings are good for: those of what computes, and of the way they are
            measured.
        actors: Workers that the sweep had on such devices.
        timings: Seconds by kind of work.
    """

    device_type: str
    device: str
    engine: EngineName
    versions: str
    actors: int
    timings: Timings
