"""How each operator computes its multiplier, asked of LiteRT where the ways differ.

x_scale * w_scale in float32 and in double are 2^-25 apart at most: only an accumulator that lies that near to a step
of the output tells them apart. Such accumulators are searched for, built from inputs, and given to both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from netsuke.ir import Array, DType, Graph, TensorType
from netsuke.ops.batch_matmul import BatchMatmul
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.fixed_point import Multiplier
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.interpret import interpret
from netsuke.ops.requantize import scaled_double, scaled_int32
from tests.ops.case import one_node, tensor_type
from tests.ops.oracle import litert

DEPTH = 400
SEEDS = range(12)
Scales = tuple[float, float, float]


def ways(scales: Scales, sums: Array) -> dict[str, Array]:
    """The output before the zero point, by every way of scaling."""
    x, w, y = (np.float32(s) for s in scales)
    double, single = float(x) * float(w) / float(y), float(x * w) / float(y)
    return {
        "double product, fixed point": scaled_int32(sums, [Multiplier.of(double)]),
        "float32 product, fixed point": scaled_int32(sums, [Multiplier.of(single)]),
        "double product, in double": scaled_double(sums, (double,)),
        "float32 product, in double": scaled_double(sums, (single,)),
    }


def telling(seed: int, mine: str, other: str) -> Iterator[tuple[Scales, int]]:
    """(scales, sum) at which two ways give different outputs."""
    random = np.random.default_rng(seed)
    while True:
        x, w = (float(np.float32(2.0 ** random.uniform(-8, -3))) for _ in range(2))
        y = float(np.float32(x * w * 2.0 ** random.uniform(13, 14)))
        steps = np.round((np.arange(-120, 120) + 0.5) * y / (x * w)).astype(np.int64)
        sums = (steps[:, None] + np.arange(-2, 3)).reshape(-1)
        found = ways((x, w, y), sums)
        for i in np.flatnonzero(found[mine] != found[other]):
            yield (x, w, y), int(sums[i])
            break


def factors(total: int) -> tuple[Array, Array]:
    """int8 x and w of DEPTH elements whose products add up to `total`."""
    x, w = np.zeros(DEPTH, np.int8), np.zeros(DEPTH, np.int8)
    sign, rest = (1 if total >= 0 else -1), abs(total)
    for i in range(DEPTH):
        x[i] = min(127, rest)
        w[i] = sign * min(127, rest // max(1, int(x[i])))
        rest -= int(x[i]) * abs(int(w[i]))
    assert rest == 0
    return x, w


def graph_of(op: str, scales: Scales, w: Array) -> Graph:
    """One product of DEPTH elements, the weights constant where the operator wants them so."""
    x_type = tensor_type((1, DEPTH), DType.INT8, scales[0])
    y_type = tensor_type((1, 1), DType.INT8, scales[2])
    bias = (tensor_type((1,), DType.INT32, scales[0] * scales[1]), np.zeros(1, np.int32))
    if op == "batch_matmul":
        return one_node(
            op, op, BatchMatmul(), [x_type, tensor_type((DEPTH, 1), DType.INT8, scales[1])], [y_type]
        ).graph
    if op == "fully_connected":
        weights = (tensor_type((1, DEPTH), DType.INT8, scales[1]), w.reshape(1, DEPTH))
        return one_node(op, op, FullyConnected(), [x_type, weights, bias], [y_type]).graph
    weights = (tensor_type((1, 1, 1, DEPTH), DType.INT8, scales[1]), w.reshape(1, 1, 1, DEPTH))
    images = [
        TensorType(shape=(1, 1, *t.shape), dtype=t.dtype, quantization=t.quantization)
        for t in (x_type, y_type)
    ]
    return one_node(op, op, Conv2d(), [images[0], weights, bias], [images[1]]).graph


@pytest.mark.parametrize(
    ("op", "mine", "other"),
    [
        ("conv_2d", "double product, fixed point", "float32 product, fixed point"),
        ("conv_2d", "double product, fixed point", "double product, in double"),
        ("batch_matmul", "float32 product, fixed point", "double product, fixed point"),
        ("batch_matmul", "float32 product, fixed point", "float32 product, in double"),
        ("fully_connected", "double product, in double", "double product, fixed point"),
        ("fully_connected", "double product, in double", "float32 product, in double"),
    ],
)
def test_the_way_of_scaling(op: str, mine: str, other: str) -> None:
    for seed in SEEDS:
        scales, total = next(telling(seed, mine, other))
        x, w = factors(total)
        graph = graph_of(op, scales, w)
        given = [x, w] if op == "batch_matmul" else [x]
        inputs = [v.reshape(graph.tensors[n].shape) for v, n in zip(given, graph.inputs, strict=True)]
        wanted = int(ways(scales, np.array([total]))[mine][0])
        assert int(litert(graph, [tuple(inputs)])[0][0].item()) == wanted
        assert int(interpret(graph, inputs).outputs[0].item()) == wanted
