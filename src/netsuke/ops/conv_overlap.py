"""What convolutions and matrix products claim about their output over their input (see overlap.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netsuke.ops.conv_geometry import windows
from netsuke.ops.operator import Site
from netsuke.ops.overlap import Overlap, Reads, matrix_rows, windowed


def windows_ahead(pixels: int) -> Callable[[Site[Any]], tuple[Overlap, ...]]:
    """Kernels that gather the windows of `pixels` output pixels into scratch before they write those pixels."""
    return lambda site: windowed(site, windows(site), Reads.AHEAD, pixels=pixels)


def windows_during(site: Site[Any]) -> tuple[Overlap, ...]:
    """Kernels that walk a pixel's window once for every few output channels."""
    return windowed(site, windows(site), Reads.DURING)


def windows_by_channel(site: Site[Any]) -> tuple[Overlap, ...]:
    """Depthwise kernels that make one pixel after the other, a few channels at a time."""
    return windowed(site, windows(site), Reads.BY_CHANNEL)


def pixels_ahead(pixels: int) -> Callable[[Site[Any]], tuple[Overlap, ...]]:
    """Matrix products that copy `pixels` rows of inputs before they write those rows of outputs."""
    return lambda site: matrix_rows(site, Reads.AHEAD, rows=pixels)


def pixels_during(site: Site[Any]) -> tuple[Overlap, ...]:
    """Matrix products that read a row of inputs once for every few outputs."""
    return matrix_rows(site, Reads.DURING)
