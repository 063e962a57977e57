"""Holds a graph against the rules that need no operators: names, order, shapes, quantisation, states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from netsuke.errors import GraphError
from netsuke.ir.dtype import DType
from netsuke.ir.graph import Graph, Node, State, Tensor, TensorType

MAX_NAME_CHARS = 1024
"""Longest name. Converters join the names of fused layers, which gives hundreds of characters."""
MAX_RANK = 8
"""Most dimensions of a tensor, as TFLite's kernels have it."""
MAX_TOTAL_BYTES = 1 << 30
"""Most bytes of all tensors and states together; a thousand times what a microcontroller holds."""


@runtime_checkable
class NamesState(Protocol):
    """Arguments with a field `variable` name a state of the graph: that is how a node reads or writes one."""

    @property
    def variable(self) -> str:
        """The state's name."""


def verify(graph: Graph) -> None:
    """Checks names, then types, then states, then the order of the nodes; the first broken rule is reported.

    Raises:
        GraphError: what was got, what was wanted, what to do.
    """
    _check_names(graph)
    for name, tensor in graph.tensors.items():
        if tensor.name != name:
            raise GraphError(f"tensor {tensor.name!r} is filed under {name!r}; file it under its own name")
        _check_type(f"tensor {name!r}", tensor)
        _check_bits(tensor)
    for state in graph.states:
        _check_type(f"state {state.name!r}", state.type)
    _check_size(graph)
    _check_inputs(graph)
    _check_states(graph)
    _check_nodes(graph)
    _check_outputs(graph)


def _check_names(graph: Graph) -> None:
    _check_name("the graph", graph.name)
    for name in graph.tensors:
        _check_name("a tensor", name)
    for node in graph.nodes:
        _check_name("a node", node.name)
        _check_name(f"the operator of node {node.name!r}", node.op)
    for state in graph.states:
        _check_name("a state", state.name)
    _refuse_twice("node", (node.name for node in graph.nodes))
    _refuse_twice("state", (state.name for state in graph.states))
    _refuse_twice("graph input", graph.inputs)
    _refuse_twice("graph output", graph.outputs)


def _check_name(what: str, name: str) -> None:
    if not name:
        raise GraphError(f"{what} has an empty name; give it one")
    if len(name) > MAX_NAME_CHARS:
        raise GraphError(
            f"{what} has a name of {len(name)} characters ({name[:24]!r}...); "
            f"at most {MAX_NAME_CHARS} are wanted"
        )


