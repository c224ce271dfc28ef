"""Registry of data sets that users add: a folder for each, with the file and its hash."""

import json
import logging
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from workers.contract import DatasetShape
from workers.datasets import npz
from workers.datasets.data import Data, Samples, prepare
from workers.datasets.errors import (
    DatasetCorruptError,
    DatasetExistsError,
    DatasetInvalidError,
    DatasetUnknownError,
)
from workers.datasets.files import file_sha256
from workers.datasets.names import NAME_RULE, is_name
from workers.datasets.well_known import KNOWN_SHAPES

_DATA = "data.npz"
_META = "meta.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A registered data set.

    Attributes:
        shape: Name and sizes.
        sha256: Hash of the npz file.
    """

    shape: DatasetShape
    sha256: str


def add(name: str, file: Path, registry_dir: Path) -> Registered:
    """Check an npz file, copy it to the registry, and return its entry.

    The copy is checked and hashed in a temporary folder, which is then renamed. A reader therefore
    sees all of the data set or nothing, and of two concurrent writers one gets the error.

    Args:
        name: New name, which `is_name` allows.
        file: The npz file; see `npz.read` for its contents.
        registry_dir: Folder of the registry; created if absent.

    Raises:
        DatasetExistsError: The name is taken.
        DatasetInvalidError: The name or the file is not allowed; every mistake is listed.
        OSError: The file cannot be read, or the registry cannot be written.
    """
    if not is_name(name):
        message = f"the name {name!r} is not allowed; allowed are {NAME_RULE}"
        raise DatasetInvalidError((message,))
    target = registry_dir / name
    if name in KNOWN_SHAPES or target.exists():
        raise DatasetExistsError(name)
    registry_dir.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".adding-", dir=registry_dir))
    try:
        found = _fill(aside, name, file)
        aside.chmod(0o755)  # With mkdtemp's 0700, workers of another user could not read it.
        try:
            aside.rename(target)
        except OSError as error:
            if target.exists():
                raise DatasetExistsError(name) from error
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return found


def load(name: str, registry_dir: Path | None) -> Data:
    """Return a registered data set.

    Raises:
        DatasetUnknownError: No data set has this name.
        DatasetCorruptError: The file has changed since it was added.
    """
    found = _read_meta(registry_dir / name) if registry_dir and is_name(name) else None
    if registry_dir is None or found is None:
        names = (known.shape.name for known in list_registered(registry_dir))
        raise DatasetUnknownError(name, (*KNOWN_SHAPES, *names))
    path = registry_dir / name / _DATA
    # Checked at every load: trials of a changed file would not be comparable with earlier ones.
    sha256 = file_sha256(path) if path.is_file() else "nothing"
    if sha256 != found.sha256:
        raise DatasetCorruptError(path, f"sha256 {found.sha256}", sha256)
    return prepare(npz.read(path), found.shape, sha256)


def list_registered(registry_dir: Path | None) -> list[Registered]:
    """Return all registered data sets, sorted by name.

    A folder that cannot be read is logged and left out.
    """
    if registry_dir is None or not registry_dir.is_dir():
        return []
    folders = (entry for entry in sorted(registry_dir.iterdir()) if is_name(entry.name))
    return [found for folder in folders if (found := _read_meta(folder)) is not None]


def _fill(folder: Path, name: str, file: Path) -> Registered:
    path = folder / _DATA
    shutil.copyfile(file, path)
    samples = npz.read(path)
    found = Registered(shape=_shape(name, samples), sha256=file_sha256(path))
    with np.errstate(over="ignore", invalid="ignore"):  # Infinities are refused below.
        data = prepare(samples, found.shape, found.sha256)
    if not (np.isfinite(data.train_x).all() and np.isfinite(data.eval_x).all()):
        # A dimension that hardly varies in train_x has a tiny deviation. Divided by it, a value of
        # eval_x can exceed float32.
        raise DatasetInvalidError(("standardised by train_x, some values leave float32",))
    meta = {"shape": asdict(found.shape), "sha256": found.sha256}
    (folder / _META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    return found


def _shape(name: str, samples: Samples) -> DatasetShape:
    return DatasetShape(
        name=name,
        n_inputs=samples.train_x.shape[1],
        n_classes=0 if samples.train_y is None else int(samples.train_y.max()) + 1,
        n_train=len(samples.train_x),
        n_eval=len(samples.eval_x),
    )


def _read_meta(folder: Path) -> Registered | None:
    path = folder / _META
    if not path.is_file():
        return None
    try:
        meta = json.loads(path.read_text(encoding="utf-8"))
        return Registered(shape=DatasetShape(**meta["shape"]), sha256=str(meta["sha256"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        _log.warning("%s cannot be read; its data set is left out: %s", path, error)
        return None
