"""The networks whose projects are compiled."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from netsuke.codegen import Project, make_project
from netsuke.ir import DType, Graph
from netsuke.lower import lower
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.program import bind
from netsuke.ops.reduce import Reduce
from netsuke.ops.reshape import Reshape
from netsuke.ops.slice import StridedSlice
from netsuke.ops.split import Split
from netsuke.ops.unary import NoArgs
from netsuke.plan import make_plan
from netsuke.prove import expected_vectors, random_inputs
from tests.codegen.builder import PROBABILITY, Builder, renamed

HOSTILE = (
    "int",
    "../../etc/passwd",
    "a b;c*/ int evil = 1; /*",
    "*/",
    "//\\\n#error no",
    "🦊🍣",
    '"%s%n\\',
    "-rf /",
    "x" * 1000,
    "x" * 999 + "y",
    "NK_LAYER",
    "nk_copy",
    "??/",
    "\x00\x1b[31m",
    "${IFS}$(id)",
    "名前",
    "1",
    "_",
)
"""Names that a model file may hold; as many as a network here has nodes, or more."""
MODEL_NAMES = (
    *HOSTILE,
    "string",
    "test",
    "test_vectors",
    "main",
    "nk",
    "bench",
    "int8",
    "y" * 5000,
    "con/../x",
)


def cnn(dtype: DType = DType.INT8, name: str = "cnn") -> Graph:
    """conv, depthwise, pointwise, residual add, mean, fully connected, softmax."""
    b = Builder(name, dtype)
    x = b.conv(b.input(1, 8, 6, 3), 4, 3, stride=2)
    y = b.conv(b.depthwise(x), 4, 1)
    y = b.op("add", [x, y], AddSub())[0]
    y = b.op("mean", [y], Reduce(axes=(1, 2)))[0]
    return b.graph(b.softmax(b.dense(y, 5)))


def int16() -> Graph:
    """int16 activations, int64 biases."""
    b = Builder("sixteen", DType.INT16)
    return b.graph(b.dense(b.conv(b.input(1, 5, 5, 2), 3, 3), 4))


def stream(dtype: DType = DType.INT8) -> Graph:
    """A ring of the last frames, convolved; a second state with an initial value that is not zero."""
    b = Builder("stream", dtype)
    ring = b.state(1, 3, 1, 4)
    total = b.state(1, 4, initial=b.random([1, 4]))
    x = b.input(1, 1, 1, 4)
    joined = b.op("concatenation", [b.read(ring), x], Concatenation(axis=1))[0]
    args = StridedSlice(begin=(0, 1, 0, 0), end=(1, 4, 1, 4), strides=(1, 1, 1, 1))
    b.assign(ring, b.op("strided_slice", [joined], args)[0])
    y = b.op("reshape", [b.dense(joined, 4)], Reshape(shape=(1, 4)))[0]
    y = b.op("add", [y, b.read(total)], AddSub())[0]
    b.assign(total, y)
    return b.graph(y)


def ports() -> Graph:
    """Two inputs, four outputs: a part, a view of an input, a value that is read again, its view."""
    b = Builder("ports")
    x, y = b.input(1, 4, 4, 6), b.input(1, 4, 4, 1)
    left, right = b.op("split", [x], Split(axis=3, sizes=(2, 4)), outputs=2)
    mixed = b.op("add", [left, y], AddSub())[0]
    flat = b.op("reshape", [x], Reshape(shape=(1, 96)))[0]
    view = b.op("reshape", [mixed], Reshape(shape=(4, 8)))[0]
    return b.graph(mixed, right, flat, view)


def constants() -> Graph:
    """Constants that kernels read as they are, one of them twice; layers whose only step is a copy."""
    b = Builder("constants", DType.FLOAT32)
    x = b.input(1, 2, 3, 4)
    k = b.value(1, 2, 3, 4)
    y = b.op("add", [x, k], AddSub())[0]
    y = b.op("hard_swish", [y], NoArgs())[0]
    y = b.op("add", [k, y], AddSub())[0]
    return b.graph(y, b.op("reshape", [k], Reshape(shape=(24,)))[0])


def only_a_copy() -> Graph:
    """No arithmetic at all."""
    b = Builder("copy")
    return b.graph(b.op("reshape", [b.input(1, 2, 6)], Reshape(shape=(1, 12)))[0])


def hostile() -> Graph:
    """The streaming network under names from hell."""
    names = {kind: itertools.cycle(HOSTILE) for kind in ("tensor", "node", "state")}
    return renamed(stream(), *(once(kind, names[kind]) for kind in names))


def once(kind: str, names: itertools.cycle[str]) -> Callable[[str], str]:
    """Every old name gets the next new one; a number behind it when they are used up."""
    given: dict[str, str] = {}

    def rename(old: str) -> str:
        if old not in given:
            name = next(names)
            given[old] = name if name not in given.values() else f"{name}{len(given)}"
        return given[old]

    return rename


COLLIDING = (
    "conv",
    "CONV",
    "conv weights",
    "conv_args",
    "conv-bias",
    "conv 2",
    "invoke",
    "step",
    "init",
    "t",
)


def colliding() -> Graph:
    """Layers whose names are equal as identifiers, or those of other layers' constants, or of the functions."""
    b = Builder("colliding")
    x = b.conv(b.input(1, 3, 3, 2), 2, 1)
    for _ in range(3):
        x = b.conv(x, 2, 1)
    for _ in range(4):
        x = b.op("add", [x, b.value(1, 3, 3, 2)], AddSub())[0]
    x = b.op("logistic", [b.dense(x, 3)], NoArgs(), q=PROBABILITY)[0]
    graph = b.graph(x)
    nodes = {node.name: COLLIDING[i] for i, node in enumerate(graph.nodes)}
    tensors = {name: f"conv weights{'!' * i}" for i, name in enumerate(graph.tensors)}
    return renamed(graph, tensors.__getitem__, nodes.__getitem__, str)


NETS: dict[str, Callable[[], Graph]] = {
    "cnn": cnn,
    "cnn_f32": lambda: cnn(DType.FLOAT32, "cnn_f32"),
    "int16": int16,
    "stream": stream,
    "stream_f32": lambda: stream(DType.FLOAT32),
    "ports": ports,
    "constants": constants,
    "copy": only_a_copy,
    "hostile": hostile,
    "colliding": colliding,
}


def project(net: str, name: str | None = None, runs: int = 3) -> Project:
    """The network's project with test vectors."""
    graph = NETS[net]()
    vectors = expected_vectors(graph, random_inputs(graph, runs, seed=1))
    return make_project(make_plan(bind(lower(graph).graph)), name=name or graph.name, vectors=vectors)
