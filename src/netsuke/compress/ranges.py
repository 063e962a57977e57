"""Ranges of real values, of one tensor and of all tensors of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from netsuke.errors import InputError
from netsuke.ir import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Lowest and highest real value, both included."""

    low: float
    high: float

    def joined(self, other: Range) -> Range:
        """The smallest range that holds both."""
        return Range(low=min(self.low, other.low), high=max(self.high, other.high))

    @classmethod
    def of(cls, values: Array) -> Range:
        """The range of an array of real numbers with at least one element."""
        return cls(low=float(values.min()), high=float(values.max()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """The range of every float32 tensor that is computed, by name, over `samples` invocations."""

    by_tensor: Mapping[str, Range]
    samples: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_tensor", MappingProxyType(dict(self.by_tensor)))

    def of(self, tensor: str) -> Range:
        """The range of a tensor.

        Raises:
            InputError: when it was not measured.
        """
        try:
            return self.by_tensor[tensor]
        except KeyError:
            raise InputError(
                f"got no range for tensor {tensor!r}; calibrate the same graph that is to be quantised"
            ) from None
