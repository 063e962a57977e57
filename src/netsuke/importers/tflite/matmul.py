"""BATCH_MATMUL."""

from __future__ import annotations

from netsuke.importers.tflite.options import BatchMatMulOptions
from netsuke.importers.tflite.place import Place
from netsuke.ops.batch_matmul import BatchMatmul


def batch_matmul(place: Place) -> None:
    """Two operands, each perhaps transposed."""
    place.expect((2, 2))
    o = place.options(BatchMatMulOptions)
    place.node("batch_matmul", BatchMatmul(adj_x=o.adj_x, adj_y=o.adj_y), place.name(0), place.name(1))


DECODERS = {"BATCH_MATMUL": batch_matmul}
