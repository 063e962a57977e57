"""Float layers whose weights are int8 numbers times a scale a channel (`int8_form`): a quarter of the flash.

The kernels make each weight on the way, float(integer) times scale, which is the float32 weight of the graph to the
bit, and add up as the float kernels do.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.conv_geometry import WEIGHTS, Conv2dArgs, bias_of, conv_args, images, interleaved, windows
from netsuke.ops.conv_overlap import windows_by_channel, windows_during
from netsuke.ops.int8_form import Int8Form, int8_form_of
from netsuke.ops.kernel import Call, Constant, Input, Kernel, Output, Param
from netsuke.ops.matrix_f32 import MatrixF32Args, accepts_pointwise, rows_during, shape_of
from netsuke.ops.operator import Site

PARAMS = (
    Param(name="x", ctype="const float"),
    Param(name="w", ctype="const int8_t"),
    Param(name="scale", ctype="const float"),
    Param(name="bias", ctype="const float"),
    Param(name="y", ctype="float"),
)


def form_of(site: Site[Any], axis: int) -> Int8Form | None:
    """The int8 form of a float layer's weights; None for other types and other weights."""
    return int8_form_of(site.x(WEIGHTS), axis) if site.x().dtype is DType.FLOAT32 else None


def found_form(site: Site[Any], axis: int) -> Int8Form:
    """The same, where it is known to be there."""
    form = form_of(site, axis)
    assert form is not None
    return form


def rest_of(site: Site[Any], form: Int8Form) -> tuple[Constant, Constant]:
    """Scales and bias."""
    channels = len(form.scales)
    return (
        Constant(label="scale", data=form.scales),
        Constant(label="bias", data=bias_of(site, channels).reshape(-1)),
    )


def by_fours(values: Array, groups: int, note: str) -> Constant:
    """Weights [O, ...], by four channels within each group, element by element."""
    rows = values.reshape(groups, -1, int(np.prod(values.shape[1:])))
    data = np.concatenate([interleaved(group) for group in rows])
    return Constant(label="weights", data=data, shape_note=f"channels by four, then {note}, 4")


def bind_rows(site: Site[Any]) -> tuple[Call]:
    """One call over all rows; pixels of all images are rows too."""
    form = found_form(site, 0)
    args = MatrixF32Args(**shape_of(site, site.y().elements // len(form.scales)))
    weights = by_fours(form.values, 1, "depth")
    return (MATRIX_W8_F32.call(Input(index=0), weights, *rest_of(site, form), Output(index=0), args=args),)


def groups_of(site: Site[Any]) -> int:
    """Groups of a CONV_2D."""
    return site.x().shape[3] // site.x(WEIGHTS).shape[3]


def bind_conv(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image."""
    form, groups = found_form(site, 0), groups_of(site)
    constants = (by_fours(form.values, groups, "kernel_h, kernel_w, in_channels"), *rest_of(site, form))
    args = conv_args(site, windows(site), groups)
    return tuple(CONV_2D_W8_F32.call(x, *constants, y, args=args) for x, y in images(site))


def bind_depthwise(site: Site[Any]) -> tuple[Call, ...]:
    """One call an image; weights kernel_h x kernel_w x channels."""
    form = found_form(site, 3)
    weights = Constant(label="weights", data=form.values[0], shape_note="kernel_h x kernel_w x channels")
    args = conv_args(site, windows(site), site.x().shape[3])
    constants = (weights, *rest_of(site, form))
    return tuple(DEPTHWISE_W8_F32.call(x, *constants, y, args=args) for x, y in images(site))


MATRIX_W8_F32 = Kernel(
    name="nk_matrix_w8_f32",
    params=PARAMS,
    args=MatrixF32Args,
    bind=bind_rows,
    accepts=lambda site: form_of(site, 0) is not None,
    overlap=rows_during,
)
"""Of FULLY_CONNECTED."""
POINTWISE_W8_F32 = replace(
    MATRIX_W8_F32, accepts=lambda site: accepts_pointwise(site) and form_of(site, 0) is not None
)
CONV_2D_W8_F32 = Kernel(
    name="nk_conv_2d_w8_f32",
    params=PARAMS,
    args=Conv2dArgs,
    bind=bind_conv,
    accepts=lambda site: form_of(site, 0) is not None,
    overlap=windows_during,
)
DEPTHWISE_W8_F32 = Kernel(
    name="nk_depthwise_w8_f32",
    params=PARAMS,
    args=Conv2dArgs,
    bind=bind_depthwise,
    accepts=lambda site: 1 < site.x().shape[3] == site.y().shape[3] and form_of(site, 3) is not None,
    overlap=windows_by_channel,
)
