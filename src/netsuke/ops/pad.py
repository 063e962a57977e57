"""PAD and PADV2: a tensor framed with one value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType, Tensor
from netsuke.ops.block_copy import MAX_RANK, copy_blocks, dense_steps, grid
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(Args):
    """(before, after) elements for every dimension; `value` is the stored value of the new elements.

    TFLite's PAD has no value: it stands for the output's zero point (0 for a tensor without quantisation).
    """

    amounts: tuple[tuple[int, int], ...]
    value: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FillArgs(KernelArgs):
    """How many elements, their size in bytes (1, 2 or 4), and the value's bits as those of an int32_t."""

    c_name: ClassVar[str] = "nk_fill_args"
    count: int
    element: int
    bits: int


def amounts_fit(site: Site[Pad]) -> str | None:
    """There is a pair of amounts, none of them negative, for every dimension, and at most 6 dimensions."""
    amounts, rank = site.args.amounts, len(site.x().shape)
    fine = len(amounts) == rank <= MAX_RANK and all(min(pair) >= 0 for pair in amounts)
    return None if fine else f"{[list(pair) for pair in amounts]} for rank {rank}"


def value_fits(site: Site[Pad]) -> str | None:
    """The pad value is a value of the element type."""
    dtype, value = site.x().dtype, site.args.value
    if dtype is DType.FLOAT32:
        return None
    low, high = (0, 1) if dtype is DType.BOOL else dtype.range
    return None if value == int(value) and low <= value <= high else f"{value} for {dtype.value}"


def infer(site: Site[Pad]) -> tuple[Shape]:
    """Every dimension grows by its two amounts."""
    pairs = zip(site.x().shape, site.args.amounts, strict=True)
    return (tuple(before + size + after for size, (before, after) in pairs),)


def reference(site: Site[Pad], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Pad."""
    x = values[0]
    assert x is not None
    value = x.dtype.type(site.args.value)
    return (np.pad(x, site.args.amounts, constant_values=value),)


def bind(site: Site[Pad]) -> tuple[Call, Call]:
    """The whole output filled, then the input copied to its place."""
    x, (shape,) = site.x(), infer(site)
    steps = dense_steps(shape)
    first = sum(before * step for (before, _), step in zip(site.args.amounts, steps, strict=True))
    fill = FillArgs(count=site.y().elements, element=x.dtype.size, bits=bits_of(site.args.value, x))
    return (
        FILL.call(Output(index=0), args=fill),
        copy_blocks(
            Input(index=0),
            Output(index=0, offset=first),
            grid(x.shape, dense_steps(x.shape), steps),
            x.dtype.size,
        ),
    )


def bits_of(value: float, x: Tensor) -> int:
    """The value's bytes in the tensor's type, read as a signed number of 32 bits."""
    data = np.array([value], dtype=x.dtype.numpy).tobytes()
    return int.from_bytes(data.ljust(4, b"\0"), "little", signed=True)


FILL = Kernel(name="nk_fill", params=(Param(name="y", ctype="void"),), args=FillArgs, bind=bind)

PAD = Operator(
    name="pad",
    tflite=("PAD", "PADV2"),
    summary="a tensor framed with one value",
    args=Pad,
    infer=infer,
    reference=reference,
    constraints=(
        dtypes_of(DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL),
        amounts_fit,
        value_fits,
    ),
    kernels=(FILL,),
)

OPERATORS: tuple[Operator[Pad], ...] = (PAD,)
