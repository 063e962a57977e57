"""Model files for the command line's tests."""

from __future__ import annotations

from pathlib import Path

from netsuke.exporters.tflite import write
from netsuke.ir import DType, Graph, Node, Quantization, Tensor
from netsuke.ops.pool import Pool2d


def two_pools() -> Graph:
    """int8 [1, 8, 8, 4] → max_pool_2d → [1, 4, 4, 4] → average_pool_2d → [1, 2, 2, 4]."""
    names = ("image", "pooled", "scores")
    tensors = {
        name: Tensor(
            name=name,
            shape=(1, side, side, 4),
            dtype=DType.INT8,
            quantization=Quantization.per_tensor(0.5, -3),
        )
        for name, side in zip(names, (8, 4, 2), strict=True)
    }
    args = Pool2d(kernel=(2, 2), stride=(2, 2))
    nodes = (
        Node(op="max_pool_2d", name="first", inputs=("image",), outputs=("pooled",), args=args),
        Node(op="average_pool_2d", name="second", inputs=("pooled",), outputs=("scores",), args=args),
    )
    return Graph(name="pools", tensors=tensors, nodes=nodes, inputs=("image",), outputs=("scores",))


def write_two_pools(folder: Path) -> Path:
    """`two_pools` as pools.tflite."""
    path = folder / "pools.tflite"
    path.write_bytes(write(two_pools()))
    return path
