"""The text form: what is printed is read back to the bit, and errors name the line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from netsuke.errors import GraphError
from netsuke.ir import (
    Args,
    DType,
    Graph,
    Node,
    Quantization,
    State,
    Tensor,
    TensorType,
    from_text,
    to_text,
)
from tests.ir.files import diagnostics


class Mode(Enum):
    FAST = 1
    SLOW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    depth: int = 0
    mode: Mode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Args):
    count: int
    mode: Mode = Mode.FAST
    pair: tuple[tuple[float, float], ...] | None = None
    inner: Inner = Inner()
    word: str = ""


OPERATORS = {"step": Step}
INVALID = diagnostics("invalid_texts.txt")

names = st.one_of(
    st.sampled_from(["x", "y", "input", "inf", "_", "a:b", "True", 'q"\\', "b/c.d"]), st.text(min_size=1)
)
floats = st.floats(allow_nan=False)
scales = st.one_of(
    st.floats(min_value=1e-30, max_value=1e30), st.floats(min_value=2**-20, max_value=64.0, width=32)
)
inners = st.builds(Inner, depth=st.integers(), mode=st.sampled_from([None, *Mode]))
arguments = st.builds(
    Step,
    count=st.integers(),
    mode=st.sampled_from(Mode),
    pair=st.one_of(st.none(), st.lists(st.tuples(floats, floats), max_size=3).map(tuple)),
    inner=inners,
    word=st.text(),
)


@st.composite
def types(draw: st.DrawFn) -> TensorType:
    dtype = draw(st.sampled_from(DType))
    shape = tuple(draw(st.lists(st.integers(1, 5), max_size=3)))
    quantization = None
    if dtype.is_integer and draw(st.booleans()):
        axis = draw(st.integers(0, len(shape) - 1)) if shape and draw(st.booleans()) else None
        count = 1 if axis is None else shape[axis]
        scale = tuple(draw(st.lists(scales, min_size=count, max_size=count)))
        zero_point = tuple(draw(st.lists(st.integers(-200, 200), min_size=count, max_size=count)))
        few = draw(st.sampled_from([None, 4, 2]))
        quantization = Quantization(scale=scale, zero_point=zero_point, axis=axis, bits=few)
    return TensorType(shape=shape, dtype=dtype, quantization=quantization)


@st.composite
def values(draw: st.DrawFn, kind: TensorType) -> np.ndarray:
    if draw(st.booleans()):
        element = draw(npst.from_dtype(kind.dtype.numpy))
        return np.full(kind.shape, element, dtype=kind.dtype.numpy)
    return draw(npst.arrays(kind.dtype.numpy, kind.shape))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    pool = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    tensors = {}
    for name in pool:
        kind = draw(types())
        data = draw(values(kind)) if draw(st.booleans()) else None
        tensors[name] = Tensor(
            name=name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization, data=data
        )
    operands = st.lists(st.sampled_from([*pool, "", "elsewhere"]), max_size=3).map(tuple)
    results = st.lists(st.sampled_from([*pool, "elsewhere"]), max_size=2).map(tuple)
    nodes = st.lists(
        st.builds(Node, op=st.just("step"), name=names, inputs=operands, outputs=results, args=arguments),
        max_size=3,
    ).map(tuple)
    some = st.lists(st.sampled_from([*pool, "elsewhere"]), max_size=3).map(tuple)
    states = []
    for name in draw(st.lists(names, max_size=2)):
        kind = draw(types())
        states.append(State(name=name, type=kind, initial=draw(values(kind))))
    return Graph(
        name=draw(names),
        tensors=tensors,
        nodes=draw(nodes),
        inputs=draw(some),
        outputs=draw(some),
        states=tuple(states),
    )


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_any_graph_is_read_back_to_the_bit(graph: Graph) -> None:
    """Any graph, invalid ones too, but for its tensors' order."""
    text = to_text(graph)
    again = from_text(text, OPERATORS)
    assert again == graph
    for name, tensor in graph.tensors.items():
        assert bits(again.tensors[name].data) == bits(tensor.data)
    for state, state_again in zip(graph.states, again.states, strict=True):
        assert bits(state_again.initial) == bits(state.initial)
    assert to_text(from_text(text, OPERATORS)) == to_text(again)


