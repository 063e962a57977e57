"""Cases of MEAN, SUM and REDUCE_MAX."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product

from netsuke.ir import DType, TensorType
from netsuke.ops.reduce import Reduce
from tests.ops.case import Case, one_node, tensor_type

SHAPES = ((6,), (3, 5), (2, 3, 4), (1, 3, 2, 5), (2, 1, 4, 3))


def subsets(rank: int) -> Iterator[tuple[int, ...]]:
    """Every choice of axes, none and all among them."""
    yield from chain.from_iterable(combinations(range(rank), n) for n in range(rank + 1))


def reduce_case(op: str, x: TensorType, args: Reduce, y_scale: float | None, y_zero: int) -> Case:
    """A case from its input's type and its output's quantisation."""
    sizes = [(axis, 1 if axis in args.axes else size) for axis, size in enumerate(x.shape)]
    shape = [size for axis, size in sizes if args.keep_dims or axis not in args.axes]
    y = tensor_type(shape, x.dtype, y_scale, y_zero)
    case_id = f"{x.dtype.value}-{'x'.join(map(str, x.shape))}-a{''.join(map(str, args.axes))}"
    case_id += "-keep" if args.keep_dims else ""
    if x.quantization is not None:
        case_id += f"-q{x.scale:.4g},{x.zero_point}to{y_scale:.4g},{y_zero}"
    # LiteRT's reference kernel of SUM reads int8 and int16 as uint8; see test_reduce.py.
    return one_node(case_id, op, args, [x], [y], oracle=op != "sum" or x.quantization is None)


def cases() -> Iterator[Case]:
    """Every choice of axes of every rank, then quantisations, then counts that make the multiplier small."""
    for op, shape in product(("mean", "sum", "reduce_max"), SHAPES):
        for axes, keep in product(subsets(len(shape)), (False, True)):
            args = Reduce(axes=axes, keep_dims=keep)
            yield reduce_case(op, tensor_type(shape, DType.FLOAT32), args, None, 0)
            y_scale = 0.5 if op == "reduce_max" else 0.625
            yield reduce_case(op, tensor_type(shape, DType.INT8, 0.5, -7), args, y_scale, -7)
            if keep:
                yield reduce_case(op, tensor_type(shape, DType.INT16, 0.5), args, y_scale, 0)
    yield from quantizations()
    yield from large_counts()
    yield from deep()


def quantizations() -> Iterator[Case]:
    """Zero points at the ends of the range; scales whose quotient is one, above and below, exact and not."""
    args = Reduce(axes=(1, 2))
    for op, zero, (x_scale, y_scale) in product(
        ("mean", "sum"),
        ((-128, 127), (127, -128), (0, 3), (-128, -128)),
        ((0.1, 0.1), (0.1, 0.03), (0.003, 0.1), (1.0, 0.0078125), (0.0235, 0.0236), (0.00002, 3.0)),
    ):
        x = tensor_type((1, 3, 3, 4), DType.INT8, x_scale, zero[0])
        yield reduce_case(op, x, args, y_scale, zero[1])
    for op, (x_scale, y_scale) in product(("mean", "sum"), ((0.001, 0.001), (0.002, 0.0007), (0.0003, 0.05))):
        yield reduce_case(op, tensor_type((1, 3, 3, 4), DType.INT16, x_scale), args, y_scale, 0)


def large_counts() -> Iterator[Case]:
    """Counts that are and are not powers of two, up to one whose reciprocal needs many bits."""
    for op, (height, width) in product(
        ("mean", "sum", "reduce_max"), ((2, 2), (7, 7), (16, 16), (25, 5), (49, 10))
    ):
        y_scale = 0.05 if op == "reduce_max" else 0.04
        x = tensor_type((1, height, width, 2), DType.INT8, 0.05, 4)
        yield reduce_case(op, x, Reduce(axes=(1, 2)), y_scale, 4)
        x = tensor_type((1, height, width, 2), DType.INT16, 0.05)
        yield reduce_case(op, x, Reduce(axes=(1, 2)), y_scale, 0)
        x = tensor_type((1, height, width, 2), DType.FLOAT32)
        yield reduce_case(op, x, Reduce(axes=(1, 2)), None, 0)


def deep() -> Iterator[Case]:
    """Six dimensions, kept and reduced in turn: every loop of the kernels runs."""
    for op, axes in product(("mean", "sum", "reduce_max"), ((0, 2, 4), (1, 3, 5), (0, 5), (2, 3))):
        args = Reduce(axes=axes)
        y_scale = 0.5 if op == "reduce_max" else 0.75
        yield reduce_case(op, tensor_type((2, 3, 2, 2, 3, 2), DType.INT8, 0.5, 5), args, y_scale, 5)
        yield reduce_case(op, tensor_type((2, 3, 2, 2, 3, 2), DType.FLOAT32), args, None, 0)
