"""BATCH_MATMUL: matrix products of two computed tensors, their leading dimensions broadcast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir import Args, Array, DType, Tensor
from netsuke.ops.batch_matmul_dsp import Product, matmul_kernels
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site
from netsuke.ops.requantize import real_multiplier_float32, relative_clamp, scaled_int32, scaled_int64, stored

DEEPEST_INT8 = (1 << 31) // (255 * 255)
TYPES = (
    (DType.INT8, DType.INT8),
    (DType.INT16, DType.INT16),
    (DType.INT16, DType.INT8),
    (DType.FLOAT32, DType.FLOAT32),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMatmul(Args):
    """Operands: x [..., M, K] and w [..., K, N]; adj_x and adj_y: it is stored with its last two swapped."""

    adj_x: bool = False
    adj_y: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMatmulArgs(KernelArgs):
    """y[b, i, j] = sum over k of x[b, i, k] * w[b, k, j].

    Steps are elements from an index to the next, 0 where a batch dimension is broadcast. low and high are the
    clamp before y_zero is added; float reads sizes and steps only.
    """

    c_name: ClassVar[str] = "nk_batch_matmul_args"
    batches: tuple[int, ...] = field(metadata={"length": 3})
    x_batch: tuple[int, ...] = field(metadata={"length": 3})
    w_batch: tuple[int, ...] = field(metadata={"length": 3})
    rows: int
    depth: int
    columns: int
    x_row: int
    x_depth: int
    w_depth: int
    w_column: int
    x_zero: int
    w_zero: int
    y_zero: int
    multiplier: int
    shift: int
    low: int
    high: int


def ranks(site: Site[BatchMatmul]) -> str | None:
    """Both operands have rank 2 to 5 and no size of 0."""
    shapes = [site.x(i).shape for i in (0, 1)]
    return None if all(2 <= len(s) <= 5 and min(s) > 0 for s in shapes) else f"{shapes[0]} and {shapes[1]}"


def element_types(site: Site[BatchMatmul]) -> str | None:
    """Types are int8 x int8, int16 x int16, int16 x int8 or float32 x float32, the output as the first."""
    x, w, y = site.x(0).dtype, site.x(1).dtype, site.y().dtype
    return None if (x, w) in TYPES and x is y else f"{x.value} x {w.value} to {y.value}"


def quantized_per_tensor(site: Site[BatchMatmul]) -> str | None:
    """Integer tensors have one scale and zero point each, and with an int16 input all zero points are 0."""
    if site.x().dtype is DType.FLOAT32:
        return None
    for tensor in (site.x(0), site.x(1), site.y()):
        q = tensor.quantization
        if q is None or len(q.scale) != 1:
            return f"{tensor.name} has {len(q.scale) if q else 'no'} scales"
        if site.x().dtype is DType.INT16 and q.zero_point[0] != 0:
            return f"{tensor.name} has zero point {q.zero_point[0]}"
    return None


def shapes_match(site: Site[BatchMatmul]) -> str | None:
    """The depths agree, and each leading size equals the other's or one of them is 1."""
    (_, x_depth), (w_depth, _) = matrix(site.x(0), site.args.adj_x), matrix(site.x(1), site.args.adj_y)
    try:
        np.broadcast_shapes(site.x(0).shape[:-2], site.x(1).shape[:-2])
    except ValueError:
        return f"{list(site.x(0).shape)} and {list(site.x(1).shape)}"
    return None if x_depth == w_depth else f"depths {x_depth} and {w_depth}"


def sums_fit(site: Site[BatchMatmul]) -> str | None:
    """No sum of products can leave its accumulator: the depth is below 33025 (int8) or 65536 (int16)."""
    depth = matrix(site.x(0), site.args.adj_x)[1]
    limit = {DType.INT8: DEEPEST_INT8, DType.INT16: 1 << 16}.get(site.x().dtype)
    return f"a depth of {depth}" if limit is not None and depth >= limit else None


def multiplier_in_range(site: Site[BatchMatmul]) -> str | None:
    """x scale x w scale / output scale is below 2^30 (int16: 2^7)."""
    if site.x().dtype is DType.FLOAT32:
        return None
    real = real_multiplier_float32(site.x(0), site.x(1), site.y())
    return f"{real:g}" if real >= (1 << 30 if site.x().dtype is DType.INT8 else 1 << 7) else None


def matrix(tensor: Tensor, swapped: bool) -> tuple[int, int]:
    """(rows, columns) of a tensor's matrices, as the product sees them."""
    rows, columns = tensor.shape[-2:]
    return (columns, rows) if swapped else (rows, columns)


def infer(site: Site[BatchMatmul]) -> tuple[tuple[int, ...]]:
    """[..., M, K] and [..., K, N] → [broadcast leading sizes, M, N].

    Raises:
        GraphError: when the leading sizes do not broadcast.
    """
    try:
        batch = np.broadcast_shapes(site.x(0).shape[:-2], site.x(1).shape[:-2])
    except ValueError:
        raise GraphError(
            f"got {list(site.x(0).shape)} and {list(site.x(1).shape)}; leading sizes must broadcast"
        ) from None
    return ((*batch, matrix(site.x(0), site.args.adj_x)[0], matrix(site.x(1), site.args.adj_y)[1]),)


