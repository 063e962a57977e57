"""Which form a layer's weights have in a file, whatever the format: INT4, int8, or as they are."""

from __future__ import annotations

from typing import Any

from netsuke.ir import FEW_BITS
from netsuke.ops.conv_geometry import WEIGHT_AXIS, WEIGHTS
from netsuke.ops.int8_form import Int8Form, int8_form_of
from netsuke.ops.operator import Site


def in_few_bits(site: Site[Any]) -> bool:
    """Whether a file keeps a layer's integer weights as INT4: where they were quantised to four bits or fewer, or read
    from a file that keeps them so. Small values alone do not: not every reader of a format has INT4.

    Source: `Quantization.bits`, which a quantisation and the importers set, and the verifier holds against the values.
    """
    quantization = site.x(WEIGHTS).quantization
    return quantization is not None and quantization.bits in FEW_BITS


def compact_form(site: Site[Any]) -> Int8Form | None:
    """The int8 form of a layer's float weights, if they have one to the bit: a quarter of the bytes in the file."""
    return int8_form_of(site.x(WEIGHTS), WEIGHT_AXIS[site.node.op])
