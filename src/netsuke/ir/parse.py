"""Reads the text form of a graph back; `text` describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from netsuke.errors import GraphError
from netsuke.ir.cursor import Cursor
from netsuke.ir.dtype import Array, DType
from netsuke.ir.graph import Args, Graph, Node, State, Tensor, TensorType
from netsuke.ir.literals import Kind, array_of, filled, read_string, tokens, unzipped
from netsuke.ir.quantization import Quantization
from netsuke.ir.values import Vocabulary, build, read_keywords

ITEMS = ("graph", "input", "output", "state", "const", "tensor")


def from_text(text: str, args_types: Mapping[str, type[Args]]) -> Graph:
    """The graph that a text stands for; `args_types` gives each operator's arguments. It is not verified.

    Raises:
        GraphError: with the line's number, what was got and what was wanted.
    """
    draft = _Draft(args_types=args_types)
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            cursor = Cursor(tuple(tokens(line)))
            if not cursor.done:
                _read_line(draft, cursor)
        except GraphError as error:
            raise GraphError(f"line {number}: {error}") from None
    if draft.name is None:
        raise GraphError("got a text without a line `graph NAME`; begin with one")
    return Graph(
        name=draft.name,
        tensors={name: _tensor(draft, name) for name in draft.types},
        nodes=tuple(draft.nodes),
        inputs=tuple(draft.inputs),
        outputs=tuple(draft.outputs),
        states=tuple(draft.states),
    )


@dataclass(slots=True, kw_only=True)
class _Draft:
    """What has been read so far."""

    args_types: Mapping[str, type[Args]]
    name: str | None = None
    types: dict[str, TensorType] = field(default_factory=dict)
    data: dict[str, Array] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)

    def declare(self, name: str, kind: TensorType) -> None:
        """Notes a tensor's type.

        Raises:
            GraphError: when the tensor already has another one.
        """
        if self.types.setdefault(name, kind) != kind:
            raise GraphError(f"tensor {name!r} already has another type; give it one")


def _tensor(draft: _Draft, name: str) -> Tensor:
    kind = draft.types[name]
    return Tensor(
        name=name,
        shape=kind.shape,
        dtype=kind.dtype,
        quantization=kind.quantization,
        data=draft.data.get(name),
    )


def _read_line(draft: _Draft, cursor: Cursor) -> None:
    item = cursor.peek().text
    if item in ITEMS and cursor.peek(1).kind in (Kind.NAME, Kind.STRING):
        cursor.take()
        _read_item(draft, cursor, item)
    else:
        draft.nodes.append(_read_node(draft, cursor))
    cursor.end()


def _read_item(draft: _Draft, cursor: Cursor, item: str) -> None:
    name = cursor.name()
    if item == "graph":
        if draft.name is not None:
            raise GraphError(f"got a second graph {name!r}; a text holds one")
        draft.name = name
    elif item == "output":
        draft.outputs.append(name)
    elif item == "input":
        draft.inputs.append(name)
        if not cursor.done:
            draft.declare(name, _read_typed(cursor))
    else:
        kind = _read_typed(cursor)
        if item == "state":
            draft.states.append(State(name=name, type=kind, initial=_read_data(cursor, kind)))
            return
        draft.declare(name, kind)
        if item == "const":
            draft.data[name] = _read_data(cursor, kind)


def _read_typed(cursor: Cursor) -> TensorType:
    cursor.expect(":")
    return _read_type(cursor)


def _read_type(cursor: Cursor) -> TensorType:
    dtype = _read_dtype(cursor)
    cursor.expect("[")
    shape: list[int] = []
    while not cursor.accept("]"):
        shape.append(cursor.integer())
        if cursor.peek().text != "]":
            cursor.expect(",")
    quantization = _read_quantization(cursor) if cursor.peek().text == "q" else None
    return TensorType(shape=tuple(shape), dtype=dtype, quantization=quantization)


def _read_dtype(cursor: Cursor) -> DType:
    text = cursor.take().text
    try:
        return DType(text)
    except ValueError:
        raise GraphError(
            f"got the element type {text!r}; {', '.join(d.value for d in DType)} are known"
        ) from None


def _read_quantization(cursor: Cursor) -> Quantization:
    cursor.expect("q")
    cursor.expect("(")
    scales: list[float] = []
    while not cursor.accept(","):
        scales.append(float(cursor.number()))
    zero_points: list[int] = []
    axis = bits = None
    while not cursor.accept(")"):
        if not cursor.accept(","):
            zero_points.append(cursor.integer())
        elif bits is None and cursor.accept("bits"):
            bits = cursor.integer()
        else:
            cursor.expect("axis")
            axis = cursor.integer()
    return Quantization(scale=tuple(scales), zero_point=tuple(zero_points), axis=axis, bits=bits)


def _read_data(cursor: Cursor, kind: TensorType) -> Array:
    cursor.expect("=")
    if any(size < 0 for size in kind.shape):
        raise GraphError(f"got a value for shape {list(kind.shape)}; no array has a negative size")
    if cursor.accept("["):
        values: list[int | float | bool] = []
        while not cursor.accept("]"):
            values.append(cursor.element())
            if cursor.peek().text != "]":
                cursor.expect(",")
        return array_of(values, kind.shape, kind.dtype)
    form = cursor.take().text
    cursor.expect("(")
    if form == "fill":
        data = filled(cursor.element(), kind.shape, kind.dtype)
    elif form == "zip":
        data = unzipped(read_string(cursor.take().text), kind.shape, kind.dtype)
    else:
        raise GraphError(f"got {form!r}; a value is written [..], fill(..) or zip(..)")
    cursor.expect(")")
    return data


def _read_node(draft: _Draft, cursor: Cursor) -> Node:
    outputs: list[str] = []
    if cursor.peek(1).text != "(":
        outputs.append(_read_output(draft, cursor))
        while not cursor.accept("="):
            cursor.expect(",")
            outputs.append(_read_output(draft, cursor))
    op = cursor.name()
    if op not in draft.args_types:
        known = ", ".join(sorted(draft.args_types)) or "none"
        raise GraphError(f"got the operator {op!r}; known: {known}")
    inputs = _read_inputs(cursor)
    args_type = draft.args_types[op]
    args = build(args_type, read_keywords(cursor, Vocabulary.of(args_type)))
    name = cursor.name() if cursor.accept("@") else (outputs[0] if outputs else op)
    return Node(op=op, name=name, inputs=inputs, outputs=tuple(outputs), args=args)


def _read_output(draft: _Draft, cursor: Cursor) -> str:
    name = cursor.name()
    cursor.expect(":")
    if not cursor.accept("?"):
        draft.declare(name, _read_type(cursor))
    return name


def _read_inputs(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("(")
    names: list[str] = []
    while not cursor.accept(")"):
        names.append("" if cursor.accept("_") else cursor.name())
        if cursor.peek().text != ")":
            cursor.expect(",")
    return tuple(names)