def macs(site: Site[BatchMatmul]) -> int:
    """Output elements times depth."""
    return site.y().elements * matrix(site.x(0), site.args.adj_x)[1]


def reference(site: Site[BatchMatmul], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::BatchMatMul."""
    x, w = values[0], values[1]
    assert x is not None
    assert w is not None
    x = x.swapaxes(-1, -2) if site.args.adj_x else x
    w = w.swapaxes(-1, -2) if site.args.adj_y else w
    if x.dtype == np.float32:
        total = np.zeros(site.y().shape, np.float32)
        for k in range(x.shape[-1]):
            total += x[..., :, k, None] * w[..., None, k, :]
        return (total,)
    centred = x.astype(np.float64) - site.x(0).zero_point
    # Sums stay below 2^47, so that a product of doubles is exact.
    acc = (centred @ (w.astype(np.float64) - site.x(1).zero_point)).astype(np.int64)
    multiplier = [Multiplier.of(real_multiplier_float32(site.x(0), site.x(1), site.y()))]
    scaled = scaled_int32(acc, multiplier) if x.dtype == np.int8 else scaled_int64(acc, multiplier)
    return (stored(scaled, site.y(), None),)


def batch_steps(tensor: Tensor, leading: tuple[int, ...]) -> tuple[int, ...]:
    """Elements from one index of each of three leading dimensions to the next; 0 where it is broadcast."""
    sizes = (1,) * (3 - len(tensor.shape) + 2) + tensor.shape[:-2]
    steps = [math.prod(sizes[i + 1 :]) * math.prod(tensor.shape[-2:]) for i in range(3)]
    pairs = zip(sizes, leading, steps, strict=True)
    return tuple(0 if size == 1 and whole > 1 else step for size, whole, step in pairs)


def product_of(site: Site[BatchMatmul]) -> Product:
    """Sizes and steps of an integer product."""
    args = bind(site)[0].args
    assert isinstance(args, BatchMatmulArgs)
    return Product(
        batches=args.batches, x_batch=args.x_batch, w_batch=args.w_batch,
        rows=args.rows, depth=args.depth, columns=args.columns,
        x_steps=(args.x_row, args.x_depth), w_steps=(args.w_depth, args.w_column),
        multiplier=Multiplier(value=args.multiplier, shift=args.shift),
    )  # fmt: skip


def bind(site: Site[BatchMatmul]) -> tuple[Call]:
    """One call over all batches."""
    x, w, y = site.x(0), site.x(1), site.y()
    leading = (1,) * (3 - len(y.shape) + 2) + y.shape[:-2]
    (rows, depth), columns = matrix(x, site.args.adj_x), y.shape[-1]
    scale, zeros, (low, high) = Multiplier(value=0, shift=0), (0, 0, 0), (0, 0)
    if x.dtype is not DType.FLOAT32:
        scale = Multiplier.of(real_multiplier_float32(x, w, y))
        zeros, (low, high) = (x.zero_point, w.zero_point, y.zero_point), relative_clamp(None, y)
    args = BatchMatmulArgs(
        batches=leading, x_batch=batch_steps(x, leading), w_batch=batch_steps(w, leading),
        rows=rows, depth=depth, columns=columns,
        x_row=1 if site.args.adj_x else depth, x_depth=rows if site.args.adj_x else 1,
        w_depth=1 if site.args.adj_y else columns, w_column=depth if site.args.adj_y else 1,
        x_zero=zeros[0], w_zero=zeros[1], y_zero=zeros[2],
        multiplier=scale.value, shift=scale.shift, low=low, high=high,
    )  # fmt: skip
    kernel = KERNELS[TYPES.index((x.dtype, w.dtype))]
    return (kernel.call(Input(index=0), Input(index=1), Output(index=0), args=args),)


def kernel_of(name: str, x: DType, w: DType) -> Kernel:
    """The kernel of one pair of element types."""
    return Kernel(
        name=name,
        params=(
            Param(name="x", ctype=f"const {x.c}"),
            Param(name="w", ctype=f"const {w.c}"),
            Param(name="y", ctype=x.c),
        ),
        args=BatchMatmulArgs,
        bind=bind,
        accepts=lambda site: (site.x(0).dtype, site.x(1).dtype) == (x, w),
    )


KERNELS = tuple(
    kernel_of(name, x, w)
    for name, (x, w) in zip(
        ("nk_batch_matmul_s8", "nk_batch_matmul_s16", "nk_batch_matmul_s16_s8", "nk_batch_matmul_f32"),
        TYPES,
        strict=True,
    )
)
"""One for each pair of TYPES."""

BATCH_MATMUL = Operator(
    name="batch_matmul",
    tflite=("BATCH_MATMUL",),
    summary="matrix products of two computed tensors",
    args=BatchMatmul,
    infer=infer,
    reference=reference,
    constraints=(
        ranks,
        element_types,
        quantized_per_tensor,
        shapes_match,
        sums_fit,
        multiplier_in_range,
    ),
    macs=macs,
    kernels=(*matmul_kernels(product_of), *KERNELS),
)

OPERATORS: tuple[Operator[BatchMatmul], ...] = (BATCH_MATMUL,)
