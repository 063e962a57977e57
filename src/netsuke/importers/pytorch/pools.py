"""Pools and resizing of ATen."""

from __future__ import annotations

import math

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Ref, Untranslatable
from netsuke.ir import Array


def max_pool(emit: Emitter, call: Aten) -> Ref:
    """max_pool1d, max_pool2d, with_indices (whose indices nobody may read)."""
    x = call.tensor("self")
    kernel, strides, pads = window(call, x)
    dilations = (
        call.ints("dilation", len(kernel))
        if call.operands.get("dilation") is not None
        else (1,) * len(kernel)
    )
    return emit.node(
        "MaxPool", (x.name,), call.shape or call.shapes[0], kernel_shape=kernel, strides=strides, pads=pads,
        dilations=dilations, ceil_mode=int(call.flag("ceil_mode")),
    )  # fmt: skip


def window(call: Aten, x: Ref) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Kernel, strides (the kernel's where torch has none) and pads of a pool."""
    spatial = 1 if "1d" in call.op else 2
    if x.rank != spatial + 2:
        raise Untranslatable(f"an input {list(x.shape)}; a batch of 1 and channels were wanted in front")
    kernel = call.ints("kernel_size", spatial)
    strides = call.ints("stride", spatial) if call.operands.get("stride") else kernel
    padding = call.ints("padding", spatial) if call.operands.get("padding") else (0,) * spatial
    return kernel, strides, (*padding, *padding)


def avg_pool(emit: Emitter, call: Aten) -> Ref:
    """avg_pool1d, avg_pool2d."""
    x = call.tensor("self")
    kernel, strides, pads = window(call, x)
    if call.operands.get("divisor_override") is not None:
        raise Untranslatable("divisor_override; multiply by a constant behind the pool")
    include = int(bool(call.operands.get("count_include_pad", True)))
    return emit.node(
        "AveragePool", (x.name,), call.shape, kernel_shape=kernel, strides=strides, pads=pads,
        count_include_pad=include, ceil_mode=int(call.flag("ceil_mode")),
    )  # fmt: skip


def avg_pool_of_depth(emit: Emitter, call: Aten) -> Ref:
    """avg_pool3d along the first of its axes alone, as local response normalisation has it."""
    x = call.tensor("self")
    kernel, padding = call.ints("kernel_size", 3), call.operands.get("padding") or (0,)
    strides = call.ints("stride", 3) if call.operands.get("stride") else kernel
    if kernel[1:] != (1, 1) or set(strides) != {1} or any(padding):
        raise Untranslatable("means over volumes; pools over signals and images were wanted")
    depth, height, width = x.shape[-3:]
    flat = emit.reshape(x, (1, math.prod(x.shape[:-3]), depth, height * width))
    shape = (*flat.shape[:2], depth - kernel[0] + 1, height * width)
    found = emit.node(
        "AveragePool", (flat.name,), shape, kernel_shape=kernel[:2], strides=(1, 1), pads=(0, 0, 0, 0)
    )
    return emit.reshape(found, call.shape)


def adaptive_avg_pool(emit: Emitter, call: Aten) -> Ref:
    """To a given size: a global mean, an even pool, or one product with a matrix of shares an axis."""
    x = call.tensor("self")
    spatial = 1 if "1d" in call.op else 2
    target = call.shape[-spatial:]
    sizes = x.shape[-spatial:]
    if set(target) == {1}:
        return emit.node("GlobalAveragePool", (x.name,), call.shape)
    if all(s % t == 0 for s, t in zip(sizes, target, strict=True)):
        kernel = tuple(s // t for s, t in zip(sizes, target, strict=True))
        pads = (0,) * (2 * spatial)
        return emit.node("AveragePool", (x.name,), call.shape, kernel_shape=kernel, strides=kernel, pads=pads)
    found = x
    for axis, (size, wanted) in enumerate(zip(sizes, target, strict=True), start=x.rank - spatial):
        found = along(emit, found, axis, shares(size, wanted))
    return found


def shares(size: int, wanted: int) -> Array:
    """float32 [size, wanted]: what each input adds to each output of an uneven adaptive mean.

    torch's windows: output i takes inputs floor(i size / wanted) up to ceil((i + 1) size / wanted).
    """
    found = np.zeros((size, wanted), np.float32)
    for i in range(wanted):
        start, end = i * size // wanted, -(-(i + 1) * size // wanted)
        found[start:end, i] = np.float32(1 / (end - start))
    return found


def along(emit: Emitter, x: Ref, axis: int, matrix: Array) -> Ref:
    """The product of one axis with a constant matrix."""
    if matrix.shape[0] == matrix.shape[1] and np.array_equal(matrix, np.eye(len(matrix), dtype=np.float32)):
        return x
    perm = [a for a in range(x.rank) if a != axis] + [axis]
    moved = emit.transpose(x, perm)
    product = emit.node("MatMul", (moved.name, emit.constant(matrix)), (*moved.shape[:-1], matrix.shape[1]))
    return emit.transpose(product, [perm.index(a) for a in range(x.rank)])


def adaptive_max_pool(emit: Emitter, call: Aten) -> Ref:
    """To a given size, where that divides the input's."""
    x, shape = call.tensor("self"), call.shape or call.shapes[0]
    spatial = 1 if "1d" in call.op else 2
    sizes, target = x.shape[-spatial:], shape[-spatial:]
    if any(s % t for s, t in zip(sizes, target, strict=True)):
        raise Untranslatable(
            f"{list(sizes)} to {list(target)} has windows of different sizes; use sizes that divide"
        )
    kernel = tuple(s // t for s, t in zip(sizes, target, strict=True))
    return emit.node(
        "MaxPool", (x.name,), shape, kernel_shape=kernel, strides=kernel, pads=(0,) * (2 * spatial)
    )


def resize(emit: Emitter, call: Aten) -> Ref:
    """upsample_nearest1d/2d and upsample_bilinear2d (interpolate), by sizes or factors."""
    x = call.tensor("self" if "self" in call.operands else "input")
    nearest = "nearest" in call.op
    if nearest:
        transform = "half_pixel" if "exact" in call.op else "asymmetric"
    else:
        transform = "align_corners" if call.flag("align_corners") else "pytorch_half_pixel"
    return emit.node(
        "Resize", (x.name, "", "", emit.ints(call.shape)), call.shape,
        mode=b"nearest" if nearest else b"linear",
        nearest_mode=b"round_prefer_ceil" if "exact" in call.op else b"floor",
        coordinate_transformation_mode=transform.encode(),
    )  # fmt: skip


HANDLERS = {
    "max_pool1d": max_pool,
    "max_pool2d": max_pool,
    "max_pool2d_with_indices": max_pool,
    "avg_pool1d": avg_pool,
    "avg_pool2d": avg_pool,
    "avg_pool3d": avg_pool_of_depth,
    "adaptive_avg_pool1d": adaptive_avg_pool,
    "adaptive_avg_pool2d": adaptive_avg_pool,
    "_adaptive_avg_pool2d": adaptive_avg_pool,
    "adaptive_max_pool1d": adaptive_max_pool,
    "adaptive_max_pool2d": adaptive_max_pool,
    "upsample_nearest1d": resize,
    "upsample_nearest2d": resize,
    "_upsample_nearest_exact1d": resize,
    "_upsample_nearest_exact2d": resize,
    "upsample_linear1d": resize,
    "upsample_bilinear2d": resize,
}
