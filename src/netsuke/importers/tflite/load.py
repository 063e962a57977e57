"""Records → graph: dead operators out, every other through its decoder, what cannot be done collected, then
verified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from netsuke.errors import GraphError, ImportModelError
from netsuke.importers.tflite.flatbuffer import Malformed
from netsuke.importers.tflite.hints import hint
from netsuke.importers.tflite.names import MAX_TENSOR_NAME
from netsuke.importers.tflite.place import Builder, CannotDecode, Place
from netsuke.importers.tflite.read import read
from netsuke.importers.tflite.records import ABSENT, ElementType, ModelRecord, OperatorRecord, SubgraphRecord
from netsuke.importers.tflite.variables import Variables
from netsuke.importers.unsupported import Unsupported, UnsupportedOperators
from netsuke.ir import Graph, verify
from netsuke.ops import registry
from netsuke.ops.state import AssignVariable, ReadVariable

FAMILIES = (
    "activation",
    "arithmetic",
    "conv",
    "functions",
    "matmul",
    "pool",
    "quantize",
    "recurrent",
    "reduce",
    "resize",
    "shape",
)
"""The files of decoders, named as the exporter's files of encoders."""

Decoder = Callable[[Place], None]

SIDE_EFFECTS = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE"})
SHAPE_ONLY = {"RESHAPE": (1,), "TRANSPOSE_CONV": (0,)}
"""Operands that only repeat the output's shape: what computes them (SHAPE, PACK) need not be run."""


KEEPS_STATES = frozenset({"UNIDIRECTIONAL_SEQUENCE_LSTM"})
"""Operators with variable tensors among their operands, which nothing writes."""


@cache
def decoders() -> Mapping[str, Decoder]:
    """TFLite's operator name → how it is read."""
    found: dict[str, Decoder] = {}
    for family in FAMILIES:
        found.update(import_module(f"netsuke.importers.tflite.{family}").DECODERS)
    return found


def load(data: bytes, name: str) -> Graph:
    """The graph of a .tflite file's bytes; `name` becomes the graph's.

    Every operand is int8 (weights per channel too), int16, int32, float32, or uint8 at the border. Weights
    may lie behind the flatbuffer, be sparse, or be stored as float16 or int4. int8 weights of a layer that
    computes in float32 (dynamic-range quantisation) become float32 weights. A batch of unknown size is 1.

    Raises:
        ImportModelError: when it is not a .tflite file, or a damaged one.
        UnsupportedOperators: when it needs operators, or forms of them, that netsuke lacks: all are listed.
        GraphError: when the graph breaks a rule of the IR.
    """
    model = read(data)
    graph = build(model, name[:MAX_TENSOR_NAME] or "model")
    verify(graph)
    check_operators(graph)
    return graph


def build(model: ModelRecord, name: str) -> Graph:
    """The graph of subgraph 0, not yet verified."""
    main = model.subgraphs[0]
    check_borders(main)
    builder, variables = Builder(model, main), Variables()
    places = [Place(builder, main.operators[i], i) for i in live(main)]
    check_order(builder, places)
    inputs = tuple(border(builder, i) for i in main.inputs)
    refused = [found for place in places if (found := decode(place, variables)) is not None]
    if refused:
        raise UnsupportedOperators(name, refused)
    outputs = tuple(border(builder, i) for i in main.outputs)
    used = (n.args.variable for n in builder.nodes if isinstance(n.args, ReadVariable | AssignVariable))
    graph = Graph(
        name=name,
        tensors=builder.tensors,
        nodes=tuple(builder.nodes),
        inputs=inputs,
        outputs=outputs,
        states=variables.states(used),
    )
    return graph.with_()


def decode(place: Place, variables: Variables) -> Unsupported | None:
    """Adds an operator to the graph; what was missing when that cannot be done."""
    own: dict[str, Decoder] = {
        "VAR_HANDLE": variables.handle,
        "READ_VARIABLE": variables.read,
        "ASSIGN_VARIABLE": variables.assign,
        "CALL_ONCE": variables.call_once,
    }
    op, custom = place.record.op, place.record.custom
    decoder = None if custom else own.get(op) or decoders().get(op)
    if decoder is None:
        return Unsupported(op=op, place=str(place), hint=hint(op, custom=custom))
    try:
        decoder(place)
    except CannotDecode as missing:
        return Unsupported(op=op, place=str(place), hint=str(missing))
    return None


def border(builder: Builder, index: int) -> str:
    """The name of a graph input or output."""
    try:
        return builder.tensor(index).name
    except CannotDecode as missing:
        raise ImportModelError(f"{missing}; give the model inputs and outputs of these types") from None


def check_borders(main: SubgraphRecord) -> None:
    """Inputs and outputs each once, inputs of a known size."""
    if not main.outputs:
        raise Malformed("its graph has no outputs")
    for what, indices in (("input", main.inputs), ("output", main.outputs)):
        if len(set(indices)) != len(indices):
            raise ImportModelError(
                f"the model has one tensor as two of its {what}s; every {what} was wanted once"
            )
    for index in main.inputs:
        record = main.tensors[index]
        if any(axis > 0 for axis in record.dynamic):
            raise ImportModelError(
                f"input {record.name!r} of shape {list(record.shape)} has axes of unknown size: "
                f"{list(record.dynamic)}; only the batch may be so. Export the model with a fixed input shape"
            )


def live(main: SubgraphRecord) -> list[int]:
    """The operators that an output or a variable needs, in order."""
    needed = set(main.outputs)
    kept: list[int] = []
    for number in range(len(main.operators) - 1, -1, -1):
        op = main.operators[number]
        if op.op in SIDE_EFFECTS or needed.intersection(op.outputs):
            kept.append(number)
            needed.update(data_inputs(op))
    return kept[::-1]


def data_inputs(op: OperatorRecord) -> list[int]:
    """The operands whose values matter at run time."""
    skipped = SHAPE_ONLY.get(op.op, ())
    return [index for i, index in enumerate(op.inputs) if index != ABSENT and i not in skipped]


def check_order(builder: Builder, places: list[Place]) -> None:
    """Every operand is an input, a constant or written before; no tensor is written twice."""
    main = builder.subgraph
    written = set(main.inputs)
    for place in places:
        for index in data_inputs(place.record):
            if index not in written and not builder.is_constant(index):
                name, kind = builder.names[index], main.tensors[index].type
                states = place.record.op in KEEPS_STATES and main.tensors[index].is_variable
                if kind is ElementType.RESOURCE or states:
                    continue
                raise ImportModelError(
                    f"{place.record.op} ({place}) reads {name!r}, which nothing before it writes; "
                    "operators must stand in an order in which they can run (a cycle has none)"
                )
        for index in place.record.outputs:
            if index in written:
                raise ImportModelError(
                    f"{place.record.op} ({place}) writes {builder.names[index]!r}, which is written before; "
                    "every tensor is written once"
                )
            written.add(index)


def check_operators(graph: Graph) -> None:
    """Holds every node against its operator's rules.

    Raises:
        UnsupportedOperators: naming every node that breaks one.
    """
    refused = []
    for node in graph.nodes:
        try:
            registry.site(graph, node)
        except GraphError as error:
            refused.append(Unsupported(op=node.op, place=f"node {node.name!r}", hint=str(error)))
    if refused:
        raise UnsupportedOperators(graph.name, refused)
