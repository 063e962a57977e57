"""The text form of a graph: one line an item, exact, short enough to be written by hand in a test.

    graph digits
    state history: int8[1,2,40] q(0.1f, -128) = fill(-128)
    input x: int8[1,8,8,1] q(0.5f, -128)
    const w: int8[4,3,3,1] q(0.1f 0.2f 0.1f 0.3f, 0 0 0 0, axis 0) = zip("eJzt...")
    y: int8[1,8,8,4] q(0.5f, -128) = conv_2d(x, w, _) padding=SAME stride=(1, 1) @first
    assign_variable(y) variable="history"
    output y

`_` is an absent optional input. `@name` is the node's name where that is not its first output's (without
outputs: the operator's). An argument at its default is left out; an enum is its member's name. `0.1f` is the
float32 nearest 0.1. `q(..., bits 4)`: constant weights that were rounded to four bits. `tensor t: int8[4]` is a
tensor that is no input, has no value and that nothing writes (an invalid graph may have one); an output `t: ?` has
no tensor.
`#` begins a comment. `parse` reads what this prints, to the bit; neither verifies the graph.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from enum import Enum

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir.graph import Graph, Node, Tensor, TensorType
from netsuke.ir.literals import print_data, print_name, print_number
from netsuke.ir.parse import from_text
from netsuke.ir.quantization import Quantization

__all__ = ["from_text", "to_text"]


def to_text(graph: Graph) -> str:
    """The graph as text; a constant stands before the first node that reads it.

    Raises:
        GraphError: for an argument value that has no text form.
    """
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"graph {print_name(graph.name)}"
    for state in graph.states:
        yield f"state {print_name(state.name)}: {print_type(state.type)} = {print_data(state.initial)}"
    for name in graph.inputs:
        yield f"input {print_name(name)}" + (
            f": {print_type(graph.tensors[name])}" if name in graph.tensors else ""
        )
    operands = {name for node in graph.nodes for name in (*node.inputs, *node.outputs)}
    for tensor in graph.tensors.values():
        if tensor.name not in operands:
            yield from _loose(graph, tensor)
    seen = set(graph.inputs)
    written = graph.producers()
    for node in graph.nodes:
        for name in node.inputs:
            if name in graph.tensors and name not in seen and name not in written:
                yield from _loose(graph, graph.tensors[name])
            seen.add(name)
        yield _print_node(graph, node)
    for tensor in graph.tensors.values():
        if tensor.data is not None and (tensor.name in written or tensor.name in graph.inputs):
            yield _const(tensor)
    yield from (f"output {print_name(name)}" for name in graph.outputs)


def _loose(graph: Graph, tensor: Tensor) -> Iterator[str]:
    if tensor.name in graph.inputs:
        return
    yield f"tensor {print_name(tensor.name)}: {print_type(tensor)}" if tensor.data is None else _const(tensor)


def _const(tensor: Tensor) -> str:
    assert tensor.data is not None
    return f"const {print_name(tensor.name)}: {print_type(tensor)} = {print_data(tensor.data)}"


def print_type(kind: TensorType) -> str:
    """`int8[1,8,8,3] q(0.1f, -3)`."""
    text = f"{kind.dtype.value}[{','.join(map(str, kind.shape))}]"
    return text if kind.quantization is None else f"{text} {_print_quantization(kind.quantization)}"


def _print_quantization(q: Quantization) -> str:
    scales, zero_points = " ".join(map(print_number, q.scale)), " ".join(map(str, q.zero_point))
    axis = "" if q.axis is None else f", axis {q.axis}"
    return f"q({scales}, {zero_points}{axis}" + ("" if q.bits is None else f", bits {q.bits}") + ")"


def _print_node(graph: Graph, node: Node) -> str:
    outputs = [
        print_name(name) + (f": {print_type(graph.tensors[name])}" if name in graph.tensors else ": ?")
        for name in node.outputs
    ]
    left = f"{', '.join(outputs)} = " if outputs else ""
    inputs = ", ".join(print_name(name) if name else "_" for name in node.inputs)
    words = [f"{left}{print_name(node.op)}({inputs})", *_print_args(node.args)]
    if node.name != default_node_name(node.op, node.outputs):
        words.append(f"@{print_name(node.name)}")
    return " ".join(words)


def default_node_name(op: str, outputs: Sequence[str]) -> str:
    """The name of a node whose line has no `@name`."""
    return outputs[0] if outputs else op


def _print_args(args: object) -> Iterator[str]:
    for field in dataclasses.fields(args):  # type: ignore[arg-type]
        text = print_value(getattr(args, field.name))
        if text != _print_default(field):
            yield f"{field.name}={text}"


def _print_default(field: dataclasses.Field[object]) -> str | None:
    if field.default is not dataclasses.MISSING:
        return print_value(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return print_value(field.default_factory())
    return None


def print_value(value: object) -> str:
    """An argument's value: number, string, enum member, None, tuple or dataclass of such.

    Raises:
        GraphError: for anything else.
    """
    match value:
        case None | bool():
            return str(value)
        case Enum():
            return value.name
        case int() | np.integer():
            return str(int(value))
        case float() | np.floating():
            return print_number(float(value))
        case str():
            return print_string(value)
        case tuple():
            inside = ", ".join(map(print_value, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({', '.join(_print_args(value))})"
    raise GraphError(
        f"got an argument of type {type(value).__name__}; it has no text form: use numbers, enums and tuples"
    )


def print_string(value: str) -> str:
    """Always quoted: a bare word is an enum's member."""
    bare = print_name(value)
    return bare if bare.startswith('"') else f'"{bare}"'
