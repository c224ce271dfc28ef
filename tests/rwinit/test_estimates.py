"""Simulated gains: the same answer every time, as precise as asked, remembered on disk."""

import json
import math
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import numpy as np
import platformdirs
import pytest

from rwinit import (
    ArgumentError,
    Conditions,
    GainNotFoundError,
    Nonlinearity,
    estimate_gain,
    gain,
    gain_array,
    nonlinearity,
)
from rwinit.cache import cache_folder
from rwinit.estimates import _cached_search
from rwinit.root_search import GainEstimate, mean_log_gain, search
from rwinit.simulation import Networks, Setting

SMALL = (30, 12)


def setting(activation: str, width: int, depth: int) -> Setting:
    return Setting(nonlinearity(activation), (width,) * depth)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu"])
@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_the_search_finds_the_exact_gain_where_there_is_one(activation: str, weights: str) -> None:
    widths = Setting(nonlinearity(activation), (20,) * 30, weights == "orthogonal")

    found = search(widths, seed=3, standard_error=2e-3)

    assert isinstance(found, GainEstimate)
    exact = estimate_gain(activation, 20, weights=weights)
    assert (exact.standard_error, exact.n_samples) == (0.0, 0)
    assert abs(found.gain - exact.gain) <= 4 * found.standard_error + 1e-6


def test_the_standard_error_is_the_spread_over_seeds_and_as_small_as_asked() -> None:
    found = [search(setting("tanh", 20, 5), seed, 0.02) for seed in range(25)]

    gains = [estimate.gain for estimate in found if isinstance(estimate, GainEstimate)]
    errors = [estimate.standard_error for estimate in found if isinstance(estimate, GainEstimate)]
    assert len(gains) == 25
    assert max(errors) <= 0.02
    ratio = float(np.std(gains, ddof=1)) / float(np.mean(errors))
    # A standard deviation of 25 has a relative standard error of 0.144.
    assert abs(ratio - 1) < 4 * 0.144


@pytest.mark.parametrize("activation", ["tanh", "softplus", "sine"])
def test_the_gain_is_a_zero_of_the_mean_of_other_networks(activation: str) -> None:
    estimate = estimate_gain(activation, *SMALL, standard_error=1e-3)

    others = Networks(setting(activation, *SMALL), seed=99)
    means = [mean_log_gain(*others.log_gains(estimate.gain * k, 3000)) for k in (1.0, 1.01)]

    slope = (means[1].value - means[0].value) / (0.01 * estimate.gain)
    assert abs(means[0].value) < 4 * math.hypot(means[0].error, slope * estimate.standard_error)
    # A per cent more is seen as a drift.
    assert means[1].value > 4 * means[1].error


def test_asking_again_without_any_memory_gives_the_same_bits(tmp_path: Path) -> None:
    first = estimate_gain("tanh", *SMALL, cache_dir=tmp_path / "one")
    _cached_search.cache_clear()

    assert estimate_gain("tanh", *SMALL, cache_dir=tmp_path / "two") == first
    assert gain("tanh", *SMALL) == first.gain
    assert estimate_gain("tanh", *SMALL, seed=1).gain != first.gain


def test_a_callable_with_its_derivative_gets_the_gain_of_its_name() -> None:
    custom = Nonlinearity(
        "mine", lambda x: np.asarray(np.tanh(x)), lambda x: 1 / np.cosh(np.clip(x, -99, 99)) ** 2
    )

    assert gain(custom, *SMALL) == pytest.approx(gain("tanh", *SMALL), abs=2e-6)


def test_each_condition_changes_the_gain() -> None:
    asked: list[Conditions] = [
        Conditions(),
        Conditions(input_deviation=3.0),
        Conditions(input_mean=2.0),
        Conditions(g_in=0.3),
        Conditions(bias_deviation=0.5),
        Conditions(n_inputs=2),
    ]

    gains = [gain("tanh", *SMALL, conditions=conditions) for conditions in asked]

    assert len(set(gains)) == len(gains)
    # Larger signals saturate, and saturation asks for a larger g.
    assert gains[1] > gains[0] > gains[3]


