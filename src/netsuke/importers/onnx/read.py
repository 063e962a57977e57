"""Bytes of a .onnx file → `Model`. Everything a hostile file can do is stopped here; `onnx` is imported here
only."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from types import ModuleType
from typing import Any

import numpy as np

from netsuke.errors import ImportModelError, InputError
from netsuke.importers.onnx.model import Attribute, Model, OnnxNode, Port
from netsuke.ir import Array

MAX_ELEMENTS = 1 << 25
"""Most elements of one tensor: ten times what the flash of a large microcontroller holds as int8."""
MAX_RANK = 8
MAX_SHOWN = 500
"""Characters of a node's name and operator: messages and comments repeat them."""
OLDEST_OPSET = 7
"""Broadcasting got its present meaning there."""
FLOATS = ("float16", "float32", "float64", "bfloat16")
NARROW = {"int4": np.int8, "int2": np.int8, "uint4": np.uint8, "uint2": np.uint8}
"""Whole numbers of less than a byte, and what they become: packed weights."""
KEPT = (*FLOATS, *NARROW, "int8", "uint8", "int16", "int32", "int64", "bool")


def onnx_package() -> ModuleType:
    """The onnx package.

    Raises:
        InputError: when it is not installed.
    """
    try:
        import onnx
        import onnx.numpy_helper
    except ImportError:
        raise InputError(
            "reading .onnx files needs the onnx package, which is not installed: pip install 'netsuke[onnx]'"
        ) from None
    package: ModuleType = onnx
    return package


def read(data: bytes, name: str) -> Model:
    """The model in the file's bytes; `name` is for messages and becomes the model's name.

    Raises:
        ImportModelError: when the bytes are no sound ONNX model: truncated, cyclic, weights elsewhere, absurd
            sizes.
    """
    onnx = onnx_package()
    try:
        proto = onnx.load_model_from_string(data)
    except Exception as error:  # protobuf's own errors differ between its implementations
        raise ImportModelError(f"{name} is not an ONNX model, or is damaged: {first_line(error)}") from None
    if not proto.HasField("graph") or not proto.graph.node:
        raise ImportModelError(f"{name} holds no ONNX graph with nodes in it; export the model again")
    graph = proto.graph
    if graph.sparse_initializer:
        raise ImportModelError(f"{name} has sparse initializers; store its weights as dense tensors")
    constants = {text(t.name): decoded(onnx, t, name) for t in graph.initializer}
    nodes = tuple(node_of(onnx, proto_node, i, name) for i, proto_node in enumerate(graph.node))
    inputs = tuple(port_of(onnx, v, name) for v in graph.input if text(v.name) not in constants)
    outputs = tuple(text(v.name) for v in graph.output)
    few_bits = {text(t.name): bits for t in graph.initializer if (bits := bits_of(onnx, t))}
    check_narrow(name, nodes, few_bits)
    check_order(name, nodes, {*constants, *(port.name for port in inputs)}, outputs)
    opset = opset_of(proto.opset_import, name)
    return Model(
        name=name,
        opset=opset if opset >= OLDEST_OPSET else unchanged_since(onnx, opset, nodes, name),
        nodes=nodes,
        constants=constants,
        inputs=inputs,
        outputs=outputs,
        few_bits=few_bits,
    )


def first_line(error: Exception) -> str:
    """The start of a foreign error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def text(value: str | bytes) -> str:
    """A string of the file. protobuf gives bytes where a damaged one is not UTF-8."""
    return value if isinstance(value, str) else value.decode(errors="replace")


def opset_of(imports: Iterable[Any], name: str) -> int:
    """The version of ONNX's own operators that the file was written for."""
    versions = [i.version for i in imports if i.domain in ("", "ai.onnx")]
    if len(versions) != 1:
        raise ImportModelError(f"{name} names {len(versions)} versions of the ONNX operators; one was wanted")
    return int(versions[0])


def unchanged_since(onnx: ModuleType, opset: int, nodes: Iterable[OnnxNode], name: str) -> int:
    """OLDEST_OPSET, for a file that is older but whose operators meant the same.

    Raises:
        ImportModelError: when one did not.
    """
    for node in nodes:
        try:
            since = onnx.defs.get_schema(node.op, max_inclusive_version=OLDEST_OPSET).since_version
        except onnx.defs.SchemaError:
            since = 0
        if since == 0 or since > opset:
            raise ImportModelError(
                f"{name} is written for opset {opset}, where {node.op} is another operator; export it for "
                f"{OLDEST_OPSET} or later, such as 17"
            )
    return OLDEST_OPSET


def decoded(onnx: ModuleType, tensor: Any, name: str) -> Array:
    """A TensorProto's value, after its sizes were looked at. Floating point values become float32."""
    where = f"{name}: tensor {text(tensor.name)[:80]!r}"
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ImportModelError(
            f"{where} keeps its values in another file; netsuke reads one file: "
            "save the model with its weights inside (onnx.save(onnx.load(path), new_path))"
        )
    dims = tuple(tensor.dims)
    if any(d < 0 for d in dims) or len(dims) > MAX_RANK or math.prod(dims) > MAX_ELEMENTS:
        raise ImportModelError(
            f"{where} says shape {list(dims)[:MAX_RANK]}; up to {MAX_RANK} dimensions of 0 or more "
            f"and {MAX_ELEMENTS} elements were wanted"
        )
    try:
        value = onnx.numpy_helper.to_array(tensor)
    except Exception as error:  # what to_array raises on damaged data is not documented
        raise ImportModelError(f"{where} cannot be decoded: {first_line(error)}") from None
    if not isinstance(value, np.ndarray) or value.dtype.name not in KEPT:
        raise ImportModelError(
            f"{where} holds {getattr(value, 'dtype', type(value))}; {', '.join(KEPT)} are read"
        )
    if value.shape != dims:
        raise ImportModelError(
            f"{where} says shape {list(dims)} and holds {list(value.shape)}; export it again"
        )
    narrow = NARROW.get(value.dtype.name)
    return finite(value if narrow is None else value.astype(narrow), where)


