"""What operators from one tensor to another of the same shape share: the shape rule, and their kernels.

A function from 8 bits to 8 bits is a table of 256 results, made at build time by applying the operator's
definition to every input; one C kernel serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Args, Array, DType
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Shape, Site
from netsuke.ops.overlap import elementwise

BYTES = (DType.INT8, DType.UINT8)

Function = Callable[[Site[Any], Array], Array]
"""(site, stored values of any shape) → stored values of the same shape, in the output's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoArgs(Args):
    """No arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountArgs(KernelArgs):
    """How many elements."""

    c_name: ClassVar[str] = "nk_count_args"
    count: int


def infer(site: Site[Any]) -> tuple[Shape]:
    """The input's shape."""
    return (site.x().shape,)


def same_type(site: Site[Any]) -> str | None:
    """Input and output have the same element type."""
    x, y = site.x().dtype, site.y().dtype
    return None if x is y else f"{x.value} and {y.value}"


def int16_is_symmetric(site: Site[Any]) -> str | None:
    """int16 tensors have zero point 0."""
    points = [t.zero_point for t in (site.x(), site.y()) if t.dtype is DType.INT16]
    return None if not any(points) else f"zero points {points}"


def saturated(y: Array, dtype: DType) -> Array:
    """Wide whole numbers clamped to a type's range and narrowed to it."""
    result: Array = np.clip(y, *dtype.range).astype(dtype.numpy)
    return result


def table_of(function: Function, site: Site[Any]) -> Constant:
    """The function over all 256 bit patterns of an 8-bit input, as the bytes of its results."""
    patterns = np.arange(256, dtype=np.uint8).view(site.x().dtype.numpy)
    results = function(site, patterns).view(np.uint8)
    return Constant(label="table", data=results, shape_note="results by the input's bit pattern")


def lookup_kernels(function: Function) -> tuple[Kernel, ...]:
    """nk_lookup_8 in its forms, best first, with the function's table: for 8-bit inputs and outputs."""
    return (
        lookup_kernel("nk_lookup_8_mve", function, Isa.MVE),
        lookup_kernel("nk_lookup_8_dsp", function, Isa.DSP),
        lookup_kernel("nk_lookup_8", function),
    )


def lookup_kernel(name: str, function: Function, needs: Isa = Isa.NONE) -> Kernel:
    """One of the forms."""

    def bind(site: Site[Any]) -> tuple[Call]:
        args = CountArgs(count=site.y().elements)
        return (kernel.call(Input(index=0), table_of(function, site), Output(index=0), args=args),)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype="const void"),
            Param(name="table", ctype="const uint8_t"),
            Param(name="y", ctype="void"),
        ),
        args=CountArgs,
        bind=bind,
        accepts=lambda site: site.x().dtype in BYTES and site.y().dtype in BYTES,
        needs=needs,
        overlap=elementwise,
    )
    return kernel


def unary_kernel(
    name: str,
    x: DType,
    y: DType,
    args: type[KernelArgs] = CountArgs,
    args_of: Callable[[Site[Any]], KernelArgs] = lambda site: CountArgs(count=site.y().elements),
    accepts: Callable[[Site[Any]], bool] = lambda site: True,
    needs: Isa = Isa.NONE,
) -> Kernel:
    """A kernel void name(const X *x, Y *y, const args *a) over all elements.

    Args:
        name: the C function.
        x: element type of the input.
        y: element type of the output.
        args: the argument struct.
        args_of: makes it for a site.
        accepts: what is asked of a site beyond its element types.
        needs: what it asks of the core.
    """

    def bind(site: Site[Any]) -> tuple[Call]:
        return (kernel.call(Input(index=0), Output(index=0), args=args_of(site)),)

    kernel = Kernel(
        name=name,
        params=(Param(name="x", ctype=f"const {x.c}"), Param(name="y", ctype=y.c)),
        args=args,
        bind=bind,
        accepts=lambda site: (site.x().dtype, site.y().dtype) == (x, y) and accepts(site),
        needs=needs,
        overlap=elementwise,
    )
    return kernel
