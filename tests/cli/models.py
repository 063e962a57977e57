"""Model files for the command line's tests."""

from __future__ import annotations

from pathlib import Path

from netsuke.exporters.tflite import write
from netsuke.ir import DType, Graph, Node, Quantization, Tensor
from netsuke.ops.pool import Pool2d
from tests.codegen.builder import Builder


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


def tall_chain() -> Graph:
    """int8 [1, 20, 12, 2] → three convolutions of 16 channels and a depthwise one → [1, 10, 6, 4]; it goes by rows."""
    b = Builder("chain", DType.INT8, seed=1)
    x = b.conv(b.input(1, 20, 12, 2), 16, 3)
    x = b.conv(x, 16, 1)
    x = b.depthwise(x, 3)
    return b.graph(b.conv(x, 4, 3, stride=2))


def write_chain(folder: Path) -> Path:
    """`tall_chain` as chain.tflite."""
    path = folder / "chain.tflite"
    path.write_bytes(write(tall_chain()))
    return path
