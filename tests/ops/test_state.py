"""READ_VARIABLE and ASSIGN_VARIABLE: values that outlive an invocation."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.errors import GraphError
from netsuke.ir import Array, DType, Graph, Node, State, Tensor, TensorType
from netsuke.ir.verify import verify
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.interpret import initial_states, interpret
from netsuke.ops.kernel import Input, Output, StatePointer
from netsuke.ops.registry import site
from netsuke.ops.slice import StridedSlice
from netsuke.ops.state import COPY, COPY_OUT, AssignVariable, CopyArgs, ReadVariable

SAMPLE = TensorType(shape=(1, 2), dtype=DType.INT8)
WINDOW = TensorType(shape=(3, 2), dtype=DType.INT8)
JOINED = TensorType(shape=(4, 2), dtype=DType.INT8)


def tensor(name: str, kind: TensorType) -> Tensor:
    """A value of the graph."""
    return Tensor(name=name, shape=kind.shape, dtype=kind.dtype)


def sliding_window(initial: Array) -> Graph:
    """A state of the last three samples: a step adds the new one, drops the oldest, and gives all four."""
    last_three = StridedSlice(begin=(1, 0), end=(4, 2), strides=(1, 1))
    nodes = (
        Node(
            op="read_variable", name="read", inputs=(), outputs=("old",), args=ReadVariable(variable="window")
        ),
        Node(
            op="concatenation",
            name="join",
            inputs=("old", "sample"),
            outputs=("all",),
            args=Concatenation(axis=0),
        ),
        Node(op="strided_slice", name="keep", inputs=("all",), outputs=("new",), args=last_three),
        Node(
            op="assign_variable",
            name="write",
            inputs=("new",),
            outputs=(),
            args=AssignVariable(variable="window"),
        ),
    )
    values = (tensor("sample", SAMPLE), tensor("old", WINDOW), tensor("all", JOINED), tensor("new", WINDOW))
    return Graph(
        name="sliding",
        tensors={value.name: value for value in values},
        nodes=nodes,
        inputs=("sample",),
        outputs=("all",),
        states=(State(name="window", type=WINDOW, initial=initial),),
    )


def sample(value: int) -> Array:
    """A sample of two equal elements."""
    return np.full((1, 2), value, dtype=np.int8)


def test_a_state_carries_over_from_step_to_step() -> None:
    graph = sliding_window(np.zeros((3, 2), dtype=np.int8))
    verify(graph)
    memory = initial_states(graph)
    seen = [interpret(graph, [sample(step)], memory).outputs[0][:, 0].tolist() for step in (1, 2, 3, 4)]
    assert seen == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 1, 2, 3], [1, 2, 3, 4]]
    assert memory["window"][:, 1].tolist() == [2, 3, 4]


def test_each_run_without_memory_starts_from_the_initial_value() -> None:
    initial = np.arange(6, dtype=np.int8).reshape(3, 2)
    graph = sliding_window(initial)
    first = interpret(graph, [sample(9)]).outputs[0]
    second = interpret(graph, [sample(9)]).outputs[0]
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[:3], initial)
    np.testing.assert_array_equal(graph.state("window").initial, np.arange(6).reshape(3, 2))


def test_a_value_that_was_read_is_not_changed_by_a_later_write() -> None:
    graph = sliding_window(np.zeros((3, 2), dtype=np.int8))
    values = interpret(graph, [sample(5)], initial_states(graph))
    assert values.tensors["old"].tolist() == [[0, 0]] * 3
    assert values.tensors["new"].tolist() == [[0, 0], [0, 0], [5, 5]]


def test_both_are_copies_of_all_bytes() -> None:
    graph = sliding_window(np.zeros((3, 2), dtype=np.int8))
    (read,) = COPY_OUT.bind(site(graph, graph.nodes[0]))
    (write,) = COPY.bind(site(graph, graph.nodes[3]))
    assert read.pointers == (StatePointer(name="window"), Output(index=0))
    assert write.pointers == (Input(index=0), StatePointer(name="window"))
    assert read.args == write.args == CopyArgs(nbytes=6)


def test_an_unknown_state_is_named_with_those_there_are() -> None:
    graph = sliding_window(np.zeros((3, 2), dtype=np.int8))
    with pytest.raises(GraphError, match=r"got state 'past'; this graph has window"):
        graph.state("past")


def test_an_initial_value_of_another_type_is_refused() -> None:
    with pytest.raises(GraphError, match=r"initial value is int16\[3, 2\], its type says int8\[3, 2\]"):
        sliding_window(np.zeros((3, 2), dtype=np.int16))
