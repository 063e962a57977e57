"""What a layer costs, roughly: enough to choose between schedules, which are then built and counted exactly.

The figures are cycles on a Cortex-M4 with netsuke's kernels; only their ratios matter. Where a layer was counted with
a kernel, on the core that the program is for, the count tells how far the figures are off, for parts of the layer too.
"""

from __future__ import annotations

import math
from statistics import median
from typing import Any

from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site
from netsuke.ops.program import Program
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


OF_PARTS = 1.25
"""Of a kernel that is made for single rows, and so was never counted with the whole layer, against the layer's best."""
LEANER = 0.35
"""What a kernel with less scratch takes more than the preferred one, of the layer's cycles."""


def leaner(cycles: float) -> float:
    """Cycles more of a layer whose preferred kernel takes `cycles`."""
    return LEANER * cycles


def filled(site: Site[Any], kernel: Kernel) -> float:
    """Outputs that a kernel computes for each that there is, as it computes whole tiles."""
    if kernel.tile == (1, 1):
        return 1.0
    _, *lengths, _ = site.y().shape
    return math.prod(-(-n // tile) * tile / n for n, tile in zip(lengths, kernel.tile, strict=True))


class Rates:
    """Cycles counted for each cycle of the estimate, of the layers of a program with their kernels."""

    def __init__(self, program: Program) -> None:
        self.sites = {step.node.name: step.site for step in program.steps}
        self.counted: dict[str, dict[str, float]] = {}
        """Layer → kernel → rate."""
        for step in program.steps:
            kernels = {kernel.name: kernel for kernel in operator(step.node.op).kernels}
            self.counted[step.node.name] = {
                name: count / estimate
                for name, count in program.counts.get(step.node.name, {}).items()
                if name in kernels and (estimate := expected(step.site, kernels[name]))
            }
        self.by_kernel = self.usual_rates()
        found = [
            rates[s.kernel.name]
            for s in program.steps
            if s.kernel.name in (rates := self.counted[s.node.name])
        ]
        self.usual = median(found) if found else 1.0
        """Of a layer and a kernel of which nothing was counted."""

    def usual_rates(self) -> dict[str, float]:
        """Kernel → rate, where it was counted for some layer."""
        found: dict[str, list[float]] = {}
        for rates in self.counted.values():
            for kernel, rate in rates.items():
                found.setdefault(kernel, []).append(rate)
        return {kernel: median(rates) for kernel, rates in found.items()}

    def known(self, name: str) -> bool:
        """True for a layer that was counted with some kernel."""
        return bool(self.counted.get(name))

    def cycles(self, site: Site[Any], kernel: Kernel) -> float:
        """Of a node, or of a part of it, with a kernel that was counted for it, or else for other layers."""
        rates = self.counted.get(site.node.name, {})
        rate = rates.get(kernel.name, self.by_kernel.get(kernel.name))
        if rate is None:
            rate = self.uncounted(site.node.name, kernel)
        return expected(site, kernel) * rate

    def uncounted(self, name: str, kernel: Kernel) -> float:
        """Of a kernel that was counted nowhere: one for parts only is nearly as good as the layer's best, others are
        as bad as its worst."""
        rates = self.counted.get(name, {})
        if not rates:
            return self.usual
        if not kernel.accepts(self.sites[name]):
            return min(rates.values()) * OF_PARTS
        return max(rates.values())


def expected(site: Site[Any], kernel: Kernel) -> float:
    """The estimate, with whole tiles."""
    return cycles(site, kernel) * filled(site, kernel)
