"""Streams of rows: which nodes are computed together row by row, and when which row is."""

from netsuke.stream.forms import Forms
from netsuke.stream.make import make_stream, sums_of, window_of

__all__ = ["Forms", "make_stream", "sums_of", "window_of"]
