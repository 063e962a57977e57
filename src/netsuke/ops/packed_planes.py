"""DEPTHWISE_CONV_2D with a 3x3 window and taps of four bits, in planes, for cores with the DSP extension.

Taps of two bits are kept in four: beside biases and scales it would hardly save more. Of other windows and on other
cores they lie in flash as bytes. See kernels/include/nk_planes_packed_s8.h.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from netsuke.boards import Isa
from netsuke.ops.conv_geometry import images
from netsuke.ops.depthwise_dsp import PlanesArgs, fits, over_the_input, planes_args
from netsuke.ops.depthwise_scales import LANES, PARAMS, scales_of, starts_with, taps_by_channel
from netsuke.ops.fixed_point import wrap_int32
from netsuke.ops.kernel import Call, Constant, Kernel, Scratch
from netsuke.ops.operator import Site
from netsuke.ops.packed_bits import bits_of

BLOCK_BYTES = 9 * 4
"""A channel's block once it is unpacked."""


def groups(site: Site[Any], *, once: bool) -> Constant:
    """[fours of channels, 17]: {bias, scale} of each, eight taps of each, their last taps and the shift."""
    scales = scales_of(site, once=once)
    assert scales is not None
    taps = taps_by_channel(site) & 15
    first = np.stack([starts_with(site, scales), scales.first, scales.second], axis=1)
    eight = (taps[:, :8] << 4 * np.arange(8)).sum(axis=1)
    shift = scales.factor.bit_length() - 1
    channels = len(taps)
    words = []
    for c in range(0, channels, LANES):
        four = slice(min(c, channels - LANES), min(c, channels - LANES) + LANES)
        last = int((taps[four, 8] << 4 * np.arange(LANES)).sum()) | shift << 16
        words.append([*first[four].reshape(-1).tolist(), *eight[four].tolist(), last])
    data = wrap_int32(np.array(words, np.int64)).astype(np.int32)
    return Constant(label="blocks", data=data, shape_note="fours of channels x (biases and scales, taps)")


def packed_planes(name: str, stride: int, *, once: bool) -> Kernel:
    """nk_<name>: the kernel of a stride and of a form of requantisation."""

    def bind(site: Site[Any]) -> tuple[Call, ...]:
        args, found = planes_args(site), groups(site, once=once)
        scratch = Scratch(nbytes=args.slots * args.columns * LANES * 4 + LANES * BLOCK_BYTES)
        return tuple(kernel.call(x, found, y, scratch, args=args) for x, y in images(site))

    def accepts(site: Site[Any]) -> bool:
        return fits(site, stride) and bits_of(site) is not None and scales_of(site, once=once) is not None

    kernel = Kernel(
        name=name,
        params=PARAMS,
        args=PlanesArgs,
        bind=bind,
        accepts=accepts,
        needs=Isa.DSP,
        overlap=over_the_input,
        packs=True,
    )
    return kernel


DEPTHWISE_PACKED = (
    packed_planes("nk_depthwise_3x3_w4_relu_dsp", 1, once=True),
    packed_planes("nk_depthwise_3x3_w4_dsp", 1, once=False),
    packed_planes("nk_depthwise_3x3_s2_w4_relu_dsp", 2, once=True),
    packed_planes("nk_depthwise_3x3_s2_w4_dsp", 2, once=False),
)
