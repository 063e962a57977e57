"""What the element-wise operators refuse, and how broadcasts become loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuke.errors import GraphError
from netsuke.ir import Args, DType, Quantization, TensorType
from netsuke.ops.add import AddSub
from netsuke.ops.arg_max import ArgMax
from netsuke.ops.broadcast import Loop, loops_over
from netsuke.ops.interpret import interpret
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.mul import Mul
from netsuke.ops.registry import site
from netsuke.ops.softmax import Softmax
from netsuke.ops.unary import NoArgs
from tests.ops.case import one_node, tensor_type

S8, S16, F32 = DType.INT8, DType.INT16, DType.FLOAT32


def s8(*shape: int, scale: float = 0.1, point: int = 0) -> TensorType:
    return tensor_type(shape, S8, scale, point)


def s16(*shape: int, scale: float = 0.001, point: int = 0) -> TensorType:
    return tensor_type(shape, S16, scale, point)


def f32(*shape: int) -> TensorType:
    return tensor_type(shape, F32)


REFUSED: tuple[tuple[str, Args, list[TensorType], TensorType, str], ...] = (
    ("add", AddSub(), [s8(3), f32(3)], s8(3), "int8 or int16 or float32"),
    ("add", AddSub(), [f32(3), f32(4)], f32(3), "got shapes [3] and [4]"),
    ("add", AddSub(), [f32(*[1] * 7), f32(1)], f32(*[1] * 7), "at most 6 dimensions"),
    ("add", AddSub(), [s16(3, point=1), s16(3)], s16(3), "zero point 0"),
    ("sub", AddSub(), [s8(3), s8(3)], s8(3, scale=1e-8), "2^-19"),
    (
        "add",
        AddSub(power_of_two=True),
        [s16(2, 3, scale=0.5), s16(3, scale=0.5)],
        s16(2, 3, scale=0.5),
        "equal",
    ),
    ("sub", AddSub(power_of_two=True), [s16(3, scale=0.5)] * 2, s16(3, scale=0.25), "no larger one"),
    ("mul", Mul(), [s8(3, scale=10.0), s8(3, scale=10.0)], s8(3, scale=1e-3), "below 2^30"),
    (
        "maximum",
        NoArgs(),
        [tensor_type((3,), DType.BOOL)] * 2,
        tensor_type((3,), DType.BOOL),
        "int8 or int16",
    ),
    ("prelu", NoArgs(), [f32(3), f32(2, 3)], f32(2, 3), "not stretched"),
    ("relu", NoArgs(), [s8(3)], s16(3), "int8 or uint8 or int16 or float32"),
    ("relu6", NoArgs(), [s8(3, scale=9000.0)], s8(3, scale=1.0), "2^13"),
    ("relu_n1_to_1", NoArgs(), [s16(3)], s16(3), "int8 or uint8 or float32"),
    ("leaky_relu", LeakyRelu(alpha=float("nan")), [f32(3)], f32(3), "finite"),
    ("hard_swish", NoArgs(), [s8(3, scale=1.0)], s8(3, scale=0.005), "128 times"),
    ("logistic", NoArgs(), [s8(3)], s8(3, scale=1 / 128), "1/256"),
    ("tanh", NoArgs(), [s16(3)], s16(3, scale=2.0**-14), "1/32768"),
    ("tanh", NoArgs(), [s16(3, scale=6.0)], s16(3, scale=2.0**-15), "to 5"),
    ("softmax", Softmax(), [f32()], f32(), "has a dimension"),
    ("softmax", Softmax(), [s8(3)], s8(3, scale=1 / 128, point=-128), "1/256"),
    ("softmax", Softmax(beta=-1.0), [f32(3)], f32(3), "above 0"),
    ("softmax", Softmax(), [s8(3)], f32(3), "int8 to int8 or int16"),
    ("quantize", NoArgs(), [f32(3)], f32(3), "float32 to int8"),
    ("quantize", NoArgs(), [f32(3)], tensor_type((3,), S8), "one scale"),
    ("quantize", NoArgs(), [s16(3, point=5)], s16(3), "both zero points are 0"),
    ("dequantize", NoArgs(), [tensor_type((3,), S8)], f32(3), "is quantised"),
    ("dequantize", NoArgs(), [f32(3)], f32(3), "to float32"),
    ("arg_max", ArgMax(axis=2), [f32(3, 4)], tensor_type((3,), DType.INT32), "axis 2 of [3, 4]"),
    ("arg_max", ArgMax(axis=1), [f32(3, 4)], f32(3), "int32 or int64"),
)


@pytest.mark.parametrize(("op", "args", "inputs", "output", "said"), REFUSED)
def test_refuses(op: str, args: Args, inputs: list[TensorType], output: TensorType, said: str) -> None:
    case = one_node("refused", op, args, inputs, [output])
    with pytest.raises(GraphError) as error:
        site(case.graph, case.graph.nodes[0])
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("left", "right", "loops"),
    [
        ((2, 3, 5), (2, 3, 5), [(30, 1, 1)]),
        ((2, 3, 5), (), [(30, 1, 0)]),
        ((1,), (4, 7), [(28, 0, 1)]),
        ((1, 4, 3, 8), (8,), [(12, 8, 0), (8, 1, 1)]),
        ((4, 3, 8), (4, 3, 1), [(12, 8, 1), (8, 1, 0)]),
        ((4, 1, 3), (1, 5, 3), [(4, 3, 0), (5, 0, 3), (3, 1, 1)]),
        ((), (), [(1, 1, 1)]),
    ],
)
def test_broadcasts_become_few_loops(
    left: tuple[int, ...], right: tuple[int, ...], loops: list[tuple[int, int, int]]
) -> None:
    assert loops_over(left, right) == tuple(Loop(count=n, step_0=a, step_1=b) for n, a, b in loops)


@st.composite
def shape_pairs(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes of up to 6 dimensions that broadcast."""
    full = draw(st.lists(st.integers(1, 3), max_size=6))
    stretched = [
        [1 if draw(st.booleans()) else size for size in full][draw(st.integers(0, len(full))) :]
        for _ in range(2)
    ]
    return tuple(stretched[0]), tuple(stretched[1])


@given(shape_pairs())
def test_loops_visit_what_numpy_pairs(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    left, right = shapes
    ours = [(0, 0)]
    for loop in loops_over(left, right):
        ours = [(a + i * loop.step_0, b + i * loop.step_1) for a, b in ours for i in range(loop.count)]
    numbered = (np.arange(np.prod(shape, dtype=int)).reshape(shape) for shape in shapes)
    pairs = np.broadcast_arrays(*numbered)
    assert ours == list(zip(pairs[0].ravel().tolist(), pairs[1].ravel().tolist(), strict=True))


def test_per_channel_constants_are_dequantised() -> None:
    channels = Quantization(scale=(0.5, 2.0, 0.25), zero_point=(1, 0, -1), axis=1)
    x = TensorType(shape=(2, 3), dtype=S8, quantization=channels)
    values = np.array([[1, 2, 3], [-4, -5, -6]], np.int8)
    case = one_node("per-channel", "dequantize", NoArgs(), [(x, values)], [f32(2, 3)])
    (y,) = interpret(case.graph, []).outputs
    assert y.tolist() == [[0.0, 4.0, 1.0], [-2.5, -10.0, -1.25]]
