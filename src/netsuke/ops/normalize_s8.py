"""NORMALIZE of int8 in integers: sums, a fixed-point 1 / square root for each group, one product an element.

A group of n stored values x has S = sum x, Q = sum x^2 and, with a mean taken off, V = n Q - S^2, which is n^2 times
the variance: whole numbers, exact. Then

    y = zero_y + round(d F / 2^(32 + g)),   d = (n x - S) 2^lift,   W = 2^8 V + E,   F / 2^g ~ scale / sqrt(W)

where E is n^2 epsilon / scale_x^2 (times 2^8) and `scale` holds 1 / scale_y. Without a mean V = sum (x - zero_x)^2 and
d = (x - zero_x) 2^lift. 1 / sqrt(W) is found by four of Newton's steps in 32-bit fixed point. `nk_normalize_s8` does
the same, to the bit. Results are those of real arithmetic rounded to the nearest, but for values within a thousandth of
a step of a tie (tests hold it).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from netsuke.ir import Array, DType
from netsuke.ops.fixed_point import INT32_MAX, Multiplier
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap
from netsuke.ops.reduce import ReduceArgs, loops_over

MOST = 1 << 16
"""Elements of a group: n Q - S^2 then stays below 2^48."""
FRACTION = 8
"""Bits behind the point of W."""
LARGEST_EPSILON = 1 << 61
GUESS, SLOPE = 2369425638, 1431655765
"""1 / sqrt(v) is at first taken as 2.2067 - 4/3 v, v in 1/4..1, in units of 2^-30: within 13 %."""
STEPS = 4
"""Newton's steps: the error of one is 3/2 of the square of the one before."""
Uint64Array = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalS8Args(KernelArgs):
    """`groups` of `count` neighbours; see the formula above.

    d = factor * x - (centred: S, else x_zero) * 2^lift; epsilon is E in two words, the lower one as its bits;
    multiplier and shift: F = (r * multiplier) >> 31, g = shift - half the bits that W was moved.
    """

    c_name: ClassVar[str] = "nk_normal_s8_args"
    groups: int
    count: int
    centred: int
    factor: int
    lift: int
    x_zero: int
    y_zero: int
    epsilon_high: int
    epsilon_low: int
    multiplier: int
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizeS8Args(ReduceArgs):
    """The loops of a reduction, and the rest of NormalS8Args."""

    c_name: ClassVar[str] = "nk_normalize_s8_args"
    count: int
    centred: int
    factor: int
    lift: int
    x_zero: int
    y_zero: int
    epsilon_high: int
    epsilon_low: int
    multiplier: int
    shift: int


def count_of(site: Site[Any]) -> int:
    """Elements of a group."""
    return math.prod(site.x().shape[axis] for axis in site.args.axes)


def fits_group(count: int, scale: float) -> bool:
    """Whether a group of so many elements, and an output of that scale, can be computed in integers."""
    return count <= MOST and 1 / scale < 1 << 20


def fits_integers(site: Site[Any]) -> str | None:
    """int8 has one scale and zero point on either side, the output's above 2^-20, and at most 65536 in a group."""
    if site.x().dtype is not DType.INT8:
        return None
    kinds = (site.x(), site.y())
    if any(t.quantization is None or t.quantization.per_channel for t in kinds):
        return "no single scale"
    if fits_group(count_of(site), site.y().scale):
        return None
    return f"{count_of(site)} elements, an output of scale {site.y().scale:g}"


