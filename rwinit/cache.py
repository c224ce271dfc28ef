"""A cache of simulated results on disk, one small JSON file for each.

The cache never makes a call fail. A file that is missing, damaged or has another key counts as no
result, and errors of writing are ignored. Files are written under a temporary name and renamed, so
that readers see whole files only.
"""

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import platformdirs

CACHE_VARIABLE: Final = "RWINIT_CACHE_DIR"


def cache_folder(given: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder of the cache.

    Args:
        given: A folder; None takes the environment variable RWINIT_CACHE_DIR, and without it
            the folder ``rwinit`` in the user's cache folder, such as ``~/.cache`` on Linux.

    Returns:
        The folder, which need not exist, or None where the user has no home directory.
    """
    chosen = given or os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen)
    try:
        folder = platformdirs.user_cache_path("rwinit", appauthor=False)
    except RuntimeError:
        return None
    # Some versions of platformdirs return "~/.cache/rwinit" itself where there is no home.
    return folder if folder.is_absolute() else None


def recall(folder: Path | None, key: str, length: int) -> tuple[float, ...] | None:
    """Return the numbers stored under a key; None unless there are exactly ``length`` of them."""
    stored = recall_json(folder, key)
    try:
        # `stored` may be any value of JSON; anything but a list of numbers raises here.
        values = tuple(float(value) for value in stored)  # type: ignore[attr-defined]
    except (ValueError, TypeError, OverflowError):
        return None
    if len(values) != length or not all(math.isfinite(value) for value in values):
        return None
    return values


def store(folder: Path | None, key: str, values: Sequence[float]) -> None:
    """Store finite numbers under a key, if the folder can be written."""
    store_json(folder, key, list(values))


def recall_json(folder: Path | None, key: str) -> object:
    """Return the JSON value stored under a key; None where there is none."""
    if folder is None:
        return None
    try:
        content = json.loads((folder / _file_name(key)).read_text(encoding="utf-8"))
        # The file holds its key: two keys may have the same shortened hash.
        found: object = content["values"] if content["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found


def store_json(folder: Path | None, key: str, value: object) -> None:
    """Store a JSON value under a key, if the folder can be written."""
    if folder is None:
        return
    text = json.dumps({"key": key, "values": value})
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / _file_name(key), text)


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _file_name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40] + ".json"
