"""Invalid graphs and the exact words that refuse them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from netsuke.errors import GraphError
from netsuke.ir import Args, DType, Graph, State, TensorType, from_text, verify
from netsuke.ir.verify import MAX_NAME_CHARS
from tests.ir.files import diagnostics


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Args):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Args):
    variable: str


OPERATORS = {"step": Step, "hold": Hold}
INVALID = diagnostics("invalid_graphs.txt")

VALID = """
graph valid
state s: int8[4] q(0.5f, -3) = fill(-3)
input x: int8[4] q(0.5f, -3)
const w: int8[2,4] q(0.5f 0.25f, 0 0, axis 0) = fill(1)
a: int8[4] q(0.5f, -3) = step(x, w, _)
b: int8[4] q(0.5f, -3), c: int16[] = step(a, a)
d: int8[4] = hold() variable="s"
hold(b) variable="s" @write
e: float32[4] = step(d, c)
output b
output e
"""


def graph(text: str = VALID) -> Graph:
    return from_text(text, OPERATORS)


def test_a_valid_graph_passes() -> None:
    verify(graph())


@pytest.mark.parametrize(("message", "text"), INVALID, ids=[text.split()[1] for _, text in INVALID])
def test_an_invalid_graph_is_refused_in_these_words(message: str, text: str) -> None:
    with pytest.raises(GraphError) as caught:
        verify(graph(text))
    assert str(caught.value) == message


def test_every_entry_is_its_own_graph() -> None:
    names = [text.split()[1] for _, text in INVALID]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("what", ["tensor", "node", "state", "the graph"])
def test_a_name_that_is_too_long(what: str) -> None:
    long = "n" * (MAX_NAME_CHARS + 1)
    valid = graph()
    changed = {
        "tensor": lambda: replace(
            valid, tensors={**valid.tensors, long: replace(valid.tensors["x"], name=long)}
        ),
        "node": lambda: replace(valid, nodes=(replace(valid.nodes[0], name=long), *valid.nodes[1:])),
        "state": lambda: replace(valid, states=(replace(valid.states[0], name=long),)),
        "the graph": lambda: replace(valid, name=long),
    }[what]()
    with pytest.raises(GraphError) as caught:
        verify(changed)
    subject = what if what == "the graph" else f"a {what}"
    assert str(caught.value) == (
        f"{subject} has a name of {MAX_NAME_CHARS + 1} characters ('{'n' * 24}'...); "
        f"at most {MAX_NAME_CHARS} are wanted"
    )
    verify(replace(valid, name=long[:MAX_NAME_CHARS]))


def test_a_tensor_filed_under_another_name() -> None:
    valid = graph()
    with pytest.raises(GraphError) as caught:
        verify(replace(valid, tensors={**valid.tensors, "z": valid.tensors["x"]}))
    assert str(caught.value) == "tensor 'x' is filed under 'z'; file it under its own name"


def test_states_count_into_the_size() -> None:
    valid = graph()
    huge = TensorType(shape=(1 << 30,), dtype=DType.INT8)
    # A broadcast view: the gigabyte is never allocated.
    state = State(name="huge", type=huge, initial=np.broadcast_to(np.int8(0), huge.shape))
    with pytest.raises(GraphError, match="the graph's tensors take 10737418"):
        verify(replace(valid, states=(*valid.states, state)))
