import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workers.contract import DatasetShape
from workers.datasets import (
    KNOWN_SHAPES,
    NAME_RULE,
    DatasetCorruptError,
    DatasetExistsError,
    DatasetInvalidError,
    DatasetUnknownError,
    add,
    list_registered,
    load,
    shapes,
)


def _arrays(**changes: Any) -> dict[str, NDArray[Any]]:  # arrays of any type, to be refused
    rng = np.random.default_rng(0)
    arrays = {
        "train_x": rng.normal(size=(6, 2, 2)),
        "train_y": np.array([0, 1, 2, 0, 1, 2]),
        "eval_x": rng.normal(size=(3, 2, 2)),
        "eval_y": np.array([0, 2, 2], dtype=np.uint8),
    }
    return {name: array for name, array in {**arrays, **changes}.items() if array is not None}


def _file(folder: Path, **changes: Any) -> Path:
    path = folder / "mine.npz"
    np.savez(path, allow_pickle=True, **_arrays(**changes))
    return path


def _mistakes(tmp_path: Path, **changes: Any) -> tuple[str, ...]:
    registry = tmp_path / "registry"
    with pytest.raises(DatasetInvalidError) as caught:
        add("mine", _file(tmp_path, **changes), registry)
    assert list(registry.iterdir()) == []
    return caught.value.mistakes


def test_a_registered_data_set_is_listed_and_loads(tmp_path: Path) -> None:
    registry = tmp_path / "registry"

    added = add("mine", _file(tmp_path), registry)
    data = load("mine", data_dir=None, registry_dir=registry)

    assert added.shape == DatasetShape(name="mine", n_inputs=4, n_classes=3, n_train=6, n_eval=3)
    assert list_registered(registry) == [added]
    assert data.shape == added.shape
    assert data.sha256 == added.sha256
    assert data.train_x.shape == (6, 4)
    assert data.eval_y is not None
    assert data.eval_y.tolist() == [0, 2, 2]
    np.testing.assert_allclose(data.train_x.std(axis=0), 1.0, rtol=1e-5)


def test_labels_may_be_left_out(tmp_path: Path) -> None:
    added = add("mine", _file(tmp_path, train_y=None, eval_y=None), tmp_path)

    assert added.shape.n_classes == 0
    assert load("mine", data_dir=None, registry_dir=tmp_path).train_y is None


def test_shapes_are_known_without_loading(tmp_path: Path) -> None:
    added = add("mine", _file(tmp_path), tmp_path / "registry")

    assert shapes(tmp_path / "registry") == {**KNOWN_SHAPES, "mine": added.shape}
    assert shapes(tmp_path / "absent") == KNOWN_SHAPES
    assert shapes(None) == KNOWN_SHAPES


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"train_x": None}, "train_x is missing"),
        ({"eval_y": None}, "both"),
        ({"extra": np.zeros(2)}, "'extra' is not allowed"),
        ({"train_x": np.full((6, 2, 2), np.nan)}, "train_x has 24 values"),
        ({"train_x": np.full((6, 2, 2), 1e200)}, "train_x has 24 values"),
        ({"eval_x": np.full((3, 2, 2), np.inf, dtype=np.float16)}, "eval_x has 12 values"),
        ({"eval_x": np.full((3, 2, 2), np.longdouble("1e4000"))}, "eval_x has 12 values"),
        ({"train_x": np.zeros((6, 2, 2), dtype=complex)}, "type complex128"),
        ({"train_x": np.full((6, 2, 2), "a")}, "type <U1"),
        ({"train_x": np.array([[object()]])}, "train_x cannot be read"),
        ({"train_x": np.zeros(6)}, "train_x has shape"),
        ({"train_x": np.zeros((6, 0))}, "train_x has shape"),
        ({"train_x": np.zeros((1, 2, 2)), "train_y": np.zeros(1, int)}, "1 samples"),
        ({"eval_x": np.zeros((0, 2, 2)), "eval_y": np.zeros(0, int)}, "0 samples"),
        ({"eval_x": np.zeros((3, 4))}, "a sample has shape (2, 2) in train_x but (4,)"),
        ({"train_y": np.array([0, 1, 2, 0, 1])}, "train_x has 6 samples but train_y 5"),
        ({"train_y": np.zeros((6, 1), int)}, "train_y has shape"),
        ({"train_y": np.zeros(6)}, "train_y has type float64"),
        ({"train_y": np.array([0, 0, 0, 0, 0, 0])}, "1 classes"),
        ({"train_y": np.array([1, 2, 3, 1, 2, 3])}, "from 1 to 3; allowed are 0 to 2"),
        ({"train_y": np.array([0, 1, 4, 0, 1, 4])}, "from 0 to 4; allowed are 0 to 2"),
        ({"eval_y": np.array([0, 1, 3])}, "eval_y has the label 3"),
        ({"eval_y": np.array([0, 1, -1])}, "eval_y has the label -1"),
        (
            {
                "train_x": np.array([[0.0], [1e-30]] * 3),
                "eval_x": np.full((3, 1), 1e90),
            },
            "leave float32",
        ),
    ],
)
def test_a_file_that_is_no_data_set_is_refused(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    (mistake,) = _mistakes(tmp_path, **changes)

    assert expected in mistake


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    mistakes = _mistakes(
        tmp_path, train_x=np.full((6, 1), np.inf), train_y=np.zeros(6), extra=np.zeros(1)
    )

    assert len(mistakes) == 3


@pytest.mark.parametrize("contents", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(contents)

    with pytest.raises(DatasetInvalidError, match="not an npz file"):
        add("mine", path, tmp_path / "registry")


def test_a_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 2)))

    with pytest.raises(DatasetInvalidError, match="single array"):
        add("mine", tmp_path / "x.npy", tmp_path / "registry")


