"""The int8 kernels of binary operators for cores with Helium: rows of elements, as `broadcast` has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.broadcast import RowsArgs, full_size_inputs, loops_of
from netsuke.ops.kernel import Call, Input, Kernel, Output, Param
from netsuke.ops.operator import Site


def rows_kernel(
    name: str,
    args: type[RowsArgs],
    args_of: Callable[[Site[Any]], RowsArgs],
    accepts: Callable[[Site[Any]], bool] = lambda site: True,
) -> Kernel:
    """A kernel void name(const int8_t *x0, const int8_t *x1, int8_t *y, const args *a) of at most two loops.

    Args:
        name: the C function.
        args: the argument struct.
        args_of: makes it for a site.
        accepts: what is asked of a site beyond its element type and its loops.
    """

    def bind(site: Site[Any]) -> tuple[Call]:
        return (kernel.call(Input(index=0), Input(index=1), Output(index=0), args=args_of(site)),)

    def fits(site: Site[Any]) -> bool:
        return site.y().dtype is DType.INT8 and len(loops_of(site)) <= 2 and accepts(site)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x0", ctype="const int8_t"),
            Param(name="x1", ctype="const int8_t"),
            Param(name="y", ctype="int8_t"),
        ),
        args=args,
        bind=bind,
        accepts=fits,
        needs=Isa.MVE,
        overlap=full_size_inputs,
    )
    return kernel
