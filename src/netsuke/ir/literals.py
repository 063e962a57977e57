"""Tokens and values of the text form: what `text` prints and `parse` reads."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir.dtype import Array, DType

MAX_INLINE_ELEMENTS = 16
"""Constants of at most so many elements are written out; longer ones are compressed."""

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*", re.ASCII)
_RESERVED = {"_", "inf", "nan", "None", "True", "False"}
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#.*)
      |(?P<string>"(?:[^"\\]|\\.)*")
      |(?P<number>-?(?:inf|nan)\b|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?f?)
      |(?P<name>[A-Za-z_][A-Za-z0-9_./]*)
      |(?P<punctuation>[()\[\],:=@?])""",
    re.VERBOSE | re.ASCII,
)


class Kind(Enum):
    """What a token is."""

    STRING = "string"
    NUMBER = "number"
    NAME = "name"
    PUNCTUATION = "punctuation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word of a line, as written."""

    kind: Kind
    text: str


def tokens(line: str) -> Iterator[Token]:
    """The words of a line, without spaces and the comment.

    Raises:
        GraphError: at the first character that begins no word.
    """
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise GraphError(
                f"got {line[at : at + 12]!r}, which begins no word; quote a name that has such characters"
            )
        if match.lastgroup != "space":
            yield Token(kind=Kind(match.lastgroup), text=match.group())
        at = match.end()


def print_name(name: str) -> str:
    """A name as it is where that can be read back, else quoted."""
    if _BARE.fullmatch(name) and name not in _RESERVED:
        return name
    return json.dumps(name)


def read_string(text: str) -> str:
    """The string that a quoted word stands for.

    Raises:
        GraphError: for an escape that JSON does not have.
    """
    try:
        return str(json.loads(text))
    except ValueError as error:
        raise GraphError(f"got the string {text[:40]}, which is not a JSON string: {error}") from None


def print_number(value: float) -> str:
    """A float so that it is read back to the bit: `0.1f` is the float32 nearest 0.1, `0.1` the float64."""
    exact = repr(value)
    if not math.isfinite(value) or abs(value) > _FLOAT32_MAX:
        return exact
    short = f"{np.float32(value)!s}f"
    return short if len(short) < len(exact) and read_number(short) == value else exact


def read_number(text: str) -> int | float:
    """The number that a word stands for.

    Raises:
        GraphError: when it stands for none.
    """
    try:
        if text.endswith("f") and not text.endswith("inf"):
            return float(np.float32(float(text[:-1])))
        return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
    except ValueError:
        raise GraphError(f"got {text!r}; a number was wanted") from None


def print_data(data: Array) -> str:
    """An array's value: `fill(v)`, `[a, b, ...]`, or `zip("...")` (base64 of zlib of little-endian bytes)."""
    flat = data.ravel()
    if flat.size and not np.isnan(flat).any():
        words = [_print_element(value) for value in flat[: MAX_INLINE_ELEMENTS + 1]]
        if flat.size > 1 and flat.tobytes() == flat[:1].tobytes() * flat.size:
            return f"fill({words[0]})"
        if flat.size <= MAX_INLINE_ELEMENTS:
            return f"[{', '.join(words)}]"
    raw = np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("<")).tobytes()
    return f'zip("{base64.b64encode(zlib.compress(raw, 9)).decode()}")'


def _print_element(value: np.generic) -> str:
    if isinstance(value, np.bool_ | np.integer):
        return str(value)
    return print_number(float(value))


def array_of(values: list[int | float | bool], shape: tuple[int, ...], dtype: DType) -> Array:
    """The array that a list of elements stands for.

    Raises:
        GraphError: when the count is not the shape's, or an element is not of the type.
    """
    count = int(np.prod(shape, dtype=np.int64))
    if len(values) != count:
        raise GraphError(f"got {len(values)} elements; {dtype.value}{list(shape)} has {count}")
    for value in values:
        _check_element(value, dtype)
    return np.array(values, dtype=dtype.numpy).reshape(shape)


def filled(value: int | float | bool, shape: tuple[int, ...], dtype: DType) -> Array:
    """The array whose elements are all the same.

    Raises:
        GraphError: when the element is not of the type.
    """
    _check_element(value, dtype)
    return np.full(shape, value, dtype=dtype.numpy)


def _check_element(value: int | float | bool, dtype: DType) -> None:
    if dtype is DType.BOOL or isinstance(value, bool):
        good = dtype is DType.BOOL and isinstance(value, bool)
    elif dtype.is_integer:
        good = isinstance(value, int) and dtype.range[0] <= value <= dtype.range[1]
    else:
        good = True
    if not good:
        raise GraphError(f"got the element {value!r}; {dtype.value} was wanted")


def unzipped(text: str, shape: tuple[int, ...], dtype: DType) -> Array:
    """The array that a compressed constant stands for.

    Raises:
        GraphError: when it cannot be read, or holds another number of bytes than the shape.
    """
    wanted = int(np.prod(shape, dtype=np.int64)) * dtype.size
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(base64.b64decode(text, validate=True), wanted + 1)
    except (binascii.Error, zlib.error, ValueError):
        raise GraphError("got a zip that cannot be read; base64 of zlib was wanted") from None
    if len(raw) != wanted:
        got = "more" if len(raw) > wanted else str(len(raw))
        raise GraphError(f"got a zip of {got} bytes; {dtype.value}{list(shape)} has {wanted}")
    little = np.frombuffer(raw, dtype=dtype.numpy.newbyteorder("<"))
    return little.astype(dtype.numpy).reshape(shape)