def finite(value: Array, where: str) -> Array:
    """float32 for floating point values, which must be numbers (infinities may bound a Clip)."""
    if value.dtype.name not in FLOATS:
        return value
    with np.errstate(over="ignore"):
        value = value.astype(np.float32)
    if np.isnan(value).any():
        raise ImportModelError(f"{where} holds values that are not numbers (NaN); train or export it again")
    return value


def node_of(onnx: ModuleType, proto: Any, index: int, name: str) -> OnnxNode:
    """A NodeProto with the attributes that plain operators have."""
    kinds = onnx.AttributeProto
    attributes: dict[str, Attribute] = {}
    for a in proto.attribute:
        key = text(a.name)
        if a.type == kinds.INT:
            attributes[key] = int(a.i)
        elif a.type == kinds.FLOAT:
            attributes[key] = float(a.f)
        elif a.type == kinds.STRING:
            attributes[key] = bytes(a.s)
        elif a.type == kinds.INTS:
            attributes[key] = tuple(int(i) for i in a.ints)
        elif a.type == kinds.FLOATS:
            attributes[key] = tuple(float(f) for f in a.floats)
        elif a.type == kinds.STRINGS:
            attributes[key] = tuple(text(v) for v in a.strings)
        elif a.type == kinds.TENSOR:
            attributes[key] = decoded(onnx, a.t, f"{name}: node {index}")
    domain = text(proto.domain)
    prefix = "" if domain in ("", "ai.onnx") else f"{domain}."
    return OnnxNode(
        op=f"{prefix}{text(proto.op_type)}"[:MAX_SHOWN],
        name=text(proto.name)[:MAX_SHOWN],
        index=index,
        inputs=tuple(text(name) for name in proto.input),
        outputs=tuple(text(name) for name in proto.output),
        attributes=attributes,
    )


def port_of(onnx: ModuleType, value: Any, name: str) -> Port:
    """A model input: static sizes, but for the first one, the batch, which becomes 1."""
    where = f"{name}: input {text(value.name)[:80]!r}"
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        raise ImportModelError(
            f"{where} is not a tensor of known rank; export the model with fixed input sizes"
        )
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).name
    except (KeyError, TypeError):
        raise ImportModelError(
            f"{where} has element type number {kind.elem_type}, which ONNX does not know"
        ) from None
    shape: list[int] = []
    for axis, dim in enumerate(kind.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            shape.append(int(dim.dim_value))
        elif axis == 0 and not dim.HasField("dim_value"):
            shape.append(1)
        else:
            got = text(dim.dim_param) or dim.dim_value or "unknown"
            raise ImportModelError(
                f"{where}: dimension {axis} is {got!r}; a microcontroller needs fixed sizes of 1 or more: "
                "export the model with them (onnx.tools.update_model_dims changes a file)"
            )
    if len(shape) > MAX_RANK or math.prod(shape) > MAX_ELEMENTS:
        raise ImportModelError(f"{where} has shape {shape[:MAX_RANK]}: too large for any microcontroller")
    return Port(name=text(value.name), shape=tuple(shape), dtype=dtype)


def bits_of(onnx: ModuleType, tensor: Any) -> int:
    """How many bits the elements of a constant have, where they are less than a byte; else 0."""
    kind = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).name
    return int(kind[-1]) if kind in NARROW else 0


def check_narrow(name: str, nodes: Iterable[OnnxNode], narrow: Container[str]) -> None:
    """Packed weights are for DequantizeLinear: elsewhere their type would say more than their numbers."""
    for node in nodes:
        for i, value in enumerate(node.inputs):
            if value in narrow and (node.op, i) not in (("DequantizeLinear", 0), ("DequantizeLinear", 2)):
                raise ImportModelError(
                    f"{name}: {node.op} ({node.place}) reads {value[:80]!r}, numbers of less than a byte; netsuke "
                    "reads such numbers where a DequantizeLinear takes them"
                )


def check_order(name: str, nodes: Iterable[OnnxNode], ready: set[str], outputs: Iterable[str]) -> None:
    """Every value is written once, and before it is read, as the standard asks; a cycle cannot be so."""
    later = {out for node in nodes for out in node.outputs}
    for node in nodes:
        for value in filter(None, node.inputs):
            if value not in ready:
                fault = (
                    "before it is written (a cycle, or nodes out of order)"
                    if value in later
                    else "which nothing writes"
                )
                raise ImportModelError(
                    f"{name}: {node.op} ({node.place}) reads {value[:80]!r} {fault}; export the model again"
                )
        for value in filter(None, node.outputs):
            if value in ready:
                raise ImportModelError(
                    f"{name}: {node.op} ({node.place}) writes {value[:80]!r}, which is there already"
                )
            ready.add(value)
    for value in outputs:
        if value not in ready:
            raise ImportModelError(
                f"{name}: output {value[:80]!r} is written by no node; export the model again"
            )
