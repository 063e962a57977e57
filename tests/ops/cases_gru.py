"""Cases of GRU. LiteRT has no such operator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType, Quantization, TensorType
from netsuke.ops.gru import Gru
from tests.ops.case import Case, one_node, tensor_type


def int8_case(
    batch: int, steps: int, features: int, cells: int, *, zeros: tuple[int, int] = (0, 0),
    scales: tuple[float, float] = (0.02, 1 / 128), gain: float = 1.0, note: str = "",
) -> Case:  # fmt: skip
    """`gain`: how large gates become."""
    random = np.random.default_rng(batch * 1000 + steps * 100 + features * 10 + cells)
    operands: list[object] = [tensor_type((batch, steps, features), DType.INT8, scales[0], zeros[0])]
    for depth, scale in ((features, scales[0]), (cells, scales[1])):
        gates = [np.float32(gain * (1 + 0.1 * g) * 4 / (74 * 74 * depth**0.5 * scale)) for g in range(3)]
        q = Quantization(
            scale=tuple(float(g) for g in np.repeat(gates, cells)), zero_point=(0,) * 3 * cells, axis=0
        )
        kind = TensorType(shape=(3 * cells, depth), dtype=DType.INT8, quantization=q)
        operands.append((kind, random.integers(-127, 128, kind.shape, np.int8)))
    for _ in range(2):
        kind = TensorType(shape=(3 * cells,), dtype=DType.INT32, quantization=None)
        operands.append((kind, random.integers(-4000, 4000, kind.shape, np.int32)))
    results = [
        tensor_type((batch, steps, cells), DType.INT8, scales[1], zeros[1]),
        tensor_type((batch, cells), DType.INT16, 2.0**-15),
    ]
    parts = [f"int8-{batch}x{steps}x{features}-{cells}", f"z{zeros[0]}_{zeros[1]}"]
    return one_node(
        "-".join([*parts, note] if note else parts), "gru", Gru(), operands, results, oracle=False
    )  # type: ignore[arg-type]


def float_case(batch: int, steps: int, features: int, cells: int) -> Case:
    """All in float32."""
    random = np.random.default_rng(batch + steps + features + cells)
    operands: list[object] = [tensor_type((batch, steps, features), DType.FLOAT32)]
    for shape in ((3 * cells, features), (3 * cells, cells), (3 * cells,), (3 * cells,)):
        operands.append((tensor_type(shape, DType.FLOAT32), random.normal(0, 0.5, shape).astype(np.float32)))
    results = [tensor_type((batch, steps, cells), DType.FLOAT32), tensor_type((batch, cells), DType.FLOAT32)]
    name = f"float-{batch}x{steps}x{features}-{cells}"
    return one_node(name, "gru", Gru(), operands, results, oracle=False)  # type: ignore[arg-type]


SHAPES = (
    (1, 1, 1, 1),
    (1, 3, 4, 4),
    (1, 5, 8, 8),
    (1, 4, 7, 5),
    (2, 3, 5, 6),
    (1, 6, 12, 16),
    (3, 2, 4, 8),
    (1, 2, 33, 12),
)
"""batch, steps, features, cells."""


def cases() -> Iterator[Case]:
    """Shapes, zero points, saturated gates, coarse and fine outputs; then float."""
    for shape in SHAPES:
        for zeros in ((0, 0), (-128, 3), (127, -5)):
            yield int8_case(*shape, zeros=zeros)
        yield float_case(*shape)
    for gain in (1e-4, 0.1, 3, 30, 1000):
        yield int8_case(1, 4, 8, 12, gain=gain, note=f"gain{gain:g}")
        yield int8_case(1, 4, 7, 5, gain=gain, note=f"gain{gain:g}")
    for y in (0.001, 0.0039, 0.03, 1.7):
        yield int8_case(1, 4, 8, 12, scales=(0.5, y), note=f"y{y:g}")
