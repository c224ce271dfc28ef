import gzip
import hashlib
import io
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from workers.datasets import DatasetCorruptError
from workers.datasets.files import FetchError, KnownFile, fetch, find

CONTENTS = b"some bytes that are known"
KNOWN = KnownFile("some-file", hashlib.sha256(CONTENTS).hexdigest())
MIRRORS = ("https://one.example/", "https://two.example/")


def _serve(monkeypatch: pytest.MonkeyPatch, answers: Mapping[str, bytes]) -> list[str]:
    """Answer requests from a mapping by host, and return the list of requests to come."""
    asked: list[str] = []

    def urlopen(url: str, timeout: float) -> io.BytesIO:
        assert timeout > 0
        asked.append(url)
        for mirror, answer in answers.items():
            if url == f"{mirror}some-file.gz":
                return io.BytesIO(answer)
        raise urllib.error.URLError("unreachable")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def test_a_file_is_found_plain_or_compressed_in_the_first_folder_that_has_it(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    second.mkdir()
    (second / "some-file.gz").write_bytes(gzip.compress(CONTENTS))
    assert find(KNOWN, (first, second)) == CONTENTS

    first.mkdir()
    (first / "some-file").write_bytes(CONTENTS)
    (second / "some-file.gz").write_bytes(b"not looked at")
    assert find(KNOWN, (first, second)) == CONTENTS


def test_a_file_that_is_nowhere_is_none(tmp_path: Path) -> None:
    assert find(KNOWN, (tmp_path, tmp_path / "absent")) is None


def test_a_changed_file_is_named_with_the_hash_it_should_have_and_has(tmp_path: Path) -> None:
    (tmp_path / "some-file").write_bytes(b"other bytes")

    with pytest.raises(DatasetCorruptError) as caught:
        find(KNOWN, (tmp_path,))

    assert str(tmp_path / "some-file") in str(caught.value)
    assert KNOWN.sha256 in caught.value.expected
    assert hashlib.sha256(b"other bytes").hexdigest() in caught.value.found


@pytest.mark.parametrize("damage", [b"no gzip", gzip.compress(CONTENTS)[:-9]])
def test_a_damaged_gzip_is_corrupt(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "some-file.gz").write_bytes(damage)

    with pytest.raises(DatasetCorruptError, match=r"some-file\.gz"):
        find(KNOWN, (tmp_path,))


def test_a_download_is_kept_and_found_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _serve(monkeypatch, {MIRRORS[0]: gzip.compress(CONTENTS)})
    folder = tmp_path / "made" / "now"

    assert fetch(KNOWN, MIRRORS, folder) == CONTENTS
    assert [path.name for path in folder.iterdir()] == ["some-file.gz"]
    assert find(KNOWN, (folder,)) == CONTENTS


@pytest.mark.parametrize("answer", [None, b"no gzip", gzip.compress(b"another file")])
def test_the_second_mirror_is_asked_when_the_first_does_not_give_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    answers = {} if answer is None else {MIRRORS[0]: answer}
    asked = _serve(monkeypatch, {**answers, MIRRORS[1]: gzip.compress(CONTENTS)})

    assert fetch(KNOWN, MIRRORS, tmp_path) == CONTENTS
    assert asked == [f"{mirror}some-file.gz" for mirror in MIRRORS]


def test_nothing_is_kept_of_a_wrong_download_and_every_mirror_gives_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _serve(monkeypatch, {MIRRORS[0]: gzip.compress(b"another file")})

    with pytest.raises(FetchError) as caught:
        fetch(KNOWN, MIRRORS, tmp_path)

    wrong, unreachable = caught.value.reasons
    assert KNOWN.sha256 in wrong
    assert "unreachable" in unreachable
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _serve(monkeypatch, {MIRRORS[0]: gzip.compress(CONTENTS)})
    (tmp_path / "file").write_text("in the way")

    with caplog.at_level(logging.WARNING):
        assert fetch(KNOWN, MIRRORS, tmp_path / "file" / "folder") == CONTENTS

    assert "could not keep" in caplog.text