def bits(data: np.ndarray | None) -> tuple[object, ...] | None:
    return None if data is None else (data.shape, data.dtype, data.tobytes())


TEXT = """\
graph digits
state history: int8[1,2,40] q(0.1f, -128) = fill(-128)
input x: int8[1,2] q(0.5, -128)
const w: int8[2,2] q(0.1f 0.25, 0 0, axis 0) = [1, -2, 3, 127]
const v: int8[2] q(0.5, 0, bits 4) = [-8, 7]
const b: float32[3] = [0.1f, -0.0, 1e+20f]
y: int8[1,2] q(0.5, -128), "a:b": bool[] = step(x, w, v, _, b) count=-3 mode=SLOW pair=((-inf, 0.1),) @first
step(y) count=1 inner=Inner(depth=2, mode=FAST) word="z"
output y
"""


def test_the_form_itself() -> None:
    """Text → graph → the same text, with every kind of item."""
    graph = from_text(TEXT, OPERATORS)
    assert to_text(graph) == TEXT
    assert graph.nodes[0].name == "first"
    assert graph.nodes[0].inputs == ("x", "w", "v", "", "b")
    assert graph.nodes[0].args == Step(count=-3, mode=Mode.SLOW, pair=((-np.inf, 0.1),))
    assert graph.nodes[1].name == "step"
    assert graph.tensors["x"].scale == 0.5
    assert graph.tensors["w"].quantization == Quantization(
        scale=(float(np.float32(0.1)), 0.25), zero_point=(0, 0), axis=0
    )


def test_comments_and_blank_lines_are_skipped() -> None:
    """They change nothing but the numbers of the lines."""
    text = "# made by hand\n\n" + TEXT.replace("\noutput", "   # a # b\n\noutput")
    assert to_text(from_text(text, OPERATORS)) == TEXT


def test_long_constants_are_compressed() -> None:
    """A ramp of 4096 elements takes a fraction of its elements' decimals, and nothing is lost."""
    ramp = np.arange(4096, dtype=np.int16).reshape(64, 64)
    tensor = Tensor(name="w", shape=ramp.shape, dtype=DType.INT16, data=ramp)
    graph = Graph(name="g", tensors={"w": tensor}, nodes=(), inputs=(), outputs=())
    text = to_text(graph)
    assert 'zip("' in text
    assert len(text) < 10_000
    data = from_text(text, {}).tensors["w"].data
    assert data is not None
    np.testing.assert_array_equal(data, ramp)


@pytest.mark.parametrize(("message", "text"), INVALID, ids=range(len(INVALID)))
def test_a_text_that_cannot_be_read(message: str, text: str) -> None:
    with pytest.raises(GraphError) as caught:
        from_text(text, OPERATORS)
    assert str(caught.value) == message


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_text_gives_a_graph_or_a_graph_error(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(TEXT) - 1))
    length = data.draw(st.integers(0, 6))
    text = TEXT[:at] + data.draw(st.text(alphabet='ab_1.,:=()[]@"#\\?- ', max_size=4)) + TEXT[at + length :]
    said = ""
    try:
        from_text(text, OPERATORS)
    except GraphError as error:
        said = str(error)
    assert not said or said.startswith(("line ", "got a text"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprintable(Args):
    table: object


def test_an_argument_without_a_text_form() -> None:
    node = Node(op="odd", name="odd", inputs=(), outputs=(), args=Unprintable(table=[1]))
    with pytest.raises(GraphError) as caught:
        to_text(Graph(name="g", tensors={}, nodes=(node,), inputs=(), outputs=()))
    assert str(caught.value) == (
        "got an argument of type list; it has no text form: use numbers, enums and tuples"
    )
