"""Streams and patches: which nodes are computed together row by row, or tile by tile, and what happens when."""

from netsuke.stream.flow import Flow, flow_of
from netsuke.stream.forms import Forms
from netsuke.stream.make import Compactness, make_stream, sums_of, window_of
from netsuke.stream.patches import make_patches
from netsuke.stream.tiles import axes_of

__all__ = [
    "Compactness",
    "Flow",
    "Forms",
    "axes_of",
    "flow_of",
    "make_patches",
    "make_stream",
    "sums_of",
    "window_of",
]
