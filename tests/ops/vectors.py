"""Input values that a case is run on, and what the reference makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array, DType, Graph, TensorType
from netsuke.ops.interpret import initial_states, interpret
from tests.ops.case import Case
from tests.ops.grid import seed_of

FLOAT_EXTREME = 100.0
"""Far enough for every activation's flat ends, near enough that no sum overflows."""
INDEX_EXTREME = 1 << 15
"""Unquantised int32 and int64 stay so small that no product overflows: the oracle leaves that undefined."""

Recipe = Callable[[np.random.Generator, TensorType, int], Array]
"""(random numbers, type, operand's position) → a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One invocation as the reference computes it; states carry over from vector to vector."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    tensors: Mapping[str, Array]
    before: Mapping[str, Array]
    after: Mapping[str, Array]


def ends(kind: TensorType) -> tuple[float, float]:
    """The lowest and highest value that the inputs take."""
    if kind.dtype is DType.BOOL:
        return 0, 1
    if kind.dtype is DType.FLOAT32:
        return -FLOAT_EXTREME, FLOAT_EXTREME
    if kind.dtype.size >= 4 and kind.quantization is None:
        return -INDEX_EXTREME, INDEX_EXTREME
    return kind.dtype.range


def rest(kind: TensorType) -> float:
    """The stored value of zero."""
    per_tensor = kind.quantization is not None and not kind.quantization.per_channel
    return kind.zero_point if per_tensor else 0


def shaped(kind: TensorType, values: Array) -> Array:
    """The value as an array of the type."""
    return np.broadcast_to(values, kind.shape).astype(kind.dtype.numpy)


def anything(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """The whole range, evenly."""
    del place
    low, high = ends(kind)
    if kind.dtype is DType.FLOAT32:
        return shaped(kind, random.uniform(-4.0, 4.0, kind.shape))
    return shaped(kind, random.integers(int(low), int(high), kind.shape, endpoint=True))


def lowest(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """The lowest value everywhere."""
    del random, place
    return shaped(kind, np.asarray(ends(kind)[0]))


def highest(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """The highest value everywhere."""
    del random, place
    return shaped(kind, np.asarray(ends(kind)[1]))


def zero(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """What stands for zero, everywhere."""
    del random, place
    return shaped(kind, np.asarray(rest(kind)))


def noise(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """Small numbers around zero: ties and signs of the rounding."""
    del place
    if kind.dtype is DType.FLOAT32:
        return shaped(kind, random.normal(0.0, 1e-3, kind.shape))
    low, high = ends(kind)
    return shaped(kind, np.clip(rest(kind) + random.integers(-3, 4, kind.shape), low, high))


def alternating(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """Lowest and highest by turns; the second operand begins with the other one."""
    del random
    turn = (np.arange(kind.elements).reshape(kind.shape) + place) % 2
    return shaped(kind, np.where(turn == 0, *ends(kind)))


def opposite(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """Lowest in even operands, highest in odd ones."""
    return (lowest, highest)[place % 2](random, kind, place)


def opposite_again(random: np.random.Generator, kind: TensorType, place: int) -> Array:
    """Highest in even operands, lowest in odd ones."""
    return (highest, lowest)[place % 2](random, kind, place)


ONE_OPERAND: tuple[Recipe, ...] = (anything, lowest, highest, zero, noise, alternating, anything)
MORE_OPERANDS: tuple[Recipe, ...] = (*ONE_OPERAND, opposite, opposite_again)


def inputs_of(case: Case) -> list[tuple[Array, ...]]:
    """The input vectors of a case."""
    random = np.random.default_rng(seed_of(case))
    kinds = [case.graph.tensors[name] for name in case.graph.inputs]
    recipes = MORE_OPERANDS if len(kinds) > 1 else ONE_OPERAND
    return [tuple(recipe(random, kind, i) for i, kind in enumerate(kinds)) for recipe in recipes]


def reference(case: Case) -> list[Vector]:
    """The case run by the operators' references on all its input vectors."""
    states = initial_states(case.graph)
    return [_step(case.graph, inputs, states) for inputs in inputs_of(case)]


def _step(graph: Graph, inputs: tuple[Array, ...], states: dict[str, Array]) -> Vector:
    before = dict(states)
    values = interpret(graph, inputs, states)
    return Vector(
        inputs=inputs, outputs=values.outputs, tensors=values.tensors, before=before, after=dict(states)
    )
