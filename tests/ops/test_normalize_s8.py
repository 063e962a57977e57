"""Integer normalisation against real arithmetic, and its parts at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.errors import GraphError
from netsuke.ir import Array, DType, Graph
from netsuke.ops.interpret import interpret
from netsuke.ops.normalize import Normalize
from netsuke.ops.normalize_s8 import reciprocal_root
from netsuke.ops.registry import site
from tests.ops.case import one_node, tensor_type


def graph_of(n: int, scales: tuple[float, float], *, centred: bool, epsilon: float = 1e-5) -> Graph:
    """Rows of n elements, zero points -7 and 11."""
    x = tensor_type((5, n), DType.INT8, scales[0], -7)
    y = tensor_type((5, n), DType.INT8, scales[1], 11)
    return one_node("n", "normalize", Normalize(axes=(1,), epsilon=epsilon, centred=centred), [x], [y]).graph


def rows_of(n: int) -> Array:
    """Rows that vary widely, hardly, in one element, evenly, and not at all."""
    random = np.random.default_rng(n)
    rows = random.integers(-128, 128, (5, n)).astype(np.int8)
    rows[1] = np.clip(np.rint(random.normal(-7, 1.5, n)), -128, 127)
    rows[2], rows[2, 0] = -128, 127
    rows[3] = np.arange(n) % 2
    rows[4] = 3
    return rows


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 16, 300, 65536])
def test_results_are_real_ones_rounded_to_the_nearest(n: int, centred: bool) -> None:
    rows = rows_of(n)
    for scales in ((1e-3, 0.004), (0.02, 0.03), (0.3, 0.2)):
        got = interpret(graph_of(n, scales, centred=centred), [rows]).outputs[0]
        scale, y_scale = (float(np.float32(s)) for s in scales)
        real = (rows.astype(np.float64) + 7) * scale
        apart = real - real.mean(axis=1, keepdims=True) if centred else real
        spread = (apart**2).mean(axis=1, keepdims=True)
        wanted = np.clip(apart / np.sqrt(spread + 1e-5) / y_scale + 11, -128, 127)
        assert np.abs(got - wanted).max() < 0.501


def test_groups_without_a_spread_are_0_even_without_an_epsilon() -> None:
    rows = np.full((5, 9), 100, np.int8)
    assert (interpret(graph_of(9, (0.1, 0.1), centred=True, epsilon=0.0), [rows]).outputs[0] == 11).all()
    rows[:] = -7
    assert (interpret(graph_of(9, (0.1, 0.1), centred=False, epsilon=0.0), [rows]).outputs[0] == 11).all()


def test_the_reciprocal_root_is_near() -> None:
    m = np.unique(np.geomspace(2**30, 2**32 - 1, 200_000).astype(np.uint64))
    got = reciprocal_root(m)
    true = 2.0**46 / np.sqrt(m.astype(np.float64))
    assert (np.abs(got / true - 1) < 2.0**-26).all()


def test_groups_that_are_too_large_are_refused() -> None:
    graph = graph_of(65537, (0.1, 0.1), centred=True)
    with pytest.raises(GraphError, match="65537 elements"):
        site(graph, graph.nodes[0])
