"""Cases of ADD, SUB, MUL."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import Array, DType, TensorType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.add import AddSub
from netsuke.ops.broadcast import broadcast_shape
from netsuke.ops.mul import Mul
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.shape_pairs import EQUAL, PAIRS, pair_id

SUMS = ("add", "sub")
ALL = ("add", "sub", "mul")

Scales = tuple[tuple[float, int], tuple[float, int], tuple[float, int]]
"""(scale, zero point) of input 0, input 1 and the output."""

INT8_SCALES: tuple[Scales, ...] = (
    ((0.1, 0), (0.1, 0), (0.1, 0)),
    ((0.1, -3), (0.05, 7), (0.2, 11)),
    ((0.0235, -128), (0.0471, 127), (0.0613, -128)),
    ((1e-4, 127), (3.0, -128), (2.5, 127)),
    ((0.5, 5), (0.5, -5), (1e-3, 0)),
    ((0.3, 0), (0.7, 0), (0.011, -128)),
    ((2.0, -1), (1e-6, 3), (0.9, 2)),
    ((1.7e-3, 64), (1.9e-3, -64), (3.1e-3, 100)),
)
INT16_SCALES: tuple[Scales, ...] = (
    ((1e-3, 0), (1e-3, 0), (2e-3, 0)),
    ((3e-4, 0), (7e-4, 0), (1e-3, 0)),
    ((0.5, 0), (1e-5, 0), (0.6, 0)),
    ((2.0**-12, 0), (2.0**-12, 0), (2.0**-11, 0)),
    ((0.013, 0), (0.017, 0), (1e-3, 0)),
)
POT_SCALES = (
    (2.0**-12, 2.0**-12, 2.0**-12),
    (2.0**-15, 2.0**-12, 2.0**-12),
    (2.0**-10, 2.0**-13, 2.0**-10),
    (2.0**-20, 2.0**-5, 2.0**-5),
    (2.0**-12, 2.0**-12, 3e-4),
)


def args_of(op: str, activation: Activation, y: TensorType) -> AddSub | Mul:
    clamp = clamp_of(activation, y)
    return Mul(clamp=clamp) if op == "mul" else AddSub(clamp=clamp)


def quantized(op: str, scales: Scales, dtype: DType) -> Scales:
    """The product's scale follows from the inputs', so that results spread over the range."""
    if op != "mul":
        return scales
    (s0, z0), (s1, z1), (sy, zy) = scales
    reach = 180.0 if dtype is DType.INT8 else 33000.0
    return (s0, z0), (s1, z1), (s0 * s1 * reach * (0.5 + sy % 1.0), zy)


def binary(
    name: str,
    op: str,
    dtype: DType,
    shapes: tuple[tuple[int, ...], tuple[int, ...]] = EQUAL,
    scales: Scales | None = None,
    activation: Activation = Activation.NONE,
    constant: Array | None = None,
) -> Case:
    q0, q1, qy = scales or ((None, 0), (None, 0), (None, 0))
    x0, x1 = tensor_type(shapes[0], dtype, *q0), tensor_type(shapes[1], dtype, *q1)
    y = tensor_type(broadcast_shape(*shapes), dtype, *qy)
    second = x1 if constant is None else (x1, constant)
    return one_node(name, op, args_of(op, activation, y), [x0, second], [y])


def constant_of(shape: tuple[int, ...], dtype: DType) -> Array:
    random = np.random.default_rng(len(shape) + 7)
    if dtype is DType.FLOAT32:
        return random.uniform(-2, 2, shape).astype(np.float32)
    low, high = dtype.range
    return random.integers(low, high, shape, endpoint=True).astype(dtype.numpy)


def broadcasting(op: str) -> Iterator[Case]:
    """Every pair of shapes in every type, computed and constant."""
    choices = ((DType.INT8, INT8_SCALES[1]), (DType.INT16, INT16_SCALES[1]), (DType.FLOAT32, None))
    for dtype, scales in choices:
        fitting = None if scales is None else quantized(op, scales, dtype)
        for shapes in PAIRS:
            name = f"{dtype.value}-{pair_id(shapes)}"
            yield binary(name, op, dtype, shapes, fitting)
            yield binary(
                f"{name}-constant", op, dtype, shapes, fitting, constant=constant_of(shapes[1], dtype)
            )


def scaling(op: str) -> Iterator[Case]:
    """Every combination of scales with every activation."""
    for dtype, choices in ((DType.INT8, INT8_SCALES), (DType.INT16, INT16_SCALES)):
        for i, scales in enumerate(choices):
            for activation in Activation:
                name = f"{dtype.value}-scales{i}-{activation.name.lower()}"
                yield binary(name, op, dtype, ((2, 17), (2, 17)), quantized(op, scales, dtype), activation)
    for activation in Activation:
        yield binary(f"float32-{activation.name.lower()}", op, DType.FLOAT32, activation=activation)


def products() -> Iterator[Case]:
    """Multipliers of MUL that shift left and that vanish."""
    for i, (s0, s1, sy) in enumerate(
        ((1.0, 1.0, 1e-3), (0.9, 3.0, 0.001), (1e-6, 1e-6, 1.0), (0.5, 0.25, 0.125))
    ):
        for dtype in (DType.INT8, DType.INT16):
            point = -7 if dtype is DType.INT8 else 0
            scales = ((s0, point), (s1, -point), (sy * (1 if dtype is DType.INT8 else 3000), point))
            yield binary(f"{dtype.value}-multiplier{i}", "mul", dtype, ((33,), (33,)), scales)


def powers_of_two() -> Iterator[Case]:
    """int16 with power-of-two scales; the last kind asks for it without having them all."""
    for op in SUMS:
        for i, (s0, s1, sy) in enumerate(POT_SCALES):
            for swapped in (False, True):
                first, second = (s1, s0) if swapped else (s0, s1)
                x0, x1, y = (tensor_type((3, 11), DType.INT16, s) for s in (first, second, sy))
                for activation in (Activation.NONE, Activation.RELU6):
                    args = AddSub(clamp=clamp_of(activation, y), power_of_two=True)
                    name = f"int16-pot{i}-{'swapped' if swapped else 'straight'}-{activation.name.lower()}"
                    yield one_node(name, op, args, [x0, x1], [y])


def cases() -> Iterator[Case]:
    """Broadcasts, scales, activations."""
    for op in ALL:
        yield from broadcasting(op)
        yield from scaling(op)
    yield from products()
    yield from powers_of_two()
