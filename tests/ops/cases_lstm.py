"""Cases of LSTM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from netsuke.ir import DType, Quantization, TensorType
from netsuke.ops.lstm import Lstm
from tests.ops.case import Case, one_node, tensor_type


def sequence(case: Case) -> Case:
    """The case with the hidden states as its only output: LiteRT does not give the last cell state."""
    return replace(case, graph=case.graph.with_(outputs=("y0",)))


def int8_case(
    batch: int, steps: int, features: int, cells: int, *, zeros: tuple[int, int] = (0, 0),
    scales: tuple[float, float] = (0.02, 1 / 128), power: int = -11, gain: float = 1.0, bias: bool = True,
    states: bool = False, clip: float = 0.0, note: str = "",
) -> Case:  # fmt: skip
    """`gain`: how large gates become; with `states` both outputs, from given states (LiteRT has no such form)."""
    random = np.random.default_rng(batch * 1000 + steps * 100 + features * 10 + cells)
    x = tensor_type((batch, steps, features), DType.INT8, scales[0], zeros[0])
    y = tensor_type((batch, steps, cells), DType.INT8, scales[1], zeros[1])
    hidden = tensor_type((batch, cells), DType.INT8, scales[1], zeros[1])
    cell = tensor_type((batch, cells), DType.INT16, 2.0**power)
    operands: list[object] = [x]
    for depth, scale in ((features, scales[0]), (cells, scales[1])):
        gates = [np.float32(gain * (1 + 0.1 * g) * 4 / (74 * 74 * depth**0.5 * scale)) for g in range(4)]
        q = Quantization(
            scale=tuple(float(g) for g in np.repeat(gates, cells)), zero_point=(0,) * 4 * cells, axis=0
        )
        kind = TensorType(shape=(4 * cells, depth), dtype=DType.INT8, quantization=q)
        operands.append((kind, random.integers(-127, 128, kind.shape, np.int8)))
    if bias:
        kind = TensorType(shape=(4 * cells,), dtype=DType.INT32, quantization=None)
        operands.append((kind, random.integers(-4000, 4000, kind.shape, np.int32)))
    elif states:
        operands.append(None)
    operands += [hidden, cell] if states else []
    parts = [f"int8-{batch}x{steps}x{features}-{cells}", f"z{zeros[0]}_{zeros[1]}", f"p{-power}"]
    parts += ["states"] if states else []
    parts += [] if bias else ["nobias"]
    made = one_node(
        "-".join([*parts, note] if note else parts),
        "lstm",
        Lstm(cell_clip=clip),
        operands,
        [y, cell],
        oracle=not states,
    )  # type: ignore[arg-type]
    return made if states else sequence(made)


def float_case(
    batch: int, steps: int, features: int, cells: int, *, states: bool = False, bias: bool = True
) -> Case:
    """Sums in another order than LiteRT's, and differences of numbers that nearly cancel: it is compared in
    tests/ops/test_lstm.py."""
    random = np.random.default_rng(batch + steps + features + cells)
    kinds = [tensor_type((4 * cells, depth), DType.FLOAT32) for depth in (features, cells)]
    operands: list[object] = [tensor_type((batch, steps, features), DType.FLOAT32)]
    operands += [(k, random.normal(0, 0.5, k.shape).astype(np.float32)) for k in kinds]
    if bias:
        kind = tensor_type((4 * cells,), DType.FLOAT32)
        operands.append((kind, random.normal(0, 0.5, kind.shape).astype(np.float32)))
    elif states:
        operands.append(None)
    state = tensor_type((batch, cells), DType.FLOAT32)
    operands += [state, state] if states else []
    results = [tensor_type((batch, steps, cells), DType.FLOAT32), state]
    name = (
        f"float-{batch}x{steps}x{features}-{cells}"
        + ("-states" if states else "")
        + ("" if bias else "-nobias")
    )
    return one_node(name, "lstm", Lstm(), operands, results, oracle=False)  # type: ignore[arg-type]


SHAPES = (
    (1, 2, 1, 1),
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
    """Shapes, zero points, the scales of the cell state, saturated gates, given states; then float."""
    for shape in SHAPES:
        for zeros in ((0, 0), (-128, 3), (127, -5)):
            yield int8_case(*shape, zeros=zeros)
        yield int8_case(*shape, zeros=(-7, 11), states=True)
        yield float_case(*shape)
        yield float_case(*shape, states=True)
    for power in range(-15, -8):
        yield int8_case(1, 6, 8, 8, power=power, zeros=(4, -1))
        yield int8_case(1, 5, 6, 7, power=power, zeros=(4, -1), gain=6)
    for gain in (1e-4, 0.1, 3, 30, 1000):
        yield int8_case(1, 4, 8, 12, gain=gain, note=f"gain{gain:g}")
    for y in (0.001, 0.0039, 0.03, 1.7):
        yield int8_case(1, 4, 8, 12, scales=(0.5, y), note=f"y{y:g}")
    for clip in (0.0001, 0.5, 3.7, 1000.0):
        yield int8_case(1, 7, 8, 8, gain=3, clip=clip, note=f"clip{clip:g}")
    yield int8_case(1, 4, 8, 8, bias=False)
    yield int8_case(1, 4, 8, 8, bias=False, states=True)
    yield float_case(1, 4, 8, 8, bias=False)
    yield float_case(1, 4, 8, 8, bias=False, states=True)
