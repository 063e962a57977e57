"""Affine quantisation parameters: real = scale * (stored - zero_point)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from netsuke.errors import GraphError

FEW_BITS = (4, 2)
"""What `Quantization.bits` may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """How a tensor's integers stand for real numbers (TFLite 8-bit quantization specification).

    Per tensor: one scale and one zero_point, `axis` None. Per channel: one of each for every index of `axis`.
    Scales are float32 values, as the file formats store them.

    `bits`: 4 or 2 for constant weights that were rounded to so many bits, though their type has more. It says how a
    file keeps them, and changes no number: kernels look at the values.
    """

    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None
    bits: int | None = None

    def __post_init__(self) -> None:
        if not self.scale or len(self.scale) != len(self.zero_point):
            raise GraphError(
                f"got {len(self.scale)} scales and {len(self.zero_point)} zero points; "
                "one of each for the tensor, or for every channel, was wanted"
            )
        if self.axis is None and len(self.scale) != 1:
            raise GraphError(f"got {len(self.scale)} scales without an axis; name the channel axis")
        for s in self.scale:
            if not math.isfinite(s) or s <= 0.0:
                raise GraphError(f"got a scale of {s!r}; a finite scale above zero was wanted")
        if self.bits not in (None, *FEW_BITS):
            raise GraphError(f"got weights of {self.bits} bits; 4, 2 or nothing was wanted")

    @property
    def per_channel(self) -> bool:
        """True when every index of `axis` has its own scale."""
        return self.axis is not None

    @classmethod
    def per_tensor(cls, scale: float, zero_point: int = 0) -> Quantization:
        """One scale (rounded to float32) and zero point for a whole tensor."""
        return cls(scale=(float(np.float32(scale)),), zero_point=(int(zero_point),))
