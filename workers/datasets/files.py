"""Files with a known hash, read from a folder or downloaded from a mirror."""

import gzip
import hashlib
import io
import logging
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.datasets.errors import DatasetCorruptError

# To connect, short because a machine may have no network; and between two pieces of the answer.
_TIMEOUT_SECONDS = (5.0, 30.0)
# Bounds the memory that a small, malicious gzip file can take.
_MAX_BYTES = 256 * 2**20
_NO_POOCH = "the package pooch is missing (pip install 'fathom-sweeps[service]' installs it)"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose contents are known by their hash.

    Attributes:
        name: File name, uncompressed; ``<name>.gz`` is accepted in its place.
        sha256: Hash of the uncompressed bytes.
        packed_sha256: Hash of the ``.gz`` that the mirrors serve. One in a user's folder may be
            compressed otherwise.
    """

    name: str
    sha256: str
    packed_sha256: str


class FetchError(Exception):
    """No mirror served the file; ``reasons`` has one entry per mirror."""

    def __init__(self, name: str, reasons: tuple[str, ...]) -> None:
        super().__init__(name, reasons)
        self.name = name
        self.reasons = reasons


def find(file: KnownFile, folders: Sequence[Path]) -> bytes | None:
    """Return the uncompressed bytes from the first folder that has the file; None if none has.

    Raises:
        DatasetCorruptError: The contents of the file have another hash.
    """
    for folder in folders:
        for path in (folder / file.name, folder / f"{file.name}.gz"):
            if path.is_file():
                return _checked(path, file)
    return None


def fetch(file: KnownFile, mirrors: Sequence[str], keep_in: Path | None) -> bytes:
    """Return the file's uncompressed bytes from the first mirror that serves it intact.

    Each mirror is tried once, with a timeout of seconds.

    Args:
        file: The file; mirrors serve it compressed, as ``<name>.gz``.
        mirrors: Base addresses that end in a slash.
        keep_in: Folder that receives the compressed file, made if absent; None keeps
            nothing. A folder that cannot be written is no error.

    Raises:
        FetchError: No mirror served the file intact, or pooch is not installed.
    """
    try:
        import pooch  # Imported here: not needed on a machine that has the files.
    except ImportError as error:
        raise FetchError(file.name, (_NO_POOCH,)) from error
    pooch.get_logger().setLevel(logging.WARNING)  # It would print each download to stderr.
    downloader = pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS)
    packed = f"{file.name}.gz"
    reasons = []
    with _writable(keep_in) as folder:
        for url in (f"{mirror}{packed}" for mirror in mirrors):
            _log.info("downloading %s", url)
            try:
                path = pooch.retrieve(
                    url, file.packed_sha256, fname=packed, path=folder, downloader=downloader
                )
            except (OSError, ValueError) as error:  # Network or disk; wrong hash.
                reasons.append(f"{url}: {_root(error)}")
            else:
                return _checked(Path(path), file)
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


def _unpacked(packed: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
        # A longer file is cut here, and then has a wrong hash.
        return stream.read(_MAX_BYTES)


@contextmanager
def _writable(keep_in: Path | None) -> Iterator[Path]:
    """Yield the folder if it can be written, else a temporary one that is removed afterwards."""
    if keep_in is not None:
        try:
            keep_in.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=keep_in).close()
        except OSError as error:
            _log.warning("could not keep a download in %s for the next time: %s", keep_in, error)
        else:
            yield keep_in
            return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _root(error: Exception) -> BaseException:
    """Return the operating system's error that caused an error; it is the clearest message."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(inner)
    return next((each for each in reversed(chain) if isinstance(each, OSError)), error)
