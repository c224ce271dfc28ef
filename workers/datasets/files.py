"""Bytes with a known hash: found in a folder, else fetched from a mirror and kept there."""

import contextlib
import gzip
import hashlib
import io
import logging
import os
import tempfile
import urllib.request
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workers.datasets.errors import DatasetCorruptError

_TIMEOUT_SECONDS = 30.0
_MAX_BYTES = 256 * 2**20  # bounds what a wrong mirror can make this process hold

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose contents are known by their hash.

    Attributes:
        name: File name, uncompressed; ``<name>.gz`` is accepted in its place.
        sha256: Hash of the uncompressed bytes.
    """

    name: str
    sha256: str


class FetchError(Exception):
    """No mirror gave the file; ``reasons`` has one entry per mirror."""

    def __init__(self, name: str, reasons: tuple[str, ...]) -> None:
        super().__init__(name, reasons)
        self.name = name
        self.reasons = reasons


def find(file: KnownFile, folders: Sequence[Path]) -> bytes | None:
    """Return the file's uncompressed bytes from the first folder that has it, else None.

    Raises:
        DatasetCorruptError: The file is there, and its contents are not the known ones.
    """
    for folder in folders:
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                return _checked(path, file)
    return None


def fetch(file: KnownFile, mirrors: Sequence[str], keep_in: Path | None) -> bytes:
    """Return the file's uncompressed bytes from the first mirror that serves it intact.

    Args:
        file: What to get; mirrors hold it compressed, as ``<name>.gz``.
        mirrors: Base addresses that end in a slash.
        keep_in: Folder that receives the compressed file, made if absent; None keeps
            nothing. A folder that cannot be written is no error.

    Raises:
        FetchError: No mirror did.
    """
    reasons = []
    for mirror in mirrors:
        url = f"{mirror}{file.name}.gz"
        try:
            packed = _download(url)
            plain = _unpacked(packed)
        except (OSError, EOFError, zlib.error) as error:
            reasons.append(f"{url}: {error}")
            continue
        found = hashlib.sha256(plain).hexdigest()
        if found != file.sha256:
            reasons.append(f"{url}: sha256 is {found}, not {file.sha256}")
            continue
        if keep_in is not None:
            _keep(packed, keep_in / f"{file.name}.gz")
        return plain
    raise FetchError(file.name, tuple(reasons))


def file_sha256(path: Path) -> str:
    """Return the hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checked(path: Path, file: KnownFile) -> bytes:
    expected = f"sha256 {file.sha256}"
    raw = path.read_bytes()
    try:
        plain = _unpacked(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetCorruptError(path, expected, f"no readable gzip ({error})") from error
    found = hashlib.sha256(plain).hexdigest()
    if found != file.sha256:
        raise DatasetCorruptError(path, expected, f"sha256 {found}")
    return plain


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
        packed: bytes = response.read(_MAX_BYTES)
    return packed


def _unpacked(packed: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
        return stream.read(_MAX_BYTES)


def _keep(packed: bytes, path: Path) -> None:
    """Write the file aside and rename it, so that no reader sees half of it."""
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
            aside = Path(stream.name)
            stream.write(packed)
        os.replace(aside, path)
    except OSError as error:
        _log.warning("could not keep %s for the next time: %s", path, error)
        if aside is not None:
            with contextlib.suppress(OSError):
                aside.unlink()
