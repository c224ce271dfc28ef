import hashlib
import os
import shutil
import socket
import struct
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pooch
import pytest

from workers.datasets import (
    KNOWN_SHAPES,
    DatasetCorruptError,
    DatasetUnavailableError,
    load,
    mnist,
)

DATA_DIR = os.environ.get("FATHOM_DATA_DIR")
needs_files = pytest.mark.skipif(DATA_DIR is None, reason="FATHOM_DATA_DIR is not set")


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*address: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "no network here")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_an_idx_file_is_read_row_by_row() -> None:
    images = struct.pack(">4i", 0x803, 2, 1, 3) + bytes([1, 2, 3, 4, 5, 255])
    labels = struct.pack(">2i", 0x801, 2) + bytes([7, 9])

    assert mnist.images(images).tolist() == [[1, 2, 3], [4, 5, 255]]
    assert mnist.labels(labels).tolist() == [7, 9]


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("with_folder", [True, False])
def test_without_files_and_network_the_error_says_what_to_do(
    tmp_path: Path, with_folder: bool
) -> None:
    with pytest.raises(DatasetUnavailableError) as caught:
        load("mnist", data_dir=tmp_path if with_folder else None, registry_dir=None)

    message = str(caught.value)
    assert "FATHOM_DATA_DIR" in message
    assert "no network here" in message
    for file in mnist.FILES:
        assert file.name in message


@pytest.mark.usefixtures("no_network")
def test_a_wrong_file_in_the_folder_is_refused_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"wrong")

    with pytest.raises(DatasetCorruptError, match="train-images-idx3-ubyte"):
        load("mnist", data_dir=tmp_path, registry_dir=None)

    assert (tmp_path / "train-images-idx3-ubyte").read_bytes() == b"wrong"


@needs_files
@pytest.mark.usefixtures("no_network")
def test_mnist_is_read_from_the_users_folder_without_pooch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)

    data = load("mnist", data_dir=Path(str(DATA_DIR)), registry_dir=None)

    assert data.shape == KNOWN_SHAPES["mnist"]
    assert data.train_x.shape == (60_000, 784)
    assert data.train_x.dtype == np.float32
    assert data.eval_y is not None
    assert data.eval_y[:5].tolist() == [7, 2, 1, 0, 4]
    assert not data.train_x[:, 0].any()  # a corner pixel that is never set
    deviations = data.train_x.std(axis=0, dtype=np.float64)
    assert np.isclose(deviations, 0.0).sum() == 67
    assert np.isclose(deviations, 1.0, atol=1e-5).sum() == 784 - 67


@needs_files
def test_mnist_is_downloaded_to_a_subfolder_and_the_download_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = next(Path(str(DATA_DIR)).rglob("t10k-labels-idx1-ubyte.gz"), None)
    if source is None:
        pytest.skip("the files are not compressed")
    packed = source.read_bytes()

    def download(self: pooch.HTTPDownloader, url: str, output_file: str, asking: object) -> None:
        Path(output_file).write_bytes(packed)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)
    # The user's file may be compressed otherwise than the mirrors'.
    file = replace(mnist.EVAL_LABELS, packed_sha256=hashlib.sha256(packed).hexdigest())

    first = mnist.obtain(file, tmp_path)
    shutil.copy(tmp_path / "mnist" / source.name, tmp_path / source.name)
    monkeypatch.delattr(pooch.HTTPDownloader, "__call__")

    assert mnist.obtain(file, tmp_path) == first
    assert len(mnist.labels(first)) == 10_000
