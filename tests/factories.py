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
    Scheme,
    Task,
    Timings,
    Training,
    TrialSpec,
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
    call=1e-5,
    step=6e-5,
    trial_step=7e-6,
    epoch=3e-4,
    level=(2e-6, 5e-6, 4e-5, 1e-5, 5e-5, 4e-4, 8e-5, 4e-4, 4e-3),
    adam=(6e-7, 3e-6, 2e-4),
    curved=4e-10,
    full_pass=(1.4e-5, 1e-4, 1.3e-3),
    chunk=7e-5,
    start=1e-3,
    start_layer=1.2e-4,
    start_weight=2e-8,
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