def _refuse_twice(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise GraphError(f"{what} {name!r} is there twice; every {what} was wanted once")
        seen.add(name)


def _check_type(where: str, kind: TensorType) -> None:
    shape = list(kind.shape)
    if len(shape) > MAX_RANK:
        raise GraphError(f"{where} has {len(shape)} dimensions {shape}; at most {MAX_RANK} are wanted")
    if any(size < 1 for size in shape):
        raise GraphError(f"{where} has shape {shape}; every dimension must be 1 or more")
    quantization = kind.quantization
    if quantization is None:
        return
    if not kind.dtype.is_integer:
        raise GraphError(
            f"{where} is {kind.dtype.value} with a quantisation; only integer tensors have one: drop it"
        )
    low, high = kind.dtype.range
    for zero_point in quantization.zero_point:
        if not low <= zero_point <= high:
            raise GraphError(f"{where} has zero point {zero_point}; {kind.dtype.value} holds {low} to {high}")
    if quantization.axis is None:
        return
    if not 0 <= quantization.axis < len(shape):
        raise GraphError(
            f"{where} is quantised along axis {quantization.axis}; "
            f"its shape {shape} has axes 0 to {len(shape) - 1}"
        )
    channels = shape[quantization.axis]
    if len(quantization.scale) != channels:
        raise GraphError(
            f"{where} has {len(quantization.scale)} scales along axis {quantization.axis}; "
            f"its shape {shape} has {channels} channels there"
        )


def _check_bits(tensor: Tensor) -> None:
    bits = None if tensor.quantization is None else tensor.quantization.bits
    if bits is None:
        return
    if tensor.data is None or tensor.dtype is not DType.INT8:
        what = f"computed {tensor.dtype.value}" if tensor.data is None else f"constant {tensor.dtype.value}"
        raise GraphError(f"tensor {tensor.name!r} has {bits} bits and is {what}; only constant int8 may have")
    low, high = int(tensor.data.min()), int(tensor.data.max())
    if low < -(1 << (bits - 1)) or high >= 1 << (bits - 1):
        raise GraphError(
            f"tensor {tensor.name!r} has {bits} bits and holds {low} to {high}; "
            f"{-(1 << (bits - 1))} to {(1 << (bits - 1)) - 1} were wanted"
        )


def _check_size(graph: Graph) -> None:
    total = sum(t.nbytes for t in graph.tensors.values()) + sum(s.type.nbytes for s in graph.states)
    if total > MAX_TOTAL_BYTES:
        sizes = {f"tensor {t.name!r}": t for t in graph.tensors.values()}
        largest = max(sizes, key=lambda where: sizes[where].nbytes, default="its states")
        raise GraphError(
            f"the graph's tensors take {total} bytes, most of them {largest}; "
            f"at most {MAX_TOTAL_BYTES} are wanted"
        )


def _check_inputs(graph: Graph) -> None:
    for name in graph.inputs:
        if name not in graph.tensors:
            raise GraphError(
                f"graph input {name!r} is not a tensor of the graph; add the tensor with its type"
            )
        if graph.tensors[name].is_constant:
            raise GraphError(
                f"graph input {name!r} is a constant; drop its value, or drop it from the inputs"
            )


def _check_outputs(graph: Graph) -> None:
    if not graph.outputs:
        raise GraphError("the graph has no outputs; name at least one tensor that a node writes")
    produced = graph.producers()
    for name in graph.outputs:
        if name not in produced:
            raise GraphError(f"graph output {name!r} is written by no node; name a tensor that a node writes")


def _check_states(graph: Graph) -> None:
    states = {state.name: state for state in graph.states}
    named: set[str] = set()
    for node in graph.nodes:
        if not isinstance(node.args, NamesState):
            continue
        variable = node.args.variable
        if variable not in states:
            known = ", ".join(repr(name) for name in states) or "none"
            raise GraphError(f"{_where(node)} names state {variable!r}; the graph has {known}")
        named.add(variable)
        _check_state_operands(graph, node, states[variable])
    for state in graph.states:
        if state.name not in named:
            raise GraphError(f"state {state.name!r} is named by no node; drop it")


def _check_state_operands(graph: Graph, node: Node, state: State) -> None:
    for name in (*node.inputs, *node.outputs):
        tensor = graph.tensors.get(name)
        if tensor is not None and (tensor.shape, tensor.dtype) != (state.type.shape, state.type.dtype):
            raise GraphError(
                f"{_where(node)}: tensor {name!r} is {_brief(tensor)}; "
                f"state {state.name!r} is {_brief(state.type)}"
            )


def _check_nodes(graph: Graph) -> None:
    """Walks the nodes in order: every input is already there, every output is new."""
    ready = {*graph.inputs, *(t.name for t in graph.tensors.values() if t.is_constant)}
    writer: dict[str, Node] = {}
    for node in graph.nodes:
        for name in _known(graph, node, (name for name in node.inputs if name)):
            if name not in ready:
                raise GraphError(_unready(graph, node, name))
        for name in _known(graph, node, node.outputs):
            if name in writer:
                raise GraphError(
                    f"tensor {name!r} is written by {_where(writer[name])} and by {_where(node)}; "
                    "once was wanted"
                )
            if name in ready:
                what = "a graph input" if name in graph.inputs else "a constant"
                raise GraphError(f"{_where(node)} writes {name!r}, which is {what}; write another tensor")
            writer[name] = node
        ready.update(node.outputs)


def _known(graph: Graph, node: Node, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name not in graph.tensors:
            got = f"names tensor {name!r}" if name else "has an output without a name"
            raise GraphError(
                f"{_where(node)} {got}, which the graph does not have; add the tensor with its type"
            )
        yield name


def _unready(graph: Graph, node: Node, name: str) -> str:
    later = graph.producers().get(name)
    if later is None:
        return f"{_where(node)} reads {name!r}, which no node writes; make it an input or a constant"
    if later is node:
        return f"{_where(node)} reads {name!r}, which it writes itself; break the cycle"
    return (
        f"{_where(node)} reads {name!r} before {_where(later)} writes it; "
        "put the nodes in running order (a cycle has none)"
    )


def _where(node: Node) -> str:
    return f"{node.op} {node.name!r}"


def _brief(kind: TensorType) -> str:
    return f"{kind.dtype.value}{list(kind.shape)}"
