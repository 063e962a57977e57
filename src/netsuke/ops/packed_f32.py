"""Float layers whose weights are numbers of four or two bits times a scale a channel (`int8_form`), kept packed.

The same weights to the bit, and the same order of sums, as with a byte each (weights_w8.py), in half or a quarter of
the flash. See kernels/include/nk_weights_packed_f32.h.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, Conv2dArgs, bias_of, conv_args, images, windows
from netsuke.ops.conv_overlap import windows_by_channel, windows_during
from netsuke.ops.int8_form import Int8Form, small_form
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Param
from netsuke.ops.matrix_f32 import MatrixF32Args, accepts_pointwise, rows_during, shape_of
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import BITS, by_bits, fewest_bits
from netsuke.ops.weights_w8 import PARAMS, groups_of

QUAD = 4
"""Channels of a unit of weights."""
UNITS = {4: "uint16_t", 2: "uint8_t"}
"""What holds an input's weights of four channels."""


def form_of(site: Site[Any], axis: int) -> Int8Form | None:
    """The form of a float layer's weights in few bits; None for other types and other weights."""
    return small_form(site.x(WEIGHTS), axis) if site.x().dtype is DType.FLOAT32 else None


def found_form(site: Site[Any], axis: int) -> Int8Form:
    """The same, where it is known to be there."""
    form = form_of(site, axis)
    assert form is not None
    return form


def accepts(site: Site[Any], axis: int, bits: int) -> bool:
    """float32 with weights that stand for numbers of so many bits."""
    form = form_of(site, axis)
    return form is not None and fewest_bits(form.values) == bits


def filled(values: Array, groups: int) -> Array:
    """[O, ...] → [groups, channels of a group filled up to four, ...] with zeros."""
    whole = values.reshape(groups, len(values) // groups, *values.shape[1:])
    missing = -whole.shape[1] % QUAD
    result: Array = np.pad(whole, [(0, 0), (0, missing), *[(0, 0)] * (whole.ndim - 2)])
    return result


def quads(values: Array, bits: int) -> Array:
    """int8 [..., channels], a multiple of four of them → units, the first channel's number in the lowest bits."""
    fields = values.reshape(*values.shape[:-1], -1, QUAD).astype(np.int64) & ((1 << bits) - 1)
    units: Array = (fields << bits * np.arange(QUAD)).sum(axis=-1).astype(f"<u{bits // 2}")
    return units


def constants(site: Site[Any], form: Int8Form, groups: int, bits: int) -> tuple[Constant, Constant, Constant]:
    """Weights [O, ...] as quads of each group, element by element; scales, filled up likewise; bias."""
    rows = filled(form.values.reshape(len(form.values), -1), groups)
    by_element = quads(rows.transpose(0, 2, 1), bits).transpose(0, 2, 1)
    note = f"channels by four x elements, {bits} bits a weight"
    return (
        Constant(label="weights", data=np.ascontiguousarray(by_element), shape_note=note),
        Constant(label="scale", data=filled(form.scales, groups).reshape(-1)),
        Constant(label="bias", data=bias_of(site, len(form.scales)).reshape(-1)),
    )


def bind_rows(site: Site[Any], bits: int) -> tuple[Call]:
    """One call over all rows; pixels of all images are rows too."""
    form = found_form(site, 0)
    args = MatrixF32Args(**shape_of(site, site.y().elements // len(form.scales)))
    made = constants(site, form, 1, bits)
    return (MATRIX_F32[bits].call(Input(index=0), *made, Output(index=0), args=args),)


def bind_conv(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    groups = groups_of(site)
    args, made = conv_args(site, windows(site), groups), constants(site, found_form(site, 0), groups, bits)
    return tuple(CONV_2D_F32[bits].call(x, *made, y, args=args) for x, y in images(site))


def bind_depthwise(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image; taps x quads of channels."""
    form = found_form(site, 3)
    taps = form.values[0].reshape(-1, len(form.scales))
    units = quads(np.pad(taps, ((0, 0), (0, -taps.shape[1] % QUAD))), bits)
    note = f"kernel_h x kernel_w x channels by four, {bits} bits a weight"
    made = (
        Constant(label="weights", data=np.ascontiguousarray(units), shape_note=note),
        Constant(label="scale", data=form.scales),
        Constant(label="bias", data=bias_of(site, len(form.scales)).reshape(-1)),
    )
    args = conv_args(site, windows(site), site.x().shape[3])
    return tuple(DEPTHWISE_F32[bits].call(x, *made, y, args=args) for x, y in images(site))


def by_axis(axis: int, bits: int) -> Callable[[Site[Any]], bool]:
    """`accepts` of a layer whose output channels run along `axis` of the weights."""
    return lambda site: accepts(site, axis, bits)


def params_of(bits: int) -> tuple[Param, ...]:
    """Pointers as of the kernels with a byte a weight, but for the weights."""
    x, w, *others = PARAMS
    return x, replace(w, ctype=f"const {UNITS[bits]}"), *others


MATRIX_F32 = by_bits(
    lambda bits: Kernel(
        name=f"nk_matrix_w{bits}_f32",
        params=params_of(bits),
        args=MatrixF32Args,
        bind=lambda site: bind_rows(site, bits),
        accepts=by_axis(0, bits),
        overlap=rows_during,
    )
)
"""Of FULLY_CONNECTED."""
POINTWISE_F32 = by_bits(
    lambda bits: replace(
        MATRIX_F32[bits], accepts=lambda site: accepts_pointwise(site) and accepts(site, 0, bits)
    )
)
CONV_2D_F32 = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}_f32",
        params=params_of(bits),
        args=Conv2dArgs,
        bind=lambda site: bind_conv(site, bits),
        accepts=by_axis(0, bits),
        overlap=windows_during,
    )
)
DEPTHWISE_F32 = by_bits(
    lambda bits: Kernel(
        name=f"nk_depthwise_w{bits}_f32",
        params=params_of(bits),
        args=Conv2dArgs,
        bind=lambda site: bind_depthwise(site, bits),
        accepts=lambda site: 1 < site.x().shape[3] == site.y().shape[3] and accepts(site, 3, bits),
        overlap=windows_by_channel,
    )
)
CONNECTED = tuple(MATRIX_F32[bits] for bits in BITS)
CONVOLUTIONS = tuple(kernels[bits] for kernels in (POINTWISE_F32, CONV_2D_F32) for bits in BITS)
DEPTHWISE = tuple(DEPTHWISE_F32[bits] for bits in BITS)
