"""MUL of int8 for cores with the DSP extension (kernels/src/mul_s8_dsp.c)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.activation import full_clamp
from netsuke.ops.broadcast import RowsArgs, full_size_inputs, loops_of, rows_of
from netsuke.ops.depthwise_scales import twice_scale
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.kernel import Call, Input, Kernel, Output, Param
from netsuke.ops.operator import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class MulDspArgs(RowsArgs):
    """y = clamp((x0 + offset_0) * (x1 + offset_1) scaled by `first` and `second` of nk_scale_s8.h, + zero)."""

    c_name: ClassVar[str] = "nk_mul_dsp_args"
    offset_0: int
    offset_1: int
    first: int
    second: int
    zero: int
    low: int
    high: int


def mul_kernel(multiplier_of: Callable[[Site[Any]], float]) -> Kernel:
    """The kernel for the products' multiplier, which must shift by 2 or more to the right."""

    def accepts(site: Site[Any]) -> bool:
        if site.y().dtype is not DType.INT8 or len(loops_of(site)) > 2:
            return False
        m = Multiplier.of(multiplier_of(site))
        return m.value == 0 or m.shift <= -2

    def bind(site: Site[Any]) -> tuple[Call]:
        first, second = twice_scale(Multiplier.of(multiplier_of(site)))
        low, high = (int(end) for end in full_clamp(site.args.clamp, site.y()))
        args = MulDspArgs(
            **rows_of(site),
            offset_0=-site.x(0).zero_point, offset_1=-site.x(1).zero_point,
            first=int(wrap_int32(np.array(first))), second=second, zero=site.y().zero_point, low=low, high=high,
        )  # fmt: skip
        return (kernel.call(Input(index=0), Input(index=1), Output(index=0), args=args),)

    kernel = Kernel(
        name="nk_mul_s8_dsp",
        params=(
            Param(name="x0", ctype="const int8_t"),
            Param(name="x1", ctype="const int8_t"),
            Param(name="y", ctype="int8_t"),
        ),
        args=MulDspArgs,
        bind=bind,
        accepts=accepts,
        needs=Isa.DSP,
        overlap=full_size_inputs,
    )
    return kernel
