"""Runs a graph with the operators' references: the definition that all C is held against."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from netsuke.errors import InputError
from netsuke.ir import Array, DType, Graph
from netsuke.ops.operator import site_of
from netsuke.ops.registry import operator
from netsuke.ops.state import AssignVariable, ReadVariable


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What one invocation computed."""

    outputs: tuple[Array, ...]
    tensors: Mapping[str, Array]
    """Every tensor's value by name, constants included."""


def initial_states(graph: Graph) -> dict[str, Array]:
    """The states as reset leaves them, by name."""
    return {state.name: state.initial for state in graph.states}


def check_inputs(graph: Graph, inputs: Sequence[Array]) -> None:
    """Holds input arrays against the graph's inputs.

    Raises:
        InputError: on another count, shape or dtype.
    """
    if len(inputs) != len(graph.inputs):
        raise InputError(
            f"got {len(inputs)} inputs; {graph.name} takes {len(graph.inputs)}: {list(graph.inputs)}"
        )
    for name, value in zip(graph.inputs, inputs, strict=True):
        wanted = graph.tensors[name]
        if value.shape != wanted.shape or value.dtype != wanted.dtype.numpy:
            raise InputError(
                f"input {name!r}: got {value.dtype.name}{list(value.shape)}; "
                f"{wanted.dtype.value}{list(wanted.shape)} was wanted"
            )


def interpret(
    graph: Graph, inputs: Sequence[Array], states: MutableMapping[str, Array] | None = None
) -> Values:
    """One invocation. `states` is read and updated in place; without it the graph starts from its initial states.

    Raises:
        InputError: when the inputs are not what the graph takes.
    """
    check_inputs(graph, inputs)
    memory = initial_states(graph) if states is None else states
    values: dict[str, Array] = {t.name: t.data for t in graph.tensors.values() if t.data is not None}
    values.update(zip(graph.inputs, inputs, strict=True))
    for node in graph.nodes:
        if isinstance(node.args, ReadVariable):
            values[node.outputs[0]] = memory[node.args.variable]
        elif isinstance(node.args, AssignVariable):
            memory[node.args.variable] = values[node.inputs[0]]
        else:
            operands = [values[name] if name else None for name in node.inputs]
            results = operator(node.op).reference(site_of(graph, node), operands)
            values.update(
                zip(
                    node.outputs,
                    (checked(graph, *pair) for pair in zip(node.outputs, results, strict=True)),
                    strict=True,
                )
            )
    return Values(outputs=tuple(values[name] for name in graph.outputs), tensors=values)


def checked(graph: Graph, name: str, value: Array) -> Array:
    """A reference's result, which must be of the declared type: a reference that is not is a bug of ours."""
    tensor = graph.tensors[name]
    if value.shape != tensor.shape or DType.of(value) is not tensor.dtype:
        raise AssertionError(
            f"reference of {name!r} gave {value.dtype}{value.shape}, not {tensor.dtype}{tensor.shape}"
        )
    return value
