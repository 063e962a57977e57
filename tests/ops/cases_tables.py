"""Cases of NORMALIZE in int8, and of the functions of one number whose int8 form is a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from netsuke.ir import DType
from netsuke.ops.float_unary import Gelu
from netsuke.ops.normalize import Normalize
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type

ALL = np.arange(-128, 128).astype(np.int8)
SCALES = ((0.03125, 3, 0.0234375, -20), (0.0173, -128, 0.031, -128), (0.11, 0, 0.05, 7), (0.04, 127, 0.04, 0))
"""Input scale and zero point, output scale and zero point."""
NOT_IN_LITERT = ("elu", "erf", "softplus")
"""Netsuke's own, and ELU, of which this build of LiteRT has no reference kernel."""
FROM_ZERO = ("sqrt",)
"""LiteRT refuses what is below 0."""
GROUPS = (
    ((4, 7), (1,)), ((2, 3, 8), (2,)), ((2, 3, 8), (1, 2)), ((1, 4, 3, 6), (1, 2)), ((1, 3, 3, 2, 4), (1, 2, 4)),
    ((5,), (0,)), ((3, 1), (1,)), ((3, 257), (1,)), ((2, 2000), (1,)),
)  # fmt: skip
NORMAL_SCALES = ((0.02, -7, 0.03, 11), (1e-4, 0, 0.008, 0), (2.5, 100, 0.25, -128), (0.05, 4, 1e-4, 0))


def functions() -> Iterator[Case]:
    """Every stored value under every choice of scales."""
    for op, (scale, zero, y_scale, y_zero) in product(
        ("abs", "elu", "erf", "exp", "gelu", "gelu_tanh", "log", "softplus", "sqrt"), SCALES
    ):
        name, args = op, NoArgs()
        if op.startswith("gelu"):
            name, args = "gelu", Gelu(approximate=op == "gelu_tanh")
        values = ALL[zero <= ALL] if op in FROM_ZERO else ALL
        x = tensor_type(values.shape, DType.INT8, scale, zero)
        y = tensor_type(values.shape, DType.INT8, y_scale, y_zero)
        yield one_node(
            f"{op}-int8-{scale:g}-{zero}", name, args, [(x, values)], [y], oracle=op not in NOT_IN_LITERT
        )
        kind = tensor_type((3, 5, 7), DType.INT8, scale, zero)
        like = tensor_type((3, 5, 7), DType.INT8, y_scale, y_zero)
        # LiteRT stops at the first input below 0.
        yield one_node(
            f"{op}-int8-3x5x7-{scale:g}-{zero}", name, args, [kind], [like],
            oracle=op not in (*NOT_IN_LITERT, *FROM_ZERO),
        )  # fmt: skip


def normalizations() -> Iterator[Case]:
    """LiteRT has no such operator. Among the inputs are groups that hardly differ, and such as do not."""
    random = np.random.default_rng(5)
    for (shape, axes), (scale, zero, y_scale, y_zero) in product(GROUPS, NORMAL_SCALES):
        x, y = (tensor_type(shape, DType.INT8, *kind) for kind in ((scale, zero), (y_scale, y_zero)))
        near = np.clip(zero + random.integers(-1, 2, shape), -128, 127).astype(np.int8)
        for centred, epsilon in ((True, 1e-5), (False, 1e-5), (True, 0.0), (False, 0.0), (True, 1.0)):
            args = Normalize(axes=axes, epsilon=epsilon, centred=centred)
            label = f"int8-{'x'.join(map(str, shape))}-a{''.join(map(str, axes))}-{scale:g}-{epsilon:g}"
            label += "-mean" if centred else "-square"
            yield one_node(label, "normalize", args, [x], [y], oracle=False)
            if epsilon != 1.0:
                yield one_node(f"{label}-near", "normalize", args, [(x, near)], [y], oracle=False)


def lookups() -> Iterator[Case]:
    """Tables of any results; LiteRT has no such operator."""
    random = np.random.default_rng(6)
    for x_dtype, y_dtype, shape in product(
        (DType.INT8, DType.UINT8), (DType.INT8, DType.UINT8), ((256,), (3, 5, 7), (1,))
    ):
        x, y = tensor_type(shape, x_dtype, 0.02, 3), tensor_type(shape, y_dtype, 0.5, 7)
        low, high = y_dtype.range
        table = random.integers(low, high, 256, endpoint=True).astype(y_dtype.numpy)
        kind = tensor_type((256,), y_dtype, 0.5, 7)
        label = f"{x_dtype.value}-{y_dtype.value}-{'x'.join(map(str, shape))}"
        yield one_node(label, "lookup", NoArgs(), [x, (kind, table)], [y], oracle=False)


def cases() -> Iterator[Case]:
    """Tables, then normalisation."""
    yield from functions()
    yield from lookups()
    yield from normalizations()
