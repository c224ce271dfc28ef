from collections.abc import Iterator
from uuid import UUID

import pytest
import torch

from tests.factories import varied
from tests.workers.examples import blobs, curve, trial
from workers.contract import Activation, EngineName, OptimizerKind, Scheme, TrialSpec
from workers.training import run_pack, run_trial

SPECS = [
    trial(**changes, engine=engine)
    for engine in EngineName
    for changes in (
        {"width": 64, "depth": 6, "momentum": 0.9, "clip_norm": 1.0},
        {
            "width": 48,
            "depth": 4,
            "optimizer": OptimizerKind.ADAM,
            "activation": Activation.GELU,
            "g": 1.2,
        },
        {"width": 64, "depth": 3, "scheme": Scheme.ORTHOGONAL},
    )
]


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("spec", SPECS)
def test_a_trial_repeats_bit_for_bit(spec: TrialSpec) -> None:
    assert curve(run_trial(spec, blobs())) == curve(run_trial(spec, blobs()))


@pytest.mark.parametrize("spec", SPECS)
def test_a_trial_alone_equals_the_trial_after_another_in_a_pack(spec: TrialSpec) -> None:
    data = blobs()
    other = trial(trial_id=UUID(int=2), seed=9, learning_rate=1e30, momentum=0.5)
    torch.manual_seed(123)

    pack = curve(run_pack([other, spec], data))

    torch.manual_seed(456)
    alone = curve(run_trial(spec, data))
    assert [report for report in pack if report.trial_id == spec.trial_id] == alone


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.usefixtures("_threads")
def test_a_curve_does_not_depend_on_the_callers_threads(engine: EngineName) -> None:
    data = blobs(n_inputs=256, n_train=1200)
    spec = trial(width=256, depth=2, batch_size=600, g=1.4, engine=engine)
    neighbour = varied(spec, trial_id=UUID(int=2), depth=3)
    torch.set_num_threads(1)
    one = curve(run_pack([neighbour, spec], data, slots=2))

    torch.set_num_threads(2)
    two = curve(run_pack([neighbour, spec], data, slots=2))

    assert torch.get_num_threads() == 2
    assert one == two


@pytest.mark.parametrize("engine", EngineName)
def test_the_first_epochs_do_not_depend_on_how_many_follow(engine: EngineName) -> None:
    short = curve(run_trial(trial(epochs=2, engine=engine), blobs()))
    long = curve(run_trial(trial(epochs=4, engine=engine), blobs()))

    assert long[:3] == short[:3]


@pytest.mark.parametrize("engine", EngineName)
def test_the_trial_id_decides_nothing_and_the_seed_everything(engine: EngineName) -> None:
    data = blobs()
    losses = [
        [
            getattr(report, "train_loss", None)
            for report in curve(run_trial(varied(spec, engine=engine), data))
        ]
        for spec in (trial(), trial(trial_id=UUID(int=5)), trial(seed=1))
    ]

    assert losses[0] == losses[1]
    assert losses[0] != losses[2]
