"""Values that tests of several rooms need: a valid trial spec, varied by keyword."""

from dataclasses import replace
from uuid import UUID, uuid4

from workers.contract import (
    Activation,
    Calibration,
    Configuration,
    DatasetShape,
    EngineName,
    EpochRecord,
    Init,
    Network,
    Optimizer,
    Precision,
    Prediction,
    Residual,
    Scheme,
    Task,
    Timings,
    Training,
    TrialSpec,
    Work,
    leaves,
)
from workers.estimates import TrialShape
from workers.schedules import Schedule

DIGITS = DatasetShape(name="digits", n_inputs=64, n_classes=10, n_train=1437, n_eval=360)


def trial_spec(**changes: object) -> TrialSpec:
    """Return a small, valid trial on digits with a fresh id; keywords replace its leaves."""
    configuration = Configuration(
        dataset="digits",
        task=Task.CLASSIFY,
        network=Network(kind="ffn", activation=Activation.RELU, slope=0.01, depth=4, width=16),
        init=Init(scheme=Scheme.RWI, g=1.5, g_in=1.0, g_out=1.0),
        training=Training(
            epochs=2,
            batch_size=100,
            learning_rate=0.05,
            schedule=Schedule(),
            optimizer=Optimizer(),
            precision=Precision.FLOAT32,
        ),
        engine=EngineName.REFERENCE,
    )
    return varied(TrialSpec(trial_id=uuid4(), seed=0, configuration=configuration), **changes)


def varied(spec: TrialSpec, **changes: object) -> TrialSpec:
    """Return a trial with leaves replaced, under the names of rows or of fields.

    ``prediction`` is ``(drift, spread)`` or None.
    """
    if "learning_rate" in changes:
        changes["effective_lr"] = changes.pop("learning_rate")
    if "prediction" in changes:
        pair = changes.pop("prediction")
        predicted = Prediction(drift=pair[0], spread=pair[1]) if isinstance(pair, tuple) else None
        spec = replace(spec, configuration=replace(spec.configuration, prediction=predicted))
    return leaves.varied(spec, **changes)


def trial_shape(**changes: object) -> TrialShape:
    """Return the shape of `trial_spec`'s trial on the packed engine; keywords replace leaves."""
    return TrialShape.of(trial_spec(**{"engine": EngineName.PACKED, **changes}).configuration)


def epoch_record(trial_id: UUID, epoch: int, **changes: object) -> EpochRecord:
    """Return the record of one epoch with losses that fall as 1 / (epoch + 1)."""
    record = EpochRecord(
        trial_id=trial_id,
        epoch=epoch,
        step=15 * epoch,
        train_loss=1.0 / (epoch + 1),
        train_error=0.5 / (epoch + 1),
        eval_loss=1.1 / (epoch + 1),
        eval_error=0.6 / (epoch + 1),
        running_loss=None if epoch == 0 else 1.2 / (epoch + 1),
        lr=None if epoch == 0 else 0.05,
        log_grad_norm_first=-1.0,
        log_grad_norm_last=-0.5,
        seconds=0.01,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


TIMINGS = Timings(
    seconds_each=Work(
        steps=3e-5,
        trial_steps=6e-6,
        epoch_ends=2e-4,
        starts=5e-4,
        layer_passes=3e-6,
        elementwise_calls=2e-6,
        probed_layers=1e-6,
        started_layers=1e-4,
        profiled_layers=3e-4,
        products=8e-12,
        activations=3e-11,
        exponentials=1e-9,
        samples=3e-8,
        weight_passes=7e-11,
        updates=1e-10,
        drawn_weights=1.5e-8,
        profiled_activations=4e-8,
        distant_bytes=1e-10,
    ),
    residuals=(Residual("a step", 1e-4, 1.25), Residual("a start", 1e-3, 0.8)),
)


def calibration(**changes: object) -> Calibration:
    """Return what a worker could have measured; keywords replace fields."""
    measured = Calibration(
        device_type="cpu",
        device="A processor, 2 threads",
        engine=EngineName.PACKED,
        versions="torch 2, protocol 1",
        actors=2,
        timings=TIMINGS,
    )
    return replace(measured, **changes)  # type: ignore[arg-type]
