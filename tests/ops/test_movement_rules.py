"""What pools, reductions, resizes and the operators that move data refuse, and in which words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from netsuke.errors import GraphError
from netsuke.ir import Args, DType, TensorType
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.geometry import Padding
from netsuke.ops.pack import Pack, Unpack
from netsuke.ops.pad import Pad
from netsuke.ops.pool import Pool2d
from netsuke.ops.reduce import Reduce
from netsuke.ops.registry import site
from netsuke.ops.reshape import Reshape
from netsuke.ops.resize import Resize
from netsuke.ops.slice import StridedSlice
from netsuke.ops.split import Split
from netsuke.ops.transpose import Transpose
from tests.ops.case import one_node, tensor_type


def s8(*shape: int, scale: float = 0.5, zero_point: int = 3) -> TensorType:
    """An int8 tensor."""
    return tensor_type(shape, DType.INT8, scale, zero_point)


def s16(*shape: int, zero_point: int = 0) -> TensorType:
    """An int16 tensor."""
    return tensor_type(shape, DType.INT16, 0.5, zero_point)


def f32(*shape: int) -> TensorType:
    """A float tensor."""
    return tensor_type(shape, DType.FLOAT32)


POOL = Pool2d(kernel=(2, 2), stride=(2, 2))
OUTSIDE = replace(POOL, padding=Padding.EXPLICIT, explicit=((2, 0), (0, 0)))
BEYOND = replace(POOL, padding=Padding.EXPLICIT, explicit=((0, 3), (0, 0)))
IMAGE = s8(1, 4, 4, 2)
HALF = s8(1, 2, 2, 2)

REFUSED: tuple[tuple[str, Args, Sequence[TensorType], Sequence[TensorType], str], ...] = (
    ("max_pool_2d", POOL, [s8(4, 4, 2)], [HALF], r"NHWC image: rank 4\. Got: shape \[4, 4, 2\]"),
    ("max_pool_2d", POOL, [IMAGE], [s8(1, 2, 2, 2, scale=0.25)], "same scale and zero point"),
    ("average_pool_2d", POOL, [IMAGE], [f32(1, 2, 2, 2)], "all int8 or int16 or float32. Got: int8, float32"),
    ("average_pool_2d", OUTSIDE, [IMAGE], [s8(1, 3, 2, 2)], "Every window holds an element of the image"),
    ("average_pool_2d", BEYOND, [IMAGE], [s8(1, 3, 2, 2)], "Every window holds an element of the image"),
    ("max_pool_2d", replace(POOL, kernel=(5, 1)), [IMAGE], [HALF], "does not fit an input of 4"),
    ("max_pool_2d", replace(POOL, stride=(0, 1)), [IMAGE], [HALF], "all must be 1 or more"),
    ("mean", Reduce(axes=(2, 1)), [IMAGE], [s8(1, 2)], r"in increasing order and each once.*axes \[2, 1\]"),
    ("mean", Reduce(axes=(4,)), [IMAGE], [s8(1, 4, 4, 2)], r"axes \[4\] of rank 4"),
    ("mean", Reduce(axes=(0,)), [s16(2, zero_point=1)], [s16()], "int16 tensors have a zero point of 0"),
    ("mean", Reduce(axes=(0,)), [s16(1 << 16)], [s16()], "at most 65535 elements of int16.*65536 elements"),
    ("sum", Reduce(axes=(0,)), [s8(400, scale=1e6)], [s8(scale=0.1)], "stay below 2\\^30"),
    ("reduce_max", Reduce(axes=(0,)), [s8(4)], [s8(scale=1.0)], "a maximum does not requantise"),
    ("reshape", Reshape(shape=(3, 3)), [s8(8)], [s8(3, 3)], r"shape \[3, 3\] for an input of shape \[8\]"),
    ("reshape", Reshape(shape=(-2, -4)), [s8(8)], [s8(2, 4)], "no negative dimension"),
    ("reshape", Reshape(shape=(8,)), [s8(8)], [s16(8)], "same element type"),
    ("transpose", Transpose(perm=(0, 0)), [s8(2, 2)], [s8(2, 2)], r"each dimension.*\[0, 0\] for rank 2"),
    ("transpose", Transpose(perm=tuple(range(7))), [s8(*[1] * 7)], [s8(*[1] * 7)], "at most 6"),
    ("pad", Pad(amounts=((1, -1),)), [s8(3)], [s8(3)], r"\[\[1, -1\]\] for rank 1"),
    ("pad", Pad(amounts=((1, 1),)), [s8(3, 3)], [s8(5, 3)], "for every dimension"),
    ("pad", Pad(amounts=((1, 1),), value=128), [s8(3)], [s8(5)], "Got: 128 for int8"),
    ("pad", Pad(amounts=((1, 1),), value=0.5), [s8(3)], [s8(5)], "Got: 0.5 for int8"),
    ("concatenation", Concatenation(axis=2), [s8(2, 2)], [s8(2, 2)], r"axis 2 of \[2, 2\]"),
    (
        "concatenation",
        Concatenation(axis=0),
        [s8(2, 2), s8(2, 3)],
        [s8(4, 2)],
        "differ in size along the axis only",
    ),
    ("concatenation", Concatenation(axis=0), [s8(2), s8(2, zero_point=4)], [s8(4)], "does not requantise"),
    ("concatenation", Concatenation(axis=0), [s8(2), s16(2)], [s8(4)], "Got: int8, int16, int8"),
    ("split", Split(axis=0, sizes=(2, 3)), [s8(4)], [s8(2), s8(3)], r"sizes \[2, 3\] of 2 outputs"),
    ("split", Split(axis=0, sizes=(4, 0)), [s8(4)], [s8(4), s8(0)], "sizes are 1 or more"),
    ("split", Split(axis=0, sizes=(4,)), [s8(4)], [s16(4)], "same element type"),
    (
        "strided_slice",
        StridedSlice(begin=(0,), end=(5,), strides=(1,)),
        [s8(4)],
        [s8(5)],
        "0:5:1 of a dimension of 4",
    ),
    (
        "strided_slice",
        StridedSlice(begin=(2,), end=(1,), strides=(1,)),
        [s8(4)],
        [s8(0)],
        "take 1 or more indices",
    ),
    (
        "strided_slice",
        StridedSlice(begin=(0,), end=(4,), strides=(0,)),
        [s8(4)],
        [s8(4)],
        "0:4:0 of a dimension of 4",
    ),
    (
        "strided_slice",
        StridedSlice(begin=(0,), end=(4,), strides=(1,)),
        [s8(4, 1)],
        [s8(4)],
        r"for shape \[4, 1\]",
    ),
    (
        "strided_slice",
        StridedSlice(begin=(0,), end=(2,), strides=(1,), shrink_axes=(0,)),
        [s8(4)],
        [s8()],
        r"one index taken\. Got: shrink axes \[0\]",
    ),
    ("pack", Pack(axis=2), [s8(4), s8(4)], [s8(2, 4)], r"axis 2 for \[4\], \[4\]"),
    ("pack", Pack(axis=0), [s8(4), s8(5)], [s8(2, 4)], "The inputs have one shape"),
    ("pack", Pack(axis=0), [s8(4), s16(4)], [s8(2, 4)], "same element type"),
    ("unpack", Unpack(axis=0), [s8(3, 4)], [s8(4), s8(4)], r"2 outputs along axis 0 of \[3, 4\]"),
    ("resize_nearest_neighbor", Resize(size=(0, 2)), [IMAGE], [s8(1, 0, 2, 2)], r"sizes \[0, 2, 4, 4\]"),
    ("resize_nearest_neighbor", Resize(size=(2, 2)), [s8(4, 4, 2)], [HALF], "rank 4"),
    (
        "resize_bilinear",
        Resize(size=(2, 2), align_corners=True, half_pixel_centers=True),
        [IMAGE],
        [HALF],
        "At most one of align_corners and half_pixel_centers",
    ),
    (
        "resize_bilinear",
        Resize(size=(80, 2)),
        [s8(1, 1, 2, 1)],
        [s8(1, 80, 2, 1)],
        "lies inside the input image",
    ),
)


@pytest.mark.parametrize(("op", "args", "inputs", "outputs", "message"), REFUSED)
def test_a_site_that_breaks_a_rule_is_refused_in_words(
    op: str, args: Args, inputs: Sequence[TensorType], outputs: Sequence[TensorType], message: str
) -> None:
    graph = one_node("refused", op, args, inputs, outputs).graph
    with pytest.raises(GraphError, match=message):
        site(graph, graph.nodes[0])


def test_a_shape_that_the_rule_does_not_give_is_refused() -> None:
    graph = one_node("refused", "transpose", Transpose(perm=(1, 0)), [s8(2, 3)], [s8(2, 3)]).graph
    with pytest.raises(GraphError, match=r"says \[2, 3\]; the shape rule gives \[3, 2\]"):
        site(graph, graph.nodes[0])
