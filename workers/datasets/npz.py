"""Reading and checking of a user's npz file."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.datasets.data import Samples
from workers.datasets.errors import DatasetInvalidError

_REQUIRED = ("train_x", "eval_x")
_LABELS = ("train_y", "eval_y")
_LARGEST = 1e100  # Squares of inputs must stay finite in float64.

Arrays = dict[str, NDArray[Any]]


def read(file: Path) -> Samples:
    """Return the samples of an npz file, inputs flattened to one row each.

    Args:
        file: Contains ``train_x`` and ``eval_x``, finite real numbers of shape ``(n, ...)``, and
            optionally both ``train_y`` and ``eval_y``, integers 0..C-1 of shape ``(n,)``.

    Raises:
        DatasetInvalidError: The file has other contents; every mistake found is listed.
        OSError: The file cannot be opened.
    """
    arrays, mistakes = _arrays(file)
    for name in _REQUIRED:
        if name in arrays:
            mistakes += _input_mistakes(name, arrays[name])
    for name in _LABELS:
        if name in arrays:
            mistakes += _label_mistakes(name, arrays[name])
    # Arrays are compared only if each is valid; the messages would be misleading otherwise.
    mistakes = mistakes or _pair_mistakes(arrays)
    if mistakes:
        raise DatasetInvalidError(tuple(mistakes))
    return _samples(arrays)


def _arrays(file: Path) -> tuple[Arrays, list[str]]:
    # Opened here, because `np.load` does not close a file that is not an archive.
    with file.open("rb") as stream:
        try:
            # No pickles: loading one can run any code.
            archive = np.load(stream, allow_pickle=False)
        except (ValueError, EOFError, zipfile.BadZipFile) as error:
            raise DatasetInvalidError((f"{file.name} is not an npz file ({error})",)) from error
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DatasetInvalidError((f"{file.name} is a single array, not an npz file",))
        with archive:
            return _read_archive(archive)


def _read_archive(archive: np.lib.npyio.NpzFile) -> tuple[Arrays, list[str]]:
    allowed = (*_REQUIRED, *_LABELS)
    arrays: Arrays = {}
    mistakes = [f"{name} is missing" for name in _REQUIRED if name not in archive.files]
    for name in archive.files:
        if name not in allowed:
            mistakes.append(f"{name!r} is not allowed; the arrays are {', '.join(allowed)}")
            continue
        try:
            arrays[name] = archive[name]
        except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
            mistakes.append(f"{name} cannot be read ({error})")
    if ("train_y" in archive.files) != ("eval_y" in archive.files):
        mistakes.append("train_y and eval_y must both be given or both be left out")
    return arrays, mistakes


def _input_mistakes(name: str, x: NDArray[Any]) -> list[str]:
    if x.dtype.kind not in "biuf":
        return [f"{name} has type {x.dtype}; allowed are real numbers"]
    if x.ndim < 2 or 0 in x.shape[1:]:
        return [f"{name} has shape {x.shape}; allowed is (samples, dimensions, ...)"]
    mistakes = []
    least = 2 if name == "train_x" else 1
    if len(x) < least:
        mistakes.append(f"{name} has {len(x)} samples; at least {least} are needed")
    if x.dtype.kind == "f":
        with np.errstate(over="ignore"):  # A long double may become inf; it is refused below.
            # In float64, because half precision cannot hold the bound.
            bad = int(np.count_nonzero(~(np.abs(x.astype(np.float64)) <= _LARGEST)))
        if bad:
            mistakes.append(f"{name} has {bad} values that are not finite or above {_LARGEST}")
    return mistakes


def _label_mistakes(name: str, y: NDArray[Any]) -> list[str]:
    mistakes = []
    if y.dtype.kind not in "iu":
        mistakes.append(f"{name} has type {y.dtype}; allowed are integers")
    if y.ndim != 1:
        mistakes.append(f"{name} has shape {y.shape}; allowed is (samples,)")
    return mistakes


def _pair_mistakes(arrays: Arrays) -> list[str]:
    mistakes = []
    train, held_out = (arrays[name].shape for name in _REQUIRED)
    if train[1:] != held_out[1:]:
        mistakes.append(f"a sample has shape {train[1:]} in train_x but {held_out[1:]} in eval_x")
    if "train_y" not in arrays:
        return mistakes
    for x, y in zip(_REQUIRED, _LABELS, strict=True):
        if len(arrays[x]) != len(arrays[y]):
            mistakes.append(f"{x} has {len(arrays[x])} samples but {y} {len(arrays[y])}")
    return mistakes + _class_mistakes(arrays["train_y"], arrays["eval_y"])


def _class_mistakes(train_y: NDArray[Any], eval_y: NDArray[Any]) -> list[str]:
    seen = np.unique(train_y)
    if len(seen) < 2:
        return [f"train_y has {len(seen)} classes; at least 2 are needed"]
    if not np.array_equal(seen, np.arange(len(seen))):
        return [
            f"train_y has {len(seen)} labels from {seen[0]} to {seen[-1]}; "
            f"allowed are 0 to {len(seen) - 1}, each at least once"
        ]
    unseen = np.setdiff1d(eval_y, seen)
    if len(unseen):
        return [f"eval_y has the label {unseen[0]}; train_y has 0 to {len(seen) - 1}"]
    return []


def _samples(arrays: Arrays) -> Samples:
    train_x, eval_x = (arrays[name] for name in _REQUIRED)
    return Samples(
        train_x=train_x.reshape(len(train_x), -1),
        train_y=arrays.get("train_y"),
        eval_x=eval_x.reshape(len(eval_x), -1),
        eval_y=arrays.get("eval_y"),
    )
