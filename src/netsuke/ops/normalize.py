"""NORMALIZE: every group of elements brought to mean 0 and variance 1 (or to a mean square of 1).

Layer, group, instance and root-mean-square normalisation are this over some dimensions, then a product and a sum.
int8 has an integer form of its own (`normalize_s8`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.block_copy import MAX_RANK, dense_steps
from netsuke.ops.float_functions import rsqrt_f32
from netsuke.ops.kernel import Call, Input, Kernel, Output, Param
from netsuke.ops.normalize_s8 import count_of, fits_integers, normalized_s8
from netsuke.ops.normalize_s8 import kernels as kernels_s8
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of
from netsuke.ops.overlap import Overlap, elementwise
from netsuke.ops.reduce import ReduceArgs, loops_over, sum_f32


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalize(Args):
    """y = (x - mean) / sqrt(variance + epsilon) over `axes` (0..rank-1, increasing); not `centred`: mean 0 is taken."""

    axes: tuple[int, ...]
    epsilon: float
    centred: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizeArgs(ReduceArgs):
    """The loops of a reduction; `count` elements make a group, as a float."""

    c_name: ClassVar[str] = "nk_normalize_args"
    count: float
    epsilon: float
    centred: int


def axes_fit(site: Site[Normalize]) -> str | None:
    """The axes are dimensions of the input, in increasing order and each once; at most 6 dimensions."""
    axes, rank = site.args.axes, len(site.x().shape)
    fine = list(axes) == sorted(set(axes)) and all(0 <= axis < rank for axis in axes) and rank <= MAX_RANK
    return None if fine and axes else f"axes {list(axes)} of rank {rank}"


def epsilon_fits(site: Site[Normalize]) -> str | None:
    """Epsilon is 0 or more, a float32 number."""
    epsilon = site.args.epsilon
    return None if 0 <= epsilon < 1e38 else f"epsilon {epsilon}"


def infer(site: Site[Normalize]) -> tuple[Shape]:
    """The input's shape."""
    return (site.x().shape,)


def reference(site: Site[Normalize], values: Sequence[Array | None]) -> tuple[Array]:
    """float32 sums from first to last, the mean taken off before squares are added up; int8 as `normalize_s8` says."""
    x = values[0]
    assert x is not None
    kept = [axis for axis in range(x.ndim) if axis not in site.args.axes]
    order = (*kept, *site.args.axes)
    moved = x.transpose(order)
    rows = moved.reshape(-1, count_of(site))
    scaled = normalized_s8(site, rows) if x.dtype == np.int8 else normalized_f32(site, rows)
    back = np.argsort(order)
    return (np.ascontiguousarray(scaled.reshape(moved.shape).transpose(back)),)


def normalized_f32(site: Site[Normalize], rows: Array) -> Array:
    """float32 [groups, elements] → of the same shape."""
    count = np.float32(count_of(site))
    with np.errstate(all="ignore"):
        mean = sum_f32(rows, 0.0) / count if site.args.centred else np.zeros(len(rows), np.float32)
        apart = rows - mean[:, None]
        spread = sum_f32(apart * apart, 0.0) / count
        scaled: Array = apart * rsqrt_f32(spread + np.float32(site.args.epsilon))[:, None]
    return scaled


def args_of(site: Site[Normalize]) -> NormalizeArgs:
    """The struct of the kernel."""
    walk = loops_over(site.x().shape, site.args.axes)
    return NormalizeArgs(
        kept=walk.kept, kept_step=walk.kept_step, reduced=walk.reduced, reduced_step=walk.reduced_step,
        count=float(count_of(site)), epsilon=float(np.float32(site.args.epsilon)), centred=int(site.args.centred),
    )  # fmt: skip


def bind(site: Site[Normalize]) -> tuple[Call]:
    """One call."""
    return (NORMALIZE_F32.call(Input(index=0), Output(index=0), args=args_of(site)),)


def overlap(site: Site[Normalize]) -> tuple[Overlap, ...]:
    """A group of neighbours is read before the first of it is written."""
    shape, axes = site.x().shape, site.args.axes
    steps = dense_steps(shape)
    inner = [axis for axis in range(len(shape)) if steps[axis] < count_of(site) and shape[axis] > 1]
    return elementwise(site) if set(inner) <= set(axes) else ()


NORMALIZE_F32 = Kernel(
    name="nk_normalize_f32",
    params=(Param(name="x", ctype="const float"), Param(name="y", ctype="float")),
    args=NormalizeArgs,
    bind=bind,
    accepts=lambda site: site.x().dtype is DType.FLOAT32,
    overlap=overlap,
)
NORMALIZE_S8 = kernels_s8(overlap)

NORMALIZE = Operator(
    name="normalize",
    tflite=(),
    summary="mean 0 and variance 1 over dimensions",
    args=Normalize,
    infer=infer,
    reference=reference,
    constraints=(dtypes_of(DType.INT8, DType.FLOAT32), axes_fit, epsilon_fits, fits_integers),
    kernels=(*NORMALIZE_S8, NORMALIZE_F32),
)

OPERATORS: tuple[Operator[Normalize], ...] = (NORMALIZE,)
