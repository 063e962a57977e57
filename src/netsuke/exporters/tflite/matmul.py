"""BATCH_MATMUL."""

from __future__ import annotations

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import BatchMatMulOptions
from netsuke.ops.batch_matmul import BatchMatmul
from netsuke.ops.operator import Site


def batch_matmul(emitter: Emitter, site: Site[BatchMatmul]) -> None:
    """Two computed operands."""
    options = BatchMatMulOptions(adj_x=site.args.adj_x, adj_y=site.args.adj_y)
    inputs = (emitter.x(site, 0), emitter.x(site, 1))
    emitter.emit("BATCH_MATMUL", inputs, (emitter.y(site),), options)


ENCODERS = {"batch_matmul": batch_matmul}