def normal_args(site: Site[Any]) -> NormalS8Args:
    """The struct of the kernel for neighbours; the reference computes with it too."""
    n, centred = count_of(site), site.args.centred
    x, y = site.x(), site.y()
    lift = 31 - (255 * (n if centred else 1)).bit_length()
    real_epsilon = site.args.epsilon / x.scale**2 * n * (n if centred else 1)
    epsilon = min(round(math.ldexp(real_epsilon, FRACTION)), LARGEST_EPSILON)
    scale = math.ldexp(1.0 if centred else math.sqrt(n), FRACTION // 2 - lift) / y.scale
    m = Multiplier.of(scale)
    low = epsilon & 0xFFFFFFFF
    return NormalS8Args(
        groups=x.elements // n, count=n, centred=int(centred), factor=(n if centred else 1) << lift, lift=lift,
        x_zero=x.zero_point, y_zero=y.zero_point,
        epsilon_high=epsilon >> 32, epsilon_low=low - (1 << 32) if low >> 31 else low,
        multiplier=m.value, shift=30 - m.shift,
    )  # fmt: skip


def normalize_args(site: Site[Any]) -> NormalizeS8Args:
    """The struct of the general kernel."""
    walk = loops_over(site.x().shape, site.args.axes)
    given = asdict(normal_args(site))
    del given["groups"]
    return NormalizeS8Args(
        kept=walk.kept,
        kept_step=walk.kept_step,
        reduced=walk.reduced,
        reduced_step=walk.reduced_step,
        **given,
    )


def in_rows(site: Site[Any]) -> bool:
    """int8 groups of neighbours: over the last dimensions, those of size 1 aside."""
    shape, axes = site.x().shape, site.args.axes
    large = [axis in axes for axis, size in enumerate(shape) if size != 1]
    return site.x().dtype is DType.INT8 and large == sorted(large)


def reciprocal_root(m: Uint64Array) -> Uint64Array:
    """2^46 / sqrt(m) for m in 2^30..2^32 - 1, within 2^-26 of itself: nk_reciprocal_root."""
    r = np.uint64(GUESS) - (m * np.uint64(SLOPE) >> np.uint64(32))
    for _ in range(STEPS):
        square = r * r >> np.uint64(32)
        rest = np.uint64(3 << 28) - (square * m >> np.uint64(32))
        r = r * rest >> np.uint64(29)
    return r


def factors(w: Uint64Array, a: NormalS8Args) -> tuple[Array, Array]:
    """(F, g) of every group, int64: nk_normal_factor. Groups with W = 0 have no element that differs: F is 0."""
    moved, half = w.copy(), np.zeros(w.shape, np.int64)
    for step in (32, 16, 8, 4, 2):
        small = moved >> np.uint64(64 - step) == 0
        moved = np.where(small, moved << np.uint64(step), moved)
        half += np.where(small, step // 2, 0)
    r = reciprocal_root(np.maximum(moved >> np.uint64(32), np.uint64(1 << 30)))
    product = r * np.uint64(a.multiplier)
    f = (product >> np.uint64(31)).astype(np.int64)
    g = a.shift - half
    f = np.minimum(f << np.clip(-g, 0, 31), INT32_MAX)
    return np.where(w == 0, 0, f), np.clip(g, 0, 31)


def normalized_s8(site: Site[Any], rows: Array) -> Array:
    """int8 [groups, elements] → int8 of the same shape."""
    a = normal_args(site)
    x = rows.astype(np.int64)
    sums, squares = x.sum(axis=1), (x * x).sum(axis=1)
    if a.centred:
        spread, offset = a.count * squares - sums * sums, sums
    else:
        spread = squares - 2 * a.x_zero * sums + a.count * a.x_zero**2
        offset = np.full(len(x), a.x_zero)
    epsilon = (a.epsilon_high << 32) + (a.epsilon_low & 0xFFFFFFFF)
    f, g = factors((spread << FRACTION).astype(np.uint64) + np.uint64(epsilon), a)
    d = a.factor * x - (offset << a.lift)[:, None]
    half = (np.int64(1) << (31 + g))[:, None]
    scaled = (d * f[:, None] + half) >> (32 + g)[:, None]
    result: Array = np.clip(scaled + a.y_zero, *DType.INT8.range).astype(np.int8)
    return result


def kernels(overlap: Callable[[Site[Any]], tuple[Overlap, ...]]) -> tuple[Kernel, Kernel]:
    """The C kernels, best first; `overlap` as for the float one."""
    params = (Param(name="x", ctype="const int8_t"), Param(name="y", ctype="int8_t"))

    def bind_rows(site: Site[Any]) -> tuple[Call]:
        return (rows.call(Input(index=0), Output(index=0), args=normal_args(site)),)

    def bind(site: Site[Any]) -> tuple[Call]:
        return (general.call(Input(index=0), Output(index=0), args=normalize_args(site)),)

    rows = Kernel(
        name="nk_normalize_rows_s8", params=params, args=NormalS8Args, bind=bind_rows, accepts=in_rows, overlap=overlap
    )  # fmt: skip
    general = Kernel(
        name="nk_normalize_s8", params=params, args=NormalizeS8Args, bind=bind,
        accepts=lambda site: site.x().dtype is DType.INT8, overlap=overlap,
    )  # fmt: skip
    return rows, general
