"""Cases of SOFTMAX."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from netsuke.ir import DType, TensorType
from netsuke.ops.softmax import Softmax
from tests.ops.case import Case, one_node, tensor_type

SHAPES = ((1, 10), (12,), (3, 1), (2, 3, 5), (1, 2, 2, 7), (4, 200))
SCALES = (1e-6, 0.001, 0.01, 0.0471, 0.13, 0.7, 3.0, 900.0)
BETAS = (1.0, 0.5, 2.0, 0.0625)
ULP = 4
"""Ours and the C library's exp are each within 1 ulp of the true one; sum and division carry that on."""


def soft(name: str, x: TensorType, y: TensorType, beta: float = 1.0, **options: object) -> Case:
    return one_node(name, "softmax", Softmax(beta=beta), [x], [y], **options)


def bytes_and_shorts() -> Iterator[Case]:
    """int8 to int8 and to int16."""
    for to, scale, point in ((DType.INT8, 1 / 256, -128), (DType.INT16, 1 / 32768, 0)):
        for i, shape in enumerate(SHAPES):
            x, y = tensor_type(shape, DType.INT8, 0.1, -5), tensor_type(shape, to, scale, point)
            yield soft(f"int8-{to.value}-shape{i}", x, y)
        for i, input_scale in enumerate(SCALES):
            for beta in BETAS:
                x, y = (
                    tensor_type((5, 31), DType.INT8, input_scale, 3),
                    tensor_type((5, 31), to, scale, point),
                )
                yield soft(f"int8-{to.value}-scale{i}-beta{beta}", x, y, beta)
        x, y = tensor_type((2, 500), DType.INT8, 0.02, 0), tensor_type((2, 500), to, scale, point)
        yield soft(f"int8-{to.value}-long", x, y)
    kind = tensor_type((1, 1000), DType.INT8, 0.02, 0), tensor_type((1, 1000), DType.INT8, 1 / 256, -128)
    # LiteRT stops the process when a row's exps sum to 512 or more, as those of 1000 equal inputs do.
    yield soft("int8-int8-very-long", *kind, oracle=False)


def sums_below_powers() -> Iterator[Case]:
    """Exps that sum to one unit below a power of two: gemmlowp's reciprocal is then a little below one half."""
    for to, scale, point in ((DType.INT8, 1 / 256, -128), (DType.INT16, 1 / 32768, 0)):
        for depth in (64, 512, 2048):
            x, y = (
                tensor_type((1, depth), DType.INT8, 2e-6, 0),
                tensor_type((1, depth), to, scale, point),
            )
            values = np.zeros((1, depth), np.int8)
            values[0, 0] = -1
            # As above, LiteRT stops at 512.
            yield one_node(
                f"int8-{to.value}-below-{depth}",
                "softmax",
                Softmax(),
                [(x, values)],
                [y],
                oracle=depth <= 512,
            )


def shorts() -> Iterator[Case]:
    """int16 to int16."""
    for i, shape in enumerate(SHAPES):
        yield soft(f"int16-shape{i}", *(tensor_type(shape, DType.INT16, s) for s in (1e-3, 1 / 32768)))
    for i, scale in enumerate((1e-6, 1.5e-4, 1e-3, 0.013, 0.4, 1.9)):
        for beta in BETAS:
            kinds = (tensor_type((5, 31), DType.INT16, s) for s in (scale, 1 / 32768))
            yield soft(f"int16-scale{i}-beta{beta}", *kinds, beta)
    yield soft("int16-long", *(tensor_type((1, 700), DType.INT16, s) for s in (1e-4, 1 / 32768)))


def floats() -> Iterator[Case]:
    """float32."""
    for i, shape in enumerate((*SHAPES, (2, 1000))):
        for beta in BETAS:
            kind = tensor_type(shape, DType.FLOAT32)
            yield soft(f"float32-shape{i}-beta{beta}", kind, kind, float(np.float32(beta)), ulp=ULP)
    wide = np.linspace(-150, 0, 3000, dtype=np.float32).reshape(-1, 2)
    wide[:, 1] = 0
    kind = tensor_type(wide.shape, DType.FLOAT32)
    yield one_node("float32-wide", "softmax", Softmax(), [(kind, wide)], [kind], ulp=ULP)


def cases() -> Iterator[Case]:
    """Shapes, scales, betas."""
    yield from bytes_and_shorts()
    yield from sums_below_powers()
    yield from shorts()
    yield from floats()