@pytest.mark.parametrize(
    "name", ["", "Mine", "1st", "../up", "a/b", "a.b", "a" * 64, "mine\n", "é"]
)
def test_names_that_are_no_plain_words_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DatasetInvalidError, match=f"is not allowed; .*{NAME_RULE}"):
        add(name, _file(tmp_path), tmp_path / "registry")


@pytest.mark.parametrize("name", ["../elsewhere/mine", "../../{root}/elsewhere/mine", "Mine", ""])
def test_a_name_never_leads_out_of_the_registry(tmp_path: Path, name: str) -> None:
    (tmp_path / "registry").mkdir()
    add("mine", _file(tmp_path), tmp_path / "elsewhere")

    with pytest.raises(DatasetUnknownError):
        load(name.format(root=tmp_path.name), data_dir=None, registry_dir=tmp_path / "registry")


@pytest.mark.parametrize("name", ["digits", "mnist", "spirals", "mine"])
def test_a_name_that_exists_is_refused_and_its_data_kept(tmp_path: Path, name: str) -> None:
    registry = tmp_path / "registry"
    add("mine", _file(tmp_path), registry)
    before = list_registered(registry)

    with pytest.raises(DatasetExistsError, match=name):
        add(name, _file(tmp_path, train_y=None, eval_y=None), registry)

    assert list_registered(registry) == before


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    add("mine", _file(tmp_path), tmp_path)

    with pytest.raises(DatasetUnknownError, match="digits, mnist, spirals, mine"):
        load("yours", data_dir=None, registry_dir=tmp_path)


def test_a_file_changed_after_it_was_added_is_refused(tmp_path: Path) -> None:
    added = add("mine", _file(tmp_path), tmp_path / "registry")
    path = tmp_path / "registry" / "mine" / "data.npz"
    np.savez(path, allow_pickle=True, **_arrays(eval_y=np.array([1, 1, 1])))

    with pytest.raises(DatasetCorruptError) as caught:
        load("mine", data_dir=None, registry_dir=tmp_path / "registry")

    assert caught.value.file == path
    assert added.sha256 in caught.value.expected


def test_a_file_that_vanished_is_refused(tmp_path: Path) -> None:
    add("mine", _file(tmp_path), tmp_path / "registry")
    (tmp_path / "registry" / "mine" / "data.npz").unlink()

    with pytest.raises(DatasetCorruptError, match="found nothing"):
        load("mine", data_dir=None, registry_dir=tmp_path / "registry")


@pytest.mark.parametrize("contents", ["", "{}", json.dumps({"shape": {"name": 1}, "sha256": ""})])
def test_a_damaged_entry_is_logged_and_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, contents: str
) -> None:
    added = add("mine", _file(tmp_path), tmp_path / "registry")
    (tmp_path / "registry" / "broken").mkdir()
    (tmp_path / "registry" / "broken" / "meta.json").write_text(contents)

    with caplog.at_level(logging.WARNING):
        assert list_registered(tmp_path / "registry") == [added]

    assert "broken" in caplog.text
