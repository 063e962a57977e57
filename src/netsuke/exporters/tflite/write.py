"""Graph → .tflite: every node through its family's encoder, states as resource variables with a once-called
subgraph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.clamps import with_fused_activations
from netsuke.exporters.tflite.emitter import Buffers, Emitter
from netsuke.exporters.tflite.recurrent import check_states
from netsuke.exporters.tflite.serialise import serialise
from netsuke.importers.tflite.options import AssignVariableOptions, CallOnceOptions, ReadVariableOptions
from netsuke.importers.tflite.records import ModelRecord, SubgraphRecord
from netsuke.ir import Graph, State, Tensor
from netsuke.ops.operator import Site, site_of

FAMILIES = (
    "activation",
    "arithmetic",
    "conv",
    "functions",
    "matmul",
    "normalize",
    "pool",
    "quantize",
    "recurrent",
    "reduce",
    "resize",
    "shape",
)
"""The files of encoders, named as the families of ops."""

Encoder = Callable[[Emitter, Site[Any]], None]
INIT_SUBGRAPH = 1


@cache
def encoders() -> Mapping[str, Encoder]:
    """Operator name → how it is written."""
    found: dict[str, Encoder] = {}
    for family in FAMILIES:
        found.update(import_module(f"netsuke.exporters.tflite.{family}").ENCODERS)
    return found


def write(graph: Graph) -> bytes:
    """The .tflite file of a graph. Tensor names and values, shapes and quantisation are kept; node names
    are not. A clamp that is none of TFLite's fused activations, and normalisation, become several operators.

    Raises:
        UnsupportedModel: when a node has no TFLite form: an operator that only netsuke has.
    """
    graph = with_fused_activations(graph)
    check_states(graph)
    buffers = Buffers()
    main = Emitter(graph.name, buffers)
    inputs = tuple(main.tensor(graph.tensors[name]) for name in graph.inputs)
    subgraphs: tuple[SubgraphRecord, ...] = ()
    if graph.states:
        subgraphs = (initial_values(graph.states, buffers),)
        main.emit("CALL_ONCE", (), (), CallOnceOptions(init_subgraph_index=INIT_SUBGRAPH))
    for node in graph.nodes:
        encode(main, graph, site_of(graph, node))
    outputs = tuple(main.tensor(graph.tensors[name]) for name in graph.outputs)
    record = main.record(inputs, outputs)
    return serialise(
        ModelRecord(
            subgraphs=(record, *subgraphs), buffers=tuple(buffers.data), description="written by netsuke"
        )
    )


def encode(emitter: Emitter, graph: Graph, site: Site[Any]) -> None:
    """One node."""
    if site.node.op == "read_variable":
        handle = emitter.handle(graph.state(site.args.variable))
        emitter.emit("READ_VARIABLE", (handle,), (emitter.y(site),), ReadVariableOptions())
        return
    if site.node.op == "assign_variable":
        handle = emitter.handle(graph.state(site.args.variable))
        emitter.emit("ASSIGN_VARIABLE", (handle, emitter.x(site)), (), AssignVariableOptions())
        return
    encoder = encoders().get(site.node.op)
    if encoder is None:
        raise UnsupportedModel(
            f"{site.node.op} {site.node.name!r} cannot be written to .tflite; "
            f"these can: {', '.join(sorted(encoders()))}"
        )
    encoder(emitter, site)


def initial_values(states: tuple[State, ...], buffers: Buffers) -> SubgraphRecord:
    """The once-called subgraph: every variable gets its initial value."""
    once = Emitter("initial_values", buffers)
    for state in states:
        kind = state.type
        value = Tensor(
            name=f"{state.name}/initial",
            shape=kind.shape,
            dtype=kind.dtype,
            quantization=kind.quantization,
            data=state.initial,
        )
        once.emit("ASSIGN_VARIABLE", (once.handle(state), once.tensor(value)), (), AssignVariableOptions())
    return once.record()
