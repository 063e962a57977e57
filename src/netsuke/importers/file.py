"""Reading a model file from disk: its size is checked first, and another format is called by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netsuke.errors import ImportModelError

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Far above what any microcontroller holds; a larger file is refused before it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A format known by bytes at a fixed place."""

    magic: bytes
    at: int = 0
    is_a: str
    advice: str


SAY_ONNX = (
    "give netsuke.load(module, example_inputs) the module itself, or write it with torch.export.save as .pt2"
)
TO_TFLITE = "convert it to .tflite (tf.lite.TFLiteConverter)"
LOOKS = (
    Look(magic=b"\x89HDF\r\n\x1a\n", is_a="an HDF5 file (Keras .h5)", advice=TO_TFLITE),
    Look(magic=b"\x7fELF", is_a="an ELF program or library", advice="give the model, not the firmware of it"),
    Look(magic=b"\x80\x02\x8a\x0al\xfc\x9cF\xf9", is_a="an old PyTorch checkpoint", advice=SAY_ONNX),
    Look(magic=b"version https://git-lfs", is_a="a Git LFS pointer", advice="run `git lfs pull`"),
    Look(magic=b"\x1f\x8b", is_a="a gzip archive", advice="unpack it first"),
    Look(magic=b"\x93NUMPY", is_a="a numpy array", advice="give the model; arrays are --inputs"),
    Look(magic=b"GGUF", is_a="a GGUF language model", advice="netsuke reads .tflite, .onnx and .pt2"),
    Look(magic=b"ET12", at=4, is_a="an ExecuTorch program", advice=SAY_ONNX),
    Look(magic=b"<!DOCTYPE", is_a="an HTML page", advice="download the file itself"),
    Look(magic=b"<html", is_a="an HTML page", advice="download the file itself"),
    Look(magic=b"{", is_a="JSON text", advice="give the model in its binary form"),
)  # fmt: skip


def looks_like(data: bytes) -> str | None:
    """What bytes that are not a .tflite file look like, and what to do about it; None when nothing is
    known.
    """
    for look in LOOKS:
        if data[look.at : look.at + len(look.magic)].lower() == look.magic.lower():
            return f"it looks like {look.is_a}: {look.advice}"
    if data[:4] == b"PK\x03\x04":
        return f"it looks like {zip_kind(data)}"
    if is_onnx(data):
        return "it looks like an ONNX model: give it the ending .onnx"
    return None


def zip_kind(data: bytes) -> str:
    """Which zip archive: the names of its entries lie in the open at its start."""
    head = data[:4096]
    if b"data.pkl" in head or b"/version" in head:
        return f"a PyTorch checkpoint (zip): {SAY_ONNX}"
    if b"config.json" in head or b"metadata.json" in head:
        return f"a Keras 3 model (zip): {TO_TFLITE}"
    return "a zip archive: unpack it first"


def is_onnx(data: bytes) -> bool:
    """A protobuf that starts with ir_version (field 1, a small number) and goes on with a known field of
    ModelProto.
    """
    later_fields = (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42)
    return len(data) > 3 and data[0] == 0x08 and 1 <= data[1] <= 40 and data[2] in later_fields


def read_model_file(path: Path) -> bytes:
    """The file's bytes.

    Raises:
        ImportModelError: when it is missing, a folder, empty, or larger than MAX_FILE_BYTES.
    """
    try:
        if path.is_dir():
            raise ImportModelError(folder_message(path))
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImportModelError(
                f"{path.name} has {size:,} bytes; netsuke reads models up to {MAX_FILE_BYTES:,}. "
                "Nothing of that size fits a microcontroller: give a smaller model"
            )
        if not path.is_file():
            raise ImportModelError(f"{path.name} is not a regular file; give the path of a model file")
        data = path.read_bytes()
    except OSError as error:
        raise ImportModelError(f"cannot read {path}: {error.strerror or error}; check the path") from None
    if not data:
        raise ImportModelError(f"{path.name} is empty; a model file was wanted")
    return data


def folder_message(path: Path) -> str:
    """A folder where a file was wanted."""
    if (path / "saved_model.pb").exists():
        return f"{path.name} is a TensorFlow SavedModel folder: {TO_TFLITE}"
    return f"{path.name} is a folder; give the path of a model file"
