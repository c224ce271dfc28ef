import gzip
import hashlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workers.datasets import DatasetCorruptError, files
from workers.datasets.files import FetchError, KnownFile, fetch, find

CONTENTS = b"some bytes that are known"
PACKED = gzip.compress(CONTENTS, mtime=0)
KNOWN = KnownFile(
    "some-file",
    sha256=hashlib.sha256(CONTENTS).hexdigest(),
    packed_sha256=hashlib.sha256(PACKED).hexdigest(),
)


@dataclass
class Mirrors:
    """Two mirrors, of which each serves the file if it is given an answer.

    Attributes:
        url: Where they listen.
        answers: What a mirror sends, by its name; None accepts a request and sends nothing.
        asked: Paths of the requests so far.
    """

    url: str
    answers: dict[str, bytes | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def all(self) -> tuple[str, str]:
        return f"{self.url}/one/", f"{self.url}/two/"


@pytest.fixture
def mirrors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirrors]:
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            serving.asked.append(self.path)
            _, mirror, name = self.path.split("/")
            answer = serving.answers.get(mirror, b"")
            if answer is None:
                done.wait(10)
                return
            self.send_response(200 if answer and name == "some-file.gz" else 404)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = Mirrors(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield serving
        done.set()
        server.shutdown()
        thread.join()


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


def test_a_download_is_kept_and_found_the_next_time(mirrors: Mirrors, tmp_path: Path) -> None:
    mirrors.answers["one"] = PACKED
    folder = tmp_path / "made" / "now"

    assert fetch(KNOWN, mirrors.all, folder) == CONTENTS
    assert [path.name for path in folder.iterdir()] == ["some-file.gz"]
    assert find(KNOWN, (folder,)) == CONTENTS


def test_a_download_without_a_folder_leaves_nothing(
    mirrors: Mirrors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mirrors.answers["one"] = PACKED

    assert fetch(KNOWN, mirrors.all, None) == CONTENTS
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("answer", [b"", b"no gzip", gzip.compress(b"another file"), PACKED[:-9]])
def test_the_second_mirror_is_asked_once_when_the_first_does_not_give_the_file(
    mirrors: Mirrors, tmp_path: Path, answer: bytes
) -> None:
    mirrors.answers |= {"one": answer, "two": PACKED}

    assert fetch(KNOWN, mirrors.all, tmp_path) == CONTENTS
    assert mirrors.asked == ["/one/some-file.gz", "/two/some-file.gz"]


def test_nothing_is_kept_of_a_wrong_download_and_every_mirror_gives_its_reason(
    mirrors: Mirrors, tmp_path: Path
) -> None:
    mirrors.answers["one"] = gzip.compress(b"another file")

    with pytest.raises(FetchError) as caught:
        fetch(KNOWN, mirrors.all, tmp_path)

    wrong, absent = caught.value.reasons
    assert f"{mirrors.url}/one/some-file.gz" in wrong
    assert KNOWN.packed_sha256 in wrong
    assert "404" in absent
    assert list(tmp_path.iterdir()) == []


def test_a_mirror_that_stalls_is_given_up(
    mirrors: Mirrors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_TIMEOUT_SECONDS", (5.0, 0.1))
    mirrors.answers |= {"one": None, "two": PACKED}
    start = time.monotonic()

    assert fetch(KNOWN, mirrors.all, tmp_path) == CONTENTS
    assert time.monotonic() - start < 5


def test_without_a_network_each_mirror_says_so_in_a_few_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    mirror = f"http://127.0.0.1:{port}/"

    with pytest.raises(FetchError) as caught:
        fetch(KNOWN, (mirror,), tmp_path)

    (reason,) = caught.value.reasons
    assert reason.startswith(f"{mirror}some-file.gz: ")
    assert reason.endswith("Connection refused")
    assert len(reason) < 100


def test_a_machine_without_pooch_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)

    with pytest.raises(FetchError) as caught:
        fetch(KNOWN, ("http://127.0.0.1:9/",), tmp_path)

    (reason,) = caught.value.reasons
    assert "pooch" in reason
    assert "fathom-sweeps[service]" in reason


def test_a_folder_that_cannot_be_written_costs_only_the_copy(
    mirrors: Mirrors, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mirrors.answers["one"] = PACKED
    (tmp_path / "file").write_text("in the way")

    with caplog.at_level(logging.WARNING):
        assert fetch(KNOWN, mirrors.all, tmp_path / "file" / "folder") == CONTENTS

    assert "could not keep" in caplog.text


def test_a_download_prints_nothing(
    mirrors: Mirrors, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mirrors.answers["one"] = PACKED

    fetch(KNOWN, mirrors.all, tmp_path)

    assert capfd.readouterr() == ("", "")
