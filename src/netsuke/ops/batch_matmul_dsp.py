"""BATCH_MATMUL in tiles of 2 x 2 outputs, for cores with the DSP extension (kernels/include/nk_matmul_dsp.h)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import DType
from netsuke.ops.depthwise_scales import twice_scale
from netsuke.ops.fixed_point import Multiplier, wrap_int32
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param, Scratch
from netsuke.ops.operator import Site

PASS = {DType.INT8: 4, DType.INT16: 8}
"""Groups of four bytes of a row in the unrolled loop."""
HALF_LIMIT = 1 << 62

Scale = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatmulDspArgs(KernelArgs):
    """y = A B with rows of A in one piece; swapped: A is w and B is x, and y is written column by column.

    Steps are elements. scale: int8 {first, second, zero point} of two roundings, int16 {multiplier, low and high word
    of what rounds, shift of the product's high word}.
    """

    c_name: ClassVar[str] = "nk_matmul_dsp_args"
    batches: tuple[int, ...] = field(metadata={"length": 3})
    a_batch: tuple[int, ...] = field(metadata={"length": 3})
    b_batch: tuple[int, ...] = field(metadata={"length": 3})
    rows: int
    depth: int
    columns: int
    b_depth: int
    b_column: int
    y_row: int
    y_column: int
    swapped: int
    a_zero: int
    b_zero: int
    first: int
    panel_words: int
    scale: tuple[int, ...] = field(metadata={"length": 4})


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What of the operator this file needs: both operands' steps and the multiplier.

    Steps of x are from row to row and along the depth, those of w along the depth and from column to column.
    """

    batches: tuple[int, ...]
    x_batch: tuple[int, ...]
    w_batch: tuple[int, ...]
    rows: int
    depth: int
    columns: int
    x_steps: tuple[int, int]
    w_steps: tuple[int, int]
    multiplier: Multiplier


def scale_s8(site: Site[Any], m: Multiplier, depth: int) -> Scale | None:
    """Two roundings by SMMLAR, for shifts of two or more to the right."""
    del depth
    if m.value != 0 and m.shift > -2:
        return None
    first, second = twice_scale(m)
    return int(wrap_int32(np.array(first))), second, site.y().zero_point, 0


def scale_s16(site: Site[Any], m: Multiplier, depth: int) -> Scale | None:
    """One rounding of a product of 64 bits, shifted by 32 or more: it must not overflow."""
    reduced = (m.value + (1 << 15)) >> 16 if m.value < 0x7FFF0000 else 0x7FFF
    total = 15 - m.shift
    more = max(0, 32 - total)
    largest = depth * (1 << 15) * -site.x(1).dtype.range[0]
    if total > 62 or ((largest * reduced) << more) + (1 << (total + more - 1)) >= HALF_LIMIT:
        return None
    low, high = divmod(1 << (total + more - 1), 1 << 32)[::-1]
    return reduced << more, int(wrap_int32(np.array(low))), high, total + more - 32


def rows_of_a(product: Product, types: tuple[DType, DType]) -> bool | None:
    """False: A is x. True: A is w. None: neither lies in rows along the depth."""
    if product.x_steps[1] == 1 or product.depth == 1:
        return False
    return True if types[0] is types[1] and product.w_steps[0] == 1 else None


def args_of(product: Product, site: Site[Any], scale: Scale, swapped: bool) -> MatmulDspArgs:
    """The struct."""
    x, w, p = site.x(0), site.x(1), product
    groups = -(-p.depth * x.dtype.size // 4)
    unrolled = PASS[x.dtype]
    b_depth, b_column = p.x_steps[::-1] if swapped else p.w_steps
    return MatmulDspArgs(
        batches=p.batches, a_batch=p.w_batch if swapped else p.x_batch,
        b_batch=p.x_batch if swapped else p.w_batch,
        rows=p.columns if swapped else p.rows, depth=p.depth, columns=p.rows if swapped else p.columns,
        b_depth=b_depth, b_column=b_column,
        y_row=1 if swapped else p.columns, y_column=p.columns if swapped else 1, swapped=int(swapped),
        a_zero=w.zero_point if swapped else x.zero_point, b_zero=x.zero_point if swapped else w.zero_point,
        first=(groups - 1) % unrolled + 1, panel_words=groups * (4 if x.dtype is DType.INT8 else 2),
        scale=scale,
    )  # fmt: skip


def matmul_kernel(
    name: str,
    types: tuple[DType, DType],
    product_of: Callable[[Site[Any]], Product],
    scale_of: Callable[[Site[Any], Multiplier, int], Scale | None],
) -> Kernel:
    """The kernel of one pair of element types; `product_of` reads the operator's arguments."""

    def found(site: Site[Any]) -> MatmulDspArgs | None:
        product = product_of(site)
        swapped = rows_of_a(product, types)
        scale = scale_of(site, product.multiplier, product.depth)
        return None if swapped is None or scale is None else args_of(product, site, scale, swapped)

    def accepts(site: Site[Any]) -> bool:
        return (site.x(0).dtype, site.x(1).dtype) == types and found(site) is not None

    def bind(site: Site[Any]) -> tuple[Call]:
        args = found(site)
        assert args is not None
        row = args.depth * types[0].size
        copies = 2 * -(-row // 4) * 4 if row % 4 else 0
        scratch = Scratch(nbytes=4 * args.panel_words + copies)
        return (kernel.call(Input(index=0), Input(index=1), Output(index=0), scratch, args=args),)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype=f"const {types[0].c}"),
            Param(name="w", ctype=f"const {types[1].c}"),
            Param(name="y", ctype=types[0].c),
            Param(name="scratch", ctype="void"),
        ),
        args=MatmulDspArgs,
        bind=bind,
        accepts=accepts,
        needs=Isa.DSP,
    )
    return kernel


def matmul_kernels(product_of: Callable[[Site[Any]], Product]) -> tuple[Kernel, ...]:
    """One for every pair of integer types."""
    s8, s16 = DType.INT8, DType.INT16
    return (
        matmul_kernel("nk_batch_matmul_s8_dsp", (s8, s8), product_of, scale_s8),
        matmul_kernel("nk_batch_matmul_s16_dsp", (s16, s16), product_of, scale_s16),
        matmul_kernel("nk_batch_matmul_s16_s8_dsp", (s16, s8), product_of, scale_s16),
    )
