"""Functions from 8 bits to int16 or float32 as tables of 256 results: for cores that multiply and convert slowly."""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.ir import DType
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import elementwise
from netsuke.ops.unary import BYTES, CountArgs, Function

WORTH = 128
"""Elements from which a table is worth its flash."""


def wide_lookup_kernel(name: str, function: Function, y: DType) -> Kernel:
    """The kernel with the function's table, for 8-bit inputs of WORTH elements or more and outputs of type `y`."""

    def bind(site: Site[Any]) -> tuple[Call]:
        patterns = np.arange(256, dtype=np.uint8).view(site.x().dtype.numpy)
        table = function(site, patterns).astype(y.numpy)
        constant = Constant(label="table", data=table, shape_note="results by the input's bit pattern")
        args = CountArgs(count=site.y().elements)
        return (kernel.call(Input(index=0), constant, Output(index=0), args=args),)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype="const void"),
            Param(name="table", ctype=f"const {y.c}"),
            Param(name="y", ctype=y.c),
        ),
        args=CountArgs,
        bind=bind,
        accepts=lambda site: site.x().dtype in BYTES and site.y().dtype is y and site.y().elements >= WORTH,
        overlap=elementwise,
        spends_flash=True,
    )
    return kernel
