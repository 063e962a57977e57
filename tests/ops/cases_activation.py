"""Cases of RELU, RELU6, RELU_N1_TO_1, LEAKY_RELU, PRELU, HARD_SWISH, LOGISTIC and TANH."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from netsuke.ir import Args, Array, DType, TensorType
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.cases_arithmetic import constant_of
from tests.ops.shape_pairs import STRETCHES_SECOND, pair_id

BYTES = (DType.INT8, DType.UINT8)
Quant = tuple[float, int]
QUANTS: tuple[tuple[Quant, Quant], ...] = (
    ((0.1, 0), (0.1, 0)),
    ((0.05, -3), (0.05, -3)),
    ((0.0471, -128), (0.0235, -128)),
    ((0.03, 127), (0.05, 127)),
    ((0.02, 5), (0.011, -128)),
    ((0.5, -20), (0.7, 40)),
    ((1e-3, 12), (0.9, 0)),
    ((3.0, 1), (0.01, -1)),
)
"""(scale, zero point) of input and output, zero points as for int8."""
SHORT_QUANTS = ((1e-3, 1e-3), (3e-4, 2.0**-15), (0.01, 1e-3), (1e-3, 0.02), (2.0**-12, 2.0**-11))
"""Scales of int16 input and output."""
SHAPES = ((1,), (1, 5, 3, 7), (2, 19))


def every_byte(dtype: DType) -> Array:
    """All 256 values."""
    return np.arange(256, dtype=np.uint8).view(dtype.numpy)


def shifted(dtype: DType, quant: Quant) -> Quant:
    """The same zero point for the type's range."""
    return quant if dtype is DType.INT8 else (quant[0], quant[1] + 128)


def table(op: str, name: str, args: Args, x: TensorType, y: TensorType) -> Case:
    """All 256 inputs at once, as a constant."""
    return one_node(name, op, args, [(x, every_byte(x.dtype))], [y])


def byte_cases(op: str, args: Args, quants: Sequence[tuple[Quant, Quant]], label: str = "") -> Iterator[Case]:
    """All values of 8-bit types under every quantisation, and some shapes."""
    for dtype in BYTES:
        for i, pair in enumerate(quants):
            qx, qy = (shifted(dtype, quant) for quant in pair)
            x, y = tensor_type((256,), dtype, *qx), tensor_type((256,), dtype, *qy)
            yield table(op, f"{dtype.value}-table{i}{label}", args, x, y)
            for shape in SHAPES[: 3 if i == 1 else 1]:
                name = f"{dtype.value}-{i}-{'x'.join(map(str, shape))}{label}"
                yield one_node(
                    name, op, args, [tensor_type(shape, dtype, *qx)], [tensor_type(shape, dtype, *qy)]
                )


def short_cases(op: str, args: Args, label: str = "") -> Iterator[Case]:
    """int16 under several scales."""
    for i, (sx, sy) in enumerate(SHORT_QUANTS):
        kinds = tensor_type((3, 67), DType.INT16, sx), tensor_type((3, 67), DType.INT16, sy)
        yield one_node(f"int16-{i}{label}", op, args, [kinds[0]], [kinds[1]])


def float_cases(op: str, args: Args, label: str = "", ulp: int = 0) -> Iterator[Case]:
    """float32 in some shapes."""
    for shape in (*SHAPES, (700,)):
        kind = tensor_type(shape, DType.FLOAT32)
        name = f"float32-{'x'.join(map(str, shape))}{label}"
        yield one_node(name, op, args, [kind], [kind], ulp=ulp)


def wide_floats() -> Array:
    """Every size and both signs, zeros, subnormals, infinities, and both sides of every threshold."""
    random = np.random.default_rng(5)
    spread = np.ldexp(random.uniform(1, 2, 512), np.arange(512) % 256 - 130)
    edges = np.array([0.625, 9.0, 9.01, 16.619047, 17.5, 87.3, 88.72283, 88.8, 103.97, 104.5], np.float64)
    near = np.nextafter(edges.astype(np.float32), np.float32(0))
    sizes = np.concatenate([spread, edges, near, [0.0, 1e-45, 1.1e-38, 3.4e38, np.inf]]).astype(np.float32)
    return np.concatenate([sizes, -sizes])


def wide_float_case(op: str, args: Args, label: str = "", ulp: int = 0) -> Case:
    """The function over `wide_floats`; without infinities where they make NaNs."""
    values = wide_floats()
    values = values[np.isfinite(values)] if op == "hard_swish" else values
    kind = tensor_type(values.shape, DType.FLOAT32)
    return one_node(f"float32-wide{label}", op, args, [(kind, values)], [kind], ulp=ulp)


