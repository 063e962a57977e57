"""From the bytes of a .onnx file to a verified graph."""

from __future__ import annotations

from dataclasses import replace

from netsuke.errors import GraphError, ImportModelError
from netsuke.importers.onnx import conv, dense, elementwise, parts, pool, qdq, shape
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.layout import Placed, channels_last, channels_last_order, permuted, plain
from netsuke.importers.onnx.model import Port
from netsuke.importers.onnx.read import read
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.importers.unsupported import UnsupportedOperators
from netsuke.ir import DType, Graph, Quantization, TensorType
from netsuke.ir.verify import verify

HANDLERS: dict[str, Handler] = {
    **conv.HANDLERS,
    **dense.HANDLERS,
    **elementwise.HANDLERS,
    **parts.HANDLERS,
    **pool.HANDLERS,
    **qdq.HANDLERS,
    **shape.HANDLERS,
}
WANTS_CHANNELS = {
    "Conv",
    "BatchNormalization",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "PRelu",
}
"""Operators that say which axis the channels are."""
KEEPS_AXES = {*elementwise.HANDLERS, *qdq.HANDLERS, "Pad", "Identity", "Dropout", "Concat", "Slice", "Cast"}


def load(data: bytes, name: str) -> Graph:
    """The model in the bytes of a .onnx file as a verified graph of that name.

    Raises:
        ImportModelError: when the file is no sound ONNX model.
        UnsupportedModel: when it holds something that netsuke lacks; every such operator is named.
        InputError: when the onnx package is not installed.
    """
    model = read(data, name)
    walk = Walk(model)
    try:
        inputs = tuple(declare(walk, port) for port in model.inputs)
        walk.run(HANDLERS)
        if walk.unsupported:
            raise UnsupportedOperators(name, walk.unsupported)
        outputs = tuple(deliver(walk, output) for output in model.outputs)
        graph = walk.builder.graph(name, inputs, outputs)
        verify(graph)
    except GraphError as error:
        raise ImportModelError(f"{name} cannot be imported: {error}") from None
    return graph


def declare(walk: Walk, port: Port) -> str:
    """An input of our graph, laid out as its readers want it."""
    placed = wanted_layout(walk, port)
    coding = walk.target(port.name)
    if coding is not None and port.dtype == "float32":
        kind = TensorType(shape=placed.dims, dtype=coding.dtype, quantization=coding.quantization)
    else:
        dtype, quantization = raw_type(walk, port)
        kind = TensorType(shape=placed.dims, dtype=dtype, quantization=quantization)
    name = walk.builder.add(port.name, kind)
    walk.put(port.name, Value(tensor=name, shape=port.shape, placed=placed))
    return name


def raw_type(walk: Walk, port: Port) -> tuple[DType, Quantization | None]:
    """The type of an input as the file has it; int8 and uint8 ones take the quantisation of their
    DequantizeLinear."""
    if port.dtype == "float32":
        return DType.FLOAT32, None
    readers = walk.readers.get(port.name, [])
    codings = [walk.coding(n) for n in readers if n.op == "DequantizeLinear"]
    if (
        port.dtype in ("int8", "uint8")
        and codings
        and len(codings) == len(readers)
        and codings[0] is not None
    ):
        return codings[0].dtype, codings[0].quantization
    raise ImportModelError(
        f"{walk.model.name}: input {port.name!r} is {port.dtype}; float32 was wanted, or int8 and uint8 that "
        "a DequantizeLinear reads"
    )


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


def deliver(walk: Walk, output: str) -> str:
    """An output of our graph: an image stays channels last, all else is brought to ONNX's order."""
    value = walk.values[output]
    if not isinstance(value, Value):
        raise GraphError(f"output {output!r} is a constant; cut it from the model")
    wanted = [plain(value.shape)]
    if len(value.shape) in (3, 4):
        wanted.append(channels_last(value.shape))
    found = next(
        (p for p in wanted if p.dims == value.placed.dims and p.significant() == value.placed.significant()),
        None,
    )
    if found is None:
        value = walk.builder.arrange(value, wanted[0])
    if any(value.tensor in node.outputs for node in walk.builder.nodes):
        value = replace(value, tensor=walk.builder.rename(value.tensor, output))
    walk.put(output, value)
    return value.tensor
