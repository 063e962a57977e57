"""Element types: the ones a graph may hold, with their numpy and C names."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from netsuke.errors import GraphError

Array = npt.NDArray[Any]


class DType(Enum):
    """The type of a tensor's elements; the value is its name in the text form."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype of the same elements."""
        return np.dtype(self.value)

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def c(self) -> str:
        """The C type of one element."""
        return {"float32": "float", "bool": "bool"}.get(self.value, f"{self.value}_t")

    @property
    def is_integer(self) -> bool:
        """True for the types whose elements are whole numbers (not bool)."""
        return self.value.startswith(("int", "uint"))

    @property
    def range(self) -> tuple[int, int]:
        """(lowest, highest) value of an integer type.

        Raises:
            GraphError: for float32 and bool, which have no integer range.
        """
        if not self.is_integer:
            raise GraphError(f"{self.value} has no integer range; an integer type was wanted")
        info = np.iinfo(self.numpy)
        return int(info.min), int(info.max)

    @classmethod
    def of(cls, array: Array) -> DType:
        """The type of a numpy array.

        Raises:
            GraphError: when a graph cannot hold such elements.
        """
        try:
            return cls(array.dtype.name)
        except ValueError:
            wanted = ", ".join(d.value for d in cls)
            raise GraphError(f"got an array of {array.dtype.name}; a graph holds {wanted}") from None
