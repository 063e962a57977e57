"""Text graph in, text graph out; and the same bytes before and after."""

from __future__ import annotations

from textwrap import dedent

import numpy as np

from netsuke.ir import DType, Graph
from netsuke.lower import Pass
from netsuke.ops import interpret
from netsuke.ops.text import parse, print_graph


def after(single: Pass, text: str) -> tuple[str, tuple[str, ...]]:
    """The text of the graph after the pass, and what the pass said."""
    outcome = single.run(parse(dedent(text)))
    return print_graph(outcome.graph), outcome.changes


def canonical(text: str) -> str:
    """A graph's text as the printer writes it."""
    return print_graph(parse(dedent(text)))


def expect(single: Pass, before: str, wanted: str) -> tuple[str, ...]:
    """The pass turns one text into the other, and the graphs compute the same."""
    got, changes = after(single, before)
    assert got == canonical(wanted)
    assert same_function(parse(dedent(before)), parse(got))
    return changes


def same_function(one: Graph, other: Graph, runs: int = 8, seed: int = 0) -> bool:
    """Equal bytes of every output over random inputs and extremes."""
    chance = np.random.default_rng(seed)
    for run in range(runs):
        inputs = []
        for name in one.inputs:
            kind = one.tensors[name]
            if kind.dtype is DType.FLOAT32:
                inputs.append(chance.normal(size=kind.shape).astype(np.float32))
                continue
            low, high = kind.dtype.range
            value = chance.integers(low, high, kind.shape, endpoint=True)
            inputs.append(np.full(kind.shape, (low, high)[run]) if run < 2 else value)
            inputs[-1] = inputs[-1].astype(kind.dtype.numpy)
        wanted, got = interpret(one, inputs).outputs, interpret(other, inputs).outputs
        if any(a.tobytes() != b.tobytes() for a, b in zip(wanted, got, strict=True)):
            return False
    return True
