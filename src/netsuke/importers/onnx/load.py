"""From the bytes of a .onnx file to a verified graph."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netsuke.errors import GraphError, ImportModelError
from netsuke.importers.onnx import (
    conv,
    conv_transpose,
    dense,
    elementwise,
    functions,
    indices,
    logic,
    norms,
    parts,
    pool,
    qdq,
    recurrent,
    reductions,
    shape,
    space,
)
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.layout import Placed, channels_last, channels_last_order, permuted, plain
from netsuke.importers.onnx.model import Model, OnnxNode, Port, Refusal
from netsuke.importers.onnx.qlinear import written_out
from netsuke.importers.onnx.read import read
from netsuke.importers.onnx.walk import CODED, Handler, Walk, as_value
from netsuke.importers.unsupported import UnsupportedOperators
from netsuke.ir import DType, Graph, Quantization, TensorType
from netsuke.ir.verify import verify
from netsuke.ops.fold import all_folded
from netsuke.ops.reshape import Reshape

HANDLERS: dict[str, Handler] = {
    **conv.HANDLERS,
    **conv_transpose.HANDLERS,
    **dense.HANDLERS,
    **elementwise.HANDLERS,
    **functions.HANDLERS,
    **indices.HANDLERS,
    **logic.HANDLERS,
    **norms.HANDLERS,
    **parts.HANDLERS,
    **pool.HANDLERS,
    **qdq.HANDLERS,
    **recurrent.HANDLERS,
    **reductions.HANDLERS,
    **shape.HANDLERS,
    **space.HANDLERS,
}
WANTS_CHANNELS = {
    "Conv",
    "ConvTranspose",
    "BatchNormalization",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "PRelu",
    "Resize",
    "Upsample",
}
"""Operators that say which axis the channels are."""
PLAIN_TYPES = {
    "float32": DType.FLOAT32,
    "float16": DType.FLOAT32,
    "float64": DType.FLOAT32,
    "bfloat16": DType.FLOAT32,
    "int32": DType.INT32,
    "int64": DType.INT32,
    "int8": DType.INT8,
    "uint8": DType.UINT8,
    "int16": DType.INT16,
    "bool": DType.BOOL,
}
"""Element type of an input in the file → in our graph: floating point is float32, whole numbers of 64 bits int32."""
ONLY_MOVES = {
    *("Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"),
    *("Concat", "Gather", "Pad", "Slice", "Split", "Tile"),
}
"""Operators whose results are stored as their operands are."""
KEEPS_AXES = {
    *elementwise.HANDLERS,
    *functions.HANDLERS,
    *qdq.HANDLERS,
    "Pad",
    "Identity",
    "Dropout",
    "Concat",
    "Slice",
    "Cast",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The graph, and for every input and output where the elements of its ONNX value lie."""

    graph: Graph
    inputs: tuple[Placed, ...]
    outputs: tuple[Placed, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    """Of the outputs, in ONNX's order of axes."""


def load(data: bytes, name: str, *, unrolled: bool = False) -> Graph:
    """The model in the bytes of a .onnx file as a verified graph of that name.

    Raises:
        ImportModelError: when the file is no sound ONNX model.
        UnsupportedModel: when it holds something that netsuke lacks; every such operator is named.
        InputError: when the onnx package is not installed.
    """
    return imported(read(data, name), name, unrolled=unrolled).graph


def translate(model: Model, name: str) -> Graph:
    """A model as plain checked values (`read` makes them from a file, the PyTorch importer from a program) as a
    verified graph.

    Raises:
        ImportModelError: when it is no sound model.
        UnsupportedModel: when it holds something that netsuke lacks; every such operator is named.
    """
    return imported(model, name).graph


def imported(model: Model, name: str, *, unrolled: bool = False) -> Imported:
    """As `translate`, with the layouts of the graph's inputs and outputs; `unrolled`: recurrent layers step by step."""
    walk = Walk(written_out(model), unrolled=unrolled)
    try:
        inputs = tuple(declare(walk, port) for port in model.inputs)
        walk.run(HANDLERS)
        if walk.unsupported:
            raise UnsupportedOperators(name, walk.unsupported)
        outputs = tuple(deliver(walk, output) for output in model.outputs)
        graph = walk.builder.graph(name, tuple(v.tensor for v in inputs), tuple(v.tensor for v in outputs))
        graph = all_folded(graph)
        verify(graph)
    except GraphError as error:
        raise ImportModelError(f"{name} cannot be imported: {error}") from None
    except Refusal as refusal:  # of a node that a layout or a type is asked of before its turn
        raise UnsupportedOperators(name, [refusal.unsupported]) from None
    return Imported(
        graph=graph,
        inputs=tuple(v.placed for v in inputs),
        outputs=tuple(v.placed for v in outputs),
        output_shapes=tuple(v.shape for v in outputs),
    )


def declare(walk: Walk, port: Port) -> Value:
    """An input of our graph, laid out as its readers want it."""
    placed = wanted_layout(walk, port)
    coding = walk.target(port.name)
    if coding is not None and PLAIN_TYPES.get(port.dtype) is DType.FLOAT32:
        kind = TensorType(shape=placed.dims, dtype=coding.dtype, quantization=coding.quantization)
    else:
        dtype, quantization = raw_type(walk, port)
        kind = TensorType(shape=placed.dims, dtype=dtype, quantization=quantization)
    name = walk.builder.add(port.name, kind)
    value = Value(tensor=name, shape=port.shape, placed=placed)
    walk.put(port.name, value)
    return value


def raw_type(walk: Walk, port: Port) -> tuple[DType, Quantization | None]:
    """The type of an input as the file has it; integers take the quantisation of their DequantizeLinear."""
    readers = readers_behind_moves(walk, port.name)
    codings = [walk.coding(n) for n in readers if n.op == "DequantizeLinear"]
    if (
        port.dtype in CODED
        and codings
        and len(codings) == len(readers)
        and codings[0] is not None
        and codings[0].dtype is CODED[port.dtype]
    ):
        return codings[0].dtype, codings[0].quantization
    if port.dtype in PLAIN_TYPES:
        return PLAIN_TYPES[port.dtype], None
    raise ImportModelError(
        f"{walk.model.name}: input {port.name!r} is {port.dtype}; {', '.join(PLAIN_TYPES)} can be compiled"
    )


def readers_behind_moves(walk: Walk, name: str) -> list[OnnxNode]:
    """The nodes that read a value, or that read what only moves its elements."""
    found: dict[int, OnnxNode] = {}
    names, seen = [name], {name}
    while names:
        read = names.pop()
        for node in walk.readers.get(read, []):
            if node.op in ONLY_MOVES and (node.inputs[0] == read or node.op == "Concat"):
                names += [out for out in node.outputs if out not in seen]
                seen.update(node.outputs)
            else:
                found[node.index] = node
    return list(found.values())


def wanted_layout(walk: Walk, port: Port) -> Placed:
    """Channels last when a convolution or pool is reached through operators that keep the axes; else ONNX's
    order."""
    rank = len(port.shape)
    if rank not in (3, 4):
        return plain(port.shape)
    seen: set[str] = set()
    queue = [(port.name, tuple(range(rank)))]
    while queue:
        name, axes = queue.pop(0)
        if name in seen:
            continue
        seen.add(name)
        for node in walk.readers.get(name, []):
            if node.op in WANTS_CHANNELS and node.inputs[0] == name:
                order = channels_last_order(rank)
                return permuted(port.shape, [None if i is None else axes[i] for i in order])
            perm = node.ints("perm") if node.op == "Transpose" else None
            if perm is not None and sorted(perm) == list(range(rank)):
                queue.append((node.outputs[0], tuple(axes[p] for p in perm)))
            elif node.op in KEEPS_AXES:
                queue += [(out, axes) for out in node.outputs if out]
    return plain(port.shape)


def copied(walk: Walk, tensor: str, output: str) -> str:
    """An input that is an output too, as a tensor of its own."""
    kind = walk.builder.tensors[tensor]
    args = Reshape(shape=kind.shape)
    return walk.builder.emit("reshape", args, (tensor,), output, kind.dtype, kind.quantization, helper=True)


def deliver(walk: Walk, output: str) -> Value:
    """An output of our graph: an image stays channels last, all else is brought to ONNX's order."""
    value = walk.values.get(output)
    if value is None:
        raise GraphError(f"output {output!r} is one that netsuke does not compute; cut it from the model")
    if not isinstance(value, Value):
        value = as_value(walk, f"{output}_constant", value)
    wanted = [plain(value.shape)]
    if len(value.shape) in (3, 4):
        wanted.append(channels_last(value.shape))
    found = next(
        (p for p in wanted if p.dims == value.placed.dims and p.significant() == value.placed.significant()),
        None,
    )
    if found is None:
        value = walk.builder.arrange(value, wanted[0])
    if not any(value.tensor in node.outputs for node in walk.builder.nodes):
        value = replace(value, tensor=copied(walk, value.tensor, output))
    else:
        value = replace(value, tensor=walk.builder.rename(value.tensor, output))
    walk.put(output, value)
    return value
