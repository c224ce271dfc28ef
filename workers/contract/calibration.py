"""Measured speed of a device."""

from dataclasses import dataclass

from workers.contract.names import EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How fast a device runs an engine; all in seconds, finite and positive.

    Sequences go along the widths and batches of `workers.estimates.cost`.

    Attributes:
        call: The calls of one hidden layer in a step, whatever its size.
        step: What a step takes besides its layers.
        trial_step: Likewise for each trial that takes part.
        epoch: What the end of a trial's epoch takes besides its passes.
        level: One hidden layer of one trial in a step of SGD, less the calls; batches fastest.
        adam: What Adam adds to that, by width.
        curved: What a smooth activation adds to a layer, for each unit and sample.
        full_pass: One hidden layer of a full pass over 1,000 samples, by width.
        chunk: What one chunk of samples takes besides.
        start: A trial's start besides its layers.
        start_layer: One hidden layer of that start, whatever its size.
        start_weight: One weight of that start.
    """

    call: float
    step: float
    trial_step: float
    epoch: float
    level: tuple[float, ...]
    adam: tuple[float, ...]
    curved: float
    full_pass: tuple[float, ...]
    chunk: float
    start: float
    start_layer: float
    start_weight: float


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
        timings: The measured times.
    """

    device_type: str
    device: str
    engine: EngineName
    versions: str
    actors: int
    timings: Timings