def test_biases_take_relu_s_closed_form_away() -> None:
    biased = estimate_gain("relu", *SMALL, conditions=Conditions(bias_deviation=0.3))

    assert biased.n_samples > 0
    assert gain("relu", 30) == gain("relu", 30, 7)


def test_depth_one_has_the_gain_of_depth_two_and_none_is_a_stated_depth() -> None:
    assert gain("tanh", 20, 1) == gain("tanh", 20, 2)
    assert gain("tanh", 30, standard_error=0.02) == gain("tanh", 30, 500, standard_error=0.02)


def test_a_walk_that_always_drifts_says_so_with_what_was_tried(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(GainNotFoundError, match="'tanh' at width 2 and depth 60") as caught:
            gain("tanh", 2, 60, cache_dir=tmp_path)
        assert caught.value.log_gain < 0 < caught.value.lowest < caught.value.highest
        _cached_search.cache_clear()
    assert len(list(tmp_path.iterdir())) == 1
    assert np.isnan(gain_array("tanh", [2, 30], [60, 12], cache_dir=tmp_path)).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"key": "other", "values": [1, 2, 3, 4, 5]}', "null", '{"key": 1}'],
)
def test_a_damaged_file_is_replaced(damage: str, tmp_path: Path) -> None:
    right = gain("tanh", *SMALL, cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_text()
    file.write_text(damage)
    _cached_search.cache_clear()

    assert gain("tanh", *SMALL, cache_dir=tmp_path) == right
    assert file.read_text() == content
    assert list(tmp_path.iterdir()) == [file]


def test_numbers_that_are_not_finite_or_too_few_are_no_answer(tmp_path: Path) -> None:
    right = gain("tanh", *SMALL, cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    stored = json.loads(file.read_text())
    for values in ([math.nan] * 5, [1.0, 2.0]):
        file.write_text(json.dumps({"key": stored["key"], "values": values}))
        _cached_search.cache_clear()
        assert gain("tanh", *SMALL, cache_dir=tmp_path) == right


def test_an_answer_comes_from_disk_and_only_for_its_own_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gain("tanh", *SMALL, cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    stored = json.loads(file.read_text())
    stored["values"][1] = 7.5
    file.write_text(json.dumps(stored))
    _cached_search.cache_clear()

    assert gain("tanh", *SMALL, cache_dir=tmp_path) == 7.5

    monkeypatch.setattr("rwinit.estimates.ALGORITHM", -1)
    _cached_search.cache_clear()
    assert gain("tanh", *SMALL, cache_dir=tmp_path) < 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_breaks_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")

    assert gain("tanh", *SMALL, cache_dir=blocked / "below") == gain("tanh", *SMALL)
    assert gain("tanh", *SMALL, cache_dir=blocked) == gain("tanh", *SMALL)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> NoReturn:
        raise KeyError(uid)

    for name in ("RWINIT_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("homeless")
def test_a_user_without_a_home_gets_an_answer_and_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert cache_folder() is None
    assert gain("tanh", 10, 4) > 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("homeless")
def test_no_folder_is_made_below_the_working_folder_where_a_home_is_not_expanded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: Path("~/.cache/rwinit"))

    assert cache_folder() is None


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is each platform's own")
@pytest.mark.parametrize(
    ("base", "expected"), [(None, "home/.cache/rwinit"), ("caches", "caches/rwinit")]
)
def test_on_linux_the_folder_is_the_one_of_xdg(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str | None, expected: str
) -> None:
    monkeypatch.delenv("RWINIT_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if base is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / base))

    assert cache_folder() == tmp_path / expected


def test_the_environment_variable_names_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RWINIT_CACHE_DIR", str(tmp_path / "new" / "folder"))

    gain("tanh", 11, 4)

    assert len(list((tmp_path / "new" / "folder").glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("width", {"width": 0}),
        ("width", {"width": 2.5}),
        ("depth", {"depth": -1}),
        ("depth", {"depth": 0}),
        ("slope", {"slope": math.nan}),
        ("activation", {"activation": "swish"}),
        ("weights", {"weights": "uniform"}),
        ("keep", {"keep": 0.0}),
        ("standard_error", {"standard_error": 0.0}),
        ("standard_error", {"standard_error": math.nan}),
        ("seed", {"seed": -1}),
        ("conditions", {"conditions": None}),
    ],
)
def test_a_mistake_is_refused_by_name(name: str, mistake: dict[str, object]) -> None:
    good: dict[str, object] = {"activation": "tanh", "width": 20, "depth": 5}

    for ask in (gain, estimate_gain, gain_array):
        with pytest.raises(ArgumentError, match=f"^{name} must be") as caught:
            ask(**{**good, **mistake})  # type: ignore[arg-type]  # mistakes on purpose
        assert caught.value.name == name


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n_inputs", {"n_inputs": 0}),
        ("input_mean", {"input_mean": math.inf}),
        ("input_deviation", {"input_deviation": -1.0}),
        ("input_deviation", {"input_deviation": 0.0}),
        ("g_in", {"g_in": 0.0}),
        ("bias_deviation", {"bias_deviation": -0.1}),
    ],
)
def test_conditions_that_make_no_network_are_refused(name: str, values: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=f"^{name} must be"):
        Conditions(**values)  # type: ignore[arg-type]  # mistakes on purpose


def test_an_array_of_questions_has_the_answers_of_each() -> None:
    gains = gain_array([["tanh"], ["relu"]], [10, 20, 30], 6)

    assert gains.shape == (2, 3)
    expected = [[gain(name, width, 6) for width in (10, 20, 30)] for name in ("tanh", "relu")]
    assert gains.tolist() == expected
    assert gain_array("relu", 10).shape == ()
    with pytest.raises(ArgumentError, match="shapes that broadcast"):
        gain_array(["tanh", "relu"], [10, 20, 30])


def test_a_preview_of_ten_thousand_trials_is_quick_once_its_gains_are_known() -> None:
    rng = np.random.default_rng(0)
    names = rng.choice(["relu", "tanh", "hardtanh"], 10_000)
    widths, depths = (
        rng.choice([4, 8, 16, 24, 32], 10_000) + 8,
        rng.choice([2, 4, 6, 8, 10, 12], 10_000),
    )
    gain_array(names, widths, depths, standard_error=0.05)
    _cached_search.cache_clear()  # what is left is on disk

    start = time.perf_counter()
    gain_array(names, widths, depths, standard_error=0.05)
    seconds = time.perf_counter() - start

    assert seconds < 2
    start = time.perf_counter()
    for _ in range(1000):
        gain("tanh", 12, 2, standard_error=0.05)
    assert time.perf_counter() - start < 0.5


@pytest.mark.slow
def test_a_first_answer_takes_under_three_seconds_with_the_start_of_python(tmp_path: Path) -> None:
    code = "import rwinit; print(rwinit.gain('tanh', width=100, depth=200))"
    seconds = []
    for attempt in range(2):
        start = time.perf_counter()
        environment = {"RWINIT_CACHE_DIR": str(tmp_path / str(attempt)), "OMP_NUM_THREADS": "1"}
        result = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            env=environment,
            capture_output=True,
            text=True,
        )
        seconds.append(time.perf_counter() - start)

    assert min(seconds) < 3
    assert 1.1 < float(result.stdout) < 1.3


@pytest.mark.slow
def test_the_papers_advice_for_tanh_is_a_surface_over_width_and_depth(tmp_path: Path) -> None:
    widths, depths = (32, 64, 128, 256, 512), (20, 50, 100, 200, 500)
    start = time.process_time()

    surface = [[estimate_gain("tanh", n, d, cache_dir=tmp_path) for d in depths] for n in widths]

    assert time.process_time() - start < 60
    assert all(estimate.standard_error <= 3e-3 for row in surface for estimate in row)
    gains = np.array([[estimate.gain for estimate in row] for row in surface])
    # g falls with width and with depth, by more than the noise, from one corner to the other.
    assert (gains[:-1] > gains[1:] - 0.01).all()
    assert (gains[:, :-1] > gains[:, 1:] - 0.01).all()
    inside = (gains > 1.1) & (gains < 1.3)
    # The paper's networks have from one to five hundred units in some tens of layers or more.
    assert inside[1:4, 1:4].mean() > 0.75
