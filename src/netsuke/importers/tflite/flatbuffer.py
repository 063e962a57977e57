"""Flatbuffer tables read with every offset and length held against the file first.

A file from anywhere may be cut, flipped or made to harm. Nothing here trusts an offset: a read outside the
file, or a vector longer than it, is one ImportModelError, never another exception, and nothing is allocated
before its size is known.
"""

from __future__ import annotations

import struct
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from netsuke.errors import ImportModelError
from netsuke.importers.tflite.options import Options, Wire
from netsuke.ir import Array

T = TypeVar("T", bound=Options)

UINT16 = struct.Struct("<H")
INT32 = struct.Struct("<i")
UINT32 = struct.Struct("<I")
UINT64 = struct.Struct("<Q")
FLOAT32 = struct.Struct("<f")
INT8 = struct.Struct("<b")
UINT8 = struct.Struct("<B")

VTABLE_HEADER = 4
"""Two uint16: the vtable's bytes, the table's bytes."""
MAX_STRING = 4096
MAX_NUMBERS = 1 << 24
"""Numbers in one vector that becomes Python objects."""


SHARING = 2
"""How often a byte may be read on average."""
FREE = 4096
"""What a tiny file may read beside that."""


class Malformed(ImportModelError):  # noqa: N818
    """Bytes that cannot be a flatbuffer of the schema."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the file is damaged: {what}. Copy or export the model again")


class Source:
    """A file's bytes, and how many numbers, characters and tables may still be taken from them.

    In an honest file nothing is referred to many times over; one that shares its lists could otherwise ask
    for work far beyond its size.
    """

    __slots__ = ("data", "left")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = SHARING * len(data) + FREE

    def spend(self, count: int) -> None:
        """Takes `count` things."""
        self.left -= count
        if self.left < 0:
            raise Malformed("its lists refer to the same bytes again and again")


class Table:
    """One table of a flatbuffer. Slots are the schema's field numbers; a field that is absent gives its
    default.
    """

    __slots__ = ("_at", "_data", "_size", "_source", "_vtable", "_vtable_size")

    def __init__(self, source: Source, at: int) -> None:
        data = source.data
        self._source = source
        self._data = data
        self._at = at
        self._vtable = at - self._unpack(INT32, at)
        self._vtable_size = self._unpack(UINT16, self._vtable)
        self._size = self._unpack(UINT16, self._vtable + 2)
        if self._vtable_size < VTABLE_HEADER or self._vtable + self._vtable_size > len(data):
            raise Malformed(f"the table at byte {at} has a field list of {self._vtable_size} bytes")
        if at + self._size > len(data):
            raise Malformed(f"the table at byte {at} ends outside the file")

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The file's root table."""
        if len(data) < 8:
            raise Malformed(f"it has {len(data)} bytes, less than a flatbuffer's header")
        return cls(Source(data), UINT32.unpack_from(data, 0)[0])

    def int8(self, slot: int, default: int = 0) -> int:
        """A signed byte."""
        return int(self._scalar(slot, INT8, default))

    def uint8(self, slot: int, default: int = 0) -> int:
        """An unsigned byte."""
        return int(self._scalar(slot, UINT8, default))

    def flag(self, slot: int, default: bool = False) -> bool:
        """A bool."""
        return bool(self._scalar(slot, UINT8, default))

    def int32(self, slot: int, default: int = 0) -> int:
        """A signed 32-bit integer."""
        return int(self._scalar(slot, INT32, default))

    def uint32(self, slot: int, default: int = 0) -> int:
        """An unsigned 32-bit integer."""
        return int(self._scalar(slot, UINT32, default))

    def uint64(self, slot: int, default: int = 0) -> int:
        """An unsigned 64-bit integer."""
        return int(self._scalar(slot, UINT64, default))

    def float32(self, slot: int, default: float = 0.0) -> float:
        """A float."""
        return float(self._scalar(slot, FLOAT32, default))

    def table(self, slot: int) -> Table | None:
        """A table of its own."""
        at = self._target(slot)
        return None if at is None else Table(self._source, at)

    def tables(self, slot: int, limit: int) -> list[Table]:
        """A vector of tables, at most `limit`."""
        start, count = self._vector(slot, 4)
        if count > limit:
            raise Malformed(f"a list has {count:,} entries; at most {limit:,} were expected")
        self._source.spend(4 * count)
        places = range(start, start + 4 * count, 4)
        return [Table(self._source, at + self._unpack(UINT32, at)) for at in places]

    def string(self, slot: int) -> str:
        """A string; bytes that are not UTF-8 are replaced."""
        start, count = self._vector(slot, 1)
        if count > MAX_STRING:
            raise Malformed(f"a name has {count:,} bytes; at most {MAX_STRING:,} were expected")
        self._source.spend(count)
        return self._data[start : start + count].decode("utf-8", "replace")

    def numbers(self, slot: int, dtype: str, limit: int = MAX_NUMBERS) -> Array:
        """A vector of numbers as a read-only view of the file."""
        kind = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(slot, kind.itemsize)
        if count > limit:
            raise Malformed(f"a list has {count:,} numbers; at most {limit:,} were expected")
        self._source.spend(count)
        return np.frombuffer(self._data, kind, count, start) if count else np.zeros(0, kind)

    def content(self, slot: int) -> Array:
        """A vector of bytes of any length as a read-only view of the file."""
        start, count = self._vector(slot, 1)
        return np.frombuffer(self._data, np.uint8, count, start) if count else np.zeros(0, np.uint8)

    def int32s(self, slot: int, limit: int) -> tuple[int, ...]:
        """A vector of int32, at most `limit`."""
        return tuple(int(v) for v in self.numbers(slot, "int32", limit))

    def options(self, cls: type[T], limit: int = 64) -> T:
        """This table as a dataclass of options; vectors hold at most `limit` numbers."""
        values: dict[str, Any] = {}
        for slot, f in enumerate(fields(cls)):  # type: ignore[arg-type]
            values[f.name] = self._option(slot, f.metadata["wire"], f.default, limit)
        return cls(**values)

    def _option(self, slot: int, wire: Wire, default: Any, limit: int) -> object:
        match wire:
            case Wire.INT8:
                return self.int8(slot, default)
            case Wire.INT32:
                return self.int32(slot, default)
            case Wire.FLOAT32:
                return self.float32(slot, default)
            case Wire.BOOL:
                return self.flag(slot, default)
            case Wire.INT32S:
                return self.int32s(slot, limit)
            case Wire.STRING:
                return self.string(slot)

    def _scalar(self, slot: int, form: struct.Struct, default: Any) -> Any:
        at = self._place(slot, form.size)
        return default if at is None else self._unpack(form, at)

    def _place(self, slot: int, width: int) -> int | None:
        """Where a field lies; None when it is absent."""
        entry = VTABLE_HEADER + 2 * slot
        if entry + 2 > self._vtable_size:
            return None
        offset = int(self._unpack(UINT16, self._vtable + entry))
        if offset == 0:
            return None
        if offset < 4 or offset + width > self._size:
            raise Malformed(f"field {slot} of the table at byte {self._at} lies outside it")
        return self._at + offset

    def _target(self, slot: int) -> int | None:
        """Where a field that is an offset points to."""
        at = self._place(slot, 4)
        return None if at is None else at + int(self._unpack(UINT32, at))

    def _vector(self, slot: int, width: int) -> tuple[int, int]:
        """(first byte, elements) of a vector that lies inside the file; (0, 0) when it is absent."""
        at = self._target(slot)
        if at is None:
            return 0, 0
        count = self._unpack(UINT32, at)
        if at + 4 + count * width > len(self._data):
            raise Malformed(f"the list at byte {at} has {count:,} entries and ends outside the file")
        return at + 4, count

    def _unpack(self, form: struct.Struct, at: int) -> Any:
        if at < 0 or at + form.size > len(self._data):
            raise Malformed(f"it refers to byte {at:,} and has {len(self._data):,}")
        return form.unpack_from(self._data, at)[0]
