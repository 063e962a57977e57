"""Files that are not what was asked for: one clear message each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netsuke.errors import ImportModelError
from netsuke.importers import load_tflite, read_model_file
from netsuke.importers.file import MAX_FILE_BYTES, looks_like


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        (b"\x89HDF\r\n\x1a\n....", "HDF5"),
        (b"\x7fELF\x01\x01\x01\x00", "ELF"),
        (b"PK\x03\x04........archive/data.pkl", "PyTorch"),
        (b"PK\x03\x04........config.json", "Keras 3"),
        (b"PK\x03\x04........notes.txt", "zip archive"),
        (b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j", "old PyTorch"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (b"\x08\x08:\x9c\x01\n", "ONNX"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"\x93NUMPY\x01\x00", "numpy"),
        (b"GGUF\x03\x00\x00\x00", "GGUF"),
        (b"\x20\x00\x00\x00ET12....", "ExecuTorch"),
        (b"<!doctype html><html>", "HTML"),
        (b'{"layers": []}', "JSON"),
    ],
)
def test_another_format_is_called_by_its_name(start: bytes, wanted: str) -> None:
    with pytest.raises(ImportModelError, match=wanted):
        load_tflite(start, "model")


@pytest.mark.parametrize(
    "data", [b"", b"T", b"\x00" * 7, b"\x00" * 4096, b"hello, world", bytes(range(100, 200))]
)
def test_bytes_of_no_known_format(data: bytes) -> None:
    assert looks_like(data) is None
    with pytest.raises(ImportModelError, match=r"not a \.tflite model"):
        load_tflite(data, "model")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImportModelError, match="check the path"):
        read_model_file(tmp_path / "none.tflite")


def test_folder_and_saved_model(tmp_path: Path) -> None:
    with pytest.raises(ImportModelError, match="is a folder"):
        read_model_file(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(ImportModelError, match="SavedModel"):
        read_model_file(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.tflite").touch()
    with pytest.raises(ImportModelError, match="is empty"):
        read_model_file(tmp_path / "empty.tflite")


def test_two_gigabytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.tflite"
    with huge.open("wb") as file:
        file.truncate(2 << 30)  # sparse on disk
    with pytest.raises(ImportModelError, match=f"{MAX_FILE_BYTES:,}"):
        read_model_file(huge)


def test_a_device_is_not_read() -> None:
    with pytest.raises(ImportModelError, match="not a regular file"):
        read_model_file(Path(os.devnull))


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"content")
    assert read_model_file(tmp_path / "m.tflite") == b"content"
