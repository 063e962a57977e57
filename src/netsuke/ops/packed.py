"""Weights of four and of two bits, kept packed in flash: the kernels for any core (kernels/include/nk_dot_packed_s8.h).

A layer is taken by its values: all weights in -8..7, or in -2..1. A word (four bits) or half of one (two) holds four
inputs' weights of two channels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from netsuke.ir import DType
from netsuke.ops.conv_geometry import (
    WEIGHTS,
    Conv2dArgs,
    conv_args,
    folded_bias,
    images,
    quantized_params,
    scale_constants,
    windows,
)
from netsuke.ops.conv_overlap import windows_ahead
from netsuke.ops.kernel import Call, Kernel, Param, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import UNITS, bits_of, by_bits, paired_units
from netsuke.ops.packed_dsp import CONV_2D_DSP, POINTWISE_DSP, ROW_DSP
from netsuke.ops.packed_halves import CONVOLUTIONS_HALVES
from netsuke.ops.packed_rows import ROW_LANES


def any_conv(site: Site[Any], bits: int) -> bool:
    """int8, one group, no dilation."""
    axes = windows(site)
    plain = site.x().shape[3] == site.x(WEIGHTS).shape[3] and all(a.dilation == 1 for a in axes)
    return site.x().dtype is DType.INT8 and plain and bits_of(site) == bits


def packed_params(bits: int) -> tuple[Param, ...]:
    """Pointers as of the int8 kernels, but for the weights."""
    x, w, *others = quantized_params("int8_t", "int32_t")
    return x, replace(w, ctype=f"const {UNITS[bits]}"), *others


def bind_any_conv(site: Site[Any], bits: int) -> tuple[Call, ...]:
    """One call an image."""
    w = site.constant(WEIGHTS)
    args = conv_args(site, windows(site), 1)
    rows = w.reshape(len(w), -1)
    constants = (paired_units(rows, bits), folded_bias(site, rows), *scale_constants(site))
    scratch = Scratch(nbytes=w.size // len(w))
    kernel = CONV_2D[bits]
    return tuple(kernel.call(x, *constants, y, scratch, args=args) for x, y in images(site))


CONV_2D = by_bits(
    lambda bits: Kernel(
        name=f"nk_conv_2d_w{bits}",
        params=(*packed_params(bits), Param(name="scratch", ctype="void")),
        args=Conv2dArgs,
        bind=lambda site: bind_any_conv(site, bits),
        accepts=lambda site: any_conv(site, bits),
        overlap=windows_ahead(1),
        packs=True,
    )
)
CONVOLUTIONS = (
    *POINTWISE_DSP.values(),
    *CONV_2D_DSP.values(),
    *CONVOLUTIONS_HALVES,
    *CONV_2D.values(),
)
ROWS = (*ROW_DSP.values(), *ROW_LANES)
