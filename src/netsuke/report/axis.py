"""The geometry that the pictures of a page share: steps from left to right, a quantity from bottom to top."""

from __future__ import annotations

import math
from dataclasses import dataclass

from netsuke.report.markup import Markup, tag, text

LEFT, RIGHT = 72.0, 16.0
"""Pixels beside the plot: the labels of the y axis, and air."""
PLOT_WIDTH = 1032.0
NARROWEST = 9.0
"""Pixels of a step below which the picture grows wider instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The x axis: one column before the first layer, one for each layer, one after the last."""

    layers: int

    @property
    def column(self) -> float:
        """Pixels of one step."""
        return max(PLOT_WIDTH / (self.layers + 2), NARROWEST)

    @property
    def width(self) -> float:
        """Pixels of the whole picture."""
        return LEFT + self.column * (self.layers + 2) + RIGHT

    @property
    def right(self) -> float:
        """Where the plot ends."""
        return self.width - RIGHT

    def x(self, step: int) -> float:
        """The left edge of a step; step -1 is the first column."""
        return LEFT + self.column * (step + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The y axis: `highest` of a quantity drawn `height` pixels above the line at `bottom`."""

    highest: float
    height: float
    bottom: float

    def y(self, value: float) -> float:
        """Where a value lies."""
        return self.bottom - (self.height * value / self.highest if self.highest else 0.0)


def ticks(highest: float, *, wanted: int = 4, binary: bool = False) -> list[float]:
    """Round values from 0 to at most `highest`: 1, 2, 2.5 or 5 times a power of ten; powers of two for bytes."""
    if highest <= 0:
        return [0.0]
    rough = highest / wanted
    if binary:
        step = 2.0 ** max(0, math.ceil(math.log2(rough)))
    else:
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(m for m in (1, 2, 2.5, 5, 10) if m * power >= rough)
    return [step * i for i in range(int(highest / step + 1e-9) + 1)]


def round_size(nbytes: float) -> str:
    """A tick's bytes, which are round numbers: '512 B', '64 KiB'."""
    if nbytes < 1024:
        return f"{nbytes:g} B"
    return f"{nbytes / 1024:g} KiB" if nbytes < 1024**2 else f"{nbytes / 1024**2:g} MiB"


def grid(steps: Steps, scale: Scale, labels: list[tuple[float, str]]) -> list[Markup]:
    """Horizontal lines with a label on the left."""
    drawn = []
    for value, label in labels:
        y = scale.y(value)
        drawn.append(tag("line", x1=LEFT, x2=steps.right, y1=y, y2=y, class_="grid"))
        drawn.append(tag("text", text(label), x=LEFT - 8, y=y + 4, class_="tick", text_anchor="end"))
    return drawn