def rectifiers() -> Iterator[Case]:
    for op in ("relu", "relu6", "relu_n1_to_1"):
        yield from byte_cases(op, NoArgs(), QUANTS)
        yield from float_cases(op, NoArgs())
        yield wide_float_case(op, NoArgs())
        if op != "relu_n1_to_1":
            yield from short_cases(op, NoArgs())


def leaky_rectifiers() -> Iterator[Case]:
    for alpha in (0.1, 0.01, 0.3, 0.0, 1.0, 1.5, -0.25, 1e-12):
        args, label = LeakyRelu(alpha=float(np.float32(alpha))), f"-alpha{alpha}"
        yield from byte_cases("leaky_relu", args, QUANTS[:6], label)
        yield from short_cases("leaky_relu", args, label)
        yield from float_cases("leaky_relu", args, label)
    yield wide_float_case("leaky_relu", LeakyRelu(alpha=0.3))


def parametric_rectifiers() -> Iterator[Case]:
    quants = (
        ((0.1, 0), (0.02, 0), (0.1, 0)),
        ((0.05, -3), (0.011, 7), (0.06, 9)),
        ((0.0471, -128), (0.5, 127), (0.9, -128)),
        ((0.03, 127), (0.004, -128), (0.01, 127)),
        ((0.9, 12), (0.9, -12), (0.3, 3)),
        ((1e-3, 0), (1e-3, 0), (1.0, 0)),
    )
    for shapes in STRETCHES_SECOND:
        for i, (qx, qa, qy) in enumerate(quants):
            x, alpha = tensor_type(shapes[0], DType.INT8, *qx), tensor_type(shapes[1], DType.INT8, *qa)
            y, slopes = tensor_type(shapes[0], DType.INT8, *qy), constant_of(shapes[1], DType.INT8)
            name = f"int8-{pair_id(shapes)}-{i}"
            yield one_node(f"{name}-constant", "prelu", NoArgs(), [x, (alpha, slopes)], [y])
            yield one_node(name, "prelu", NoArgs(), [x, alpha], [y])
        x, alpha = (tensor_type(shape, DType.FLOAT32) for shape in shapes)
        slopes = constant_of(shapes[1], DType.FLOAT32)
        name = f"float32-{pair_id(shapes)}"
        yield one_node(f"{name}-constant", "prelu", NoArgs(), [x, (alpha, slopes)], [x])
        yield one_node(name, "prelu", NoArgs(), [x, alpha], [x])


def hard_swishes() -> Iterator[Case]:
    scales = (0.001, 0.0117, 0.03, 0.0235, 0.0937, 0.5, 3.0, 17.0)
    quants = [
        ((sx, zx), (sx * ratio, zy))
        for sx in scales
        for zx, zy, ratio in ((0, 0, 1.0), (-128, -128, 0.7), (127, 5, 1.9), (-31, -100, 0.31), (3, 0, 0.02))
    ]
    yield from byte_cases("hard_swish", NoArgs(), quants)
    yield from float_cases("hard_swish", NoArgs())
    # Results below 2^-126 are divided in two steps: see nk_divf.
    yield wide_float_case("hard_swish", NoArgs(), ulp=1)


def sigmoids() -> Iterator[Case]:
    scales = (1e-4, 0.0039, 0.011, 0.0235, 0.047, 0.0784, 0.13, 0.5, 2.0, 30.0)
    points = (0, -128, 127, 37, -71)
    logistic = [((s, z), (1 / 256, -128)) for s in scales for z in points]
    yield from byte_cases("logistic", NoArgs(), logistic)
    tanh = [
        ((s, z), q)
        for s in scales
        for z, q in zip(
            points, ((1 / 128, 0), (0.011, 3), (1 / 128, 0), (0.02, -128), (0.003, 127)), strict=True
        )
    ]
    yield from byte_cases("tanh", NoArgs(), tanh)
    for op in ("logistic", "tanh"):
        yield from float_cases(op, NoArgs(), ulp=SIGMOID_ULP)
        yield wide_float_case(op, NoArgs(), ulp=SIGMOID_ULP)
        for i, scale in enumerate(
            (2.0**-12, 2.0**-11, 2.0**-13, 2.0**-15, 1e-3, 3.1e-4, 0.01, 1.7, 4.9, 1e-7, 2.0**-44)
        ):
            kinds = tensor_type((3, 333), DType.INT16, scale), tensor_type((3, 333), DType.INT16, 2.0**-15)
            yield one_node(f"int16-{i}", op, NoArgs(), [kinds[0]], [kinds[1]])


SIGMOID_ULP = 3
"""Ours are within 2 ulp of the correctly rounded result; the C library that LiteRT calls is within 1 or 2."""


def cases() -> Iterator[Case]:
    """Tables over all inputs, shapes, types."""
    yield from rectifiers()
    yield from leaky_rectifiers()
    yield from parametric_rectifiers()
    yield from hard_swishes()
    yield from sigmoids()
