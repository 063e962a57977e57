"""What a layer costs, roughly: enough to choose between schedules, which are then built and counted exactly.

The figures are cycles on a Cortex-M4 with netsuke's kernels; only their ratios matter.
"""

from __future__ import annotations

from typing import Any

from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site
from netsuke.ops.registry import operator

CALL = 250.0
"""Of a call: loops set up, constants loaded."""
MAC = 1.0
"""Of a MAC in a convolution that works on PIXELS pixels at a time."""
PIXELS = 2
FEWER_MACS = 0.75
"""What is left of the MACs by kernels that spend flash for speed."""
OUTPUT = 8.0
"""Of an output: requantised and stored."""
DEPTHWISE_MAC = 2.0
DEPTHWISE_CHANNEL = 24.0
"""Of a channel each time its image, or part of it, is gone through."""
ELEMENT = 4.0
"""Of an element of an operator without MACs."""


def cycles(site: Site[Any], kernel: Kernel | None = None) -> float:
    """The estimate for one node, or for a node over a few rows."""
    op = operator(site.node.op)
    if op.view:
        return 0.0
    y = site.y() if site.outputs else site.x()
    macs = op.macs(site)
    if not macs:
        read = sum(x.elements for x in site.inputs if x is not None and not x.is_constant)
        return CALL + ELEMENT * max(read, y.elements)
    channels = y.shape[-1]
    pixels = y.elements // channels
    if site.node.op == "depthwise_conv_2d":
        return CALL + DEPTHWISE_MAC * macs + OUTPUT * y.elements + DEPTHWISE_CHANNEL * channels
    if kernel is not None and kernel.spends_flash:
        macs = int(macs * FEWER_MACS)
    padded = -(-pixels // PIXELS) * PIXELS if pixels > 1 else 1
    return CALL + MAC * macs / pixels * padded + OUTPUT * y.elements


def moved(rows: int, row_bytes: int) -> float:
    """Of rows that a line buffer moves to its start."""
    return 0.9 * rows * row_bytes


LEANER = 0.35
"""What a kernel with less scratch takes more than the preferred one, of the layer's cycles."""


def leaner(cycles: float) -> float:
    """Cycles more of a layer whose preferred kernel takes `cycles`."""
    return LEANER * cycles
