"""Wake words that keep state from step to step: LiteRT's reference == our reference == C on every emulated core."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.ops import initial_states, interpret
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from tests.models.oracle import Oracle
from tests.models.places import WAKE_WORDS, wake_word
from tests.models.test_int8_models import BOARDS

STEPS = 40


@cache
def sequence(name: str) -> tuple[Graph, tuple[tuple[Array, ...], ...], tuple[tuple[Array, ...], ...]]:
    """The graph, a sequence of steps of noise that swells and fades, and what the oracle makes of it."""
    path = wake_word(name)
    graph, oracle = load(path), Oracle(path)
    chance = np.random.default_rng(3)
    kind = graph.tensors[graph.inputs[0]]
    steps = []
    for step in range(STEPS):
        loudness = 40 + 80 * np.sin(step / 4)
        value = chance.normal(size=kind.shape) * loudness + chance.uniform(-90, 90)
        steps.append((np.clip(np.round(value), -128, 127).astype(kind.dtype.numpy),))
    return graph, tuple(steps), tuple(oracle(x) for x in steps)


@pytest.mark.parametrize("name", WAKE_WORDS)
def test_reference_is_litert_step_by_step(name: str) -> None:
    graph, steps, wanted = sequence(name)
    assert len(graph.states) == 6
    memory = initial_states(graph)
    seen = set()
    for x, outputs in zip(steps, wanted, strict=True):
        values = interpret(graph, x, memory)
        np.testing.assert_array_equal(values.outputs[0], outputs[0])
        seen.add(memory[graph.states[-1].name].tobytes())
    # The probability hardly moves on noise; the last state, which feeds it, does.
    assert len(seen) == STEPS


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", WAKE_WORDS)
def test_c_is_exact_step_by_step(name: str, board: str, tmp_path: Path) -> None:
    graph, steps, _ = sequence(name)
    targets = (Target.HOST, Target.EMULATOR) if board == "nucleo-l4r5zi" else (Target.EMULATOR,)
    options = BuildOptions(runs=0, inputs=steps, targets=targets)
    result = build(graph, board=board, out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.inputs_compared == STEPS
    assert result.state_bytes > 0
