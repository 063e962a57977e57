"""Operators that the standard itself writes out in others: a node becomes the body that the onnx package has for it.

The body may depend on the types and shapes of the node's inputs (Attention's does), so that it is asked for when they
are known, during the walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from netsuke.importers.onnx.model import Model, OnnxNode, Refusal
from netsuke.importers.onnx.read import node_of, onnx_package
from netsuke.ir import Array, DType

BODIES = frozenset(
    {"Attention", "CausalConvWithState", "CenterCropPad", "RotaryEmbedding", "Shrink", "SwiGLU"}
)
"""Those that models for inference use, and whose bodies have no control flow."""
OURS = {DType.FLOAT32: 1, DType.UINT8: 2, DType.INT8: 3, DType.INT16: 5, DType.INT32: 6, DType.BOOL: 9}
"""Our element type → the number that ONNX has for it."""
Operand = tuple[int, tuple[int, ...]]
"""Element type as ONNX numbers it, and shape."""


def operand_of(data: Array) -> Operand:
    """A constant's type and shape."""
    number = int(onnx_package().helper.np_dtype_to_tensor_dtype(data.dtype))
    return number, data.shape


def written_body(
    model: Model, node: OnnxNode, operands: list[Operand | None]
) -> tuple[int, tuple[OnnxNode, ...]]:
    """The opset of the node's body and its nodes, values inside named after the node.

    Raises:
        Refusal: when the onnx package has no body for this form, or does not know the operator.
    """
    onnx = onnx_package()
    domain, _, op = node.op.rpartition(".")
    try:
        schema = (
            onnx.defs.get_schema(op, domain=domain)
            if domain
            else onnx.defs.get_schema(op, max_inclusive_version=model.opset)
        )
        proto = with_defaults(onnx, as_proto(onnx, node, op, domain), schema)
        version, body = body_of(onnx, schema, proto, operands, model.opset)
    except (onnx.defs.SchemaError, RuntimeError, ValueError) as error:
        raise Refusal(node, f"the onnx package does not write it out ({error}); export it in parts") from None
    return version, renamed(onnx, node, proto, body)


def as_proto(onnx: Any, node: OnnxNode, op: str, domain: str) -> Any:
    """The node as it was in the file."""
    attributes = {
        name: onnx.numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for name, value in node.attributes.items()
    }
    return onnx.helper.make_node(op, node.inputs, node.outputs, node.name, domain=domain, **attributes)


def with_defaults(onnx: Any, proto: Any, schema: Any) -> Any:
    """The node with every attribute that has a default: a body may ask for it."""
    there = {a.name for a in proto.attribute}
    for name, attribute in schema.attributes.items():
        if name not in there and attribute.default_value.name:
            proto.attribute.append(attribute.default_value)
    return proto


def body_of(
    onnx: Any, schema: Any, proto: Any, operands: list[Operand | None], opset: int
) -> tuple[int, Any]:
    """(opset, FunctionProto): of the version nearest to the model's."""
    found = onnx.FunctionProto()
    versions = list(schema.function_opset_versions)
    if versions:
        version = max((v for v in versions if v <= opset), default=versions[0])
        found.ParseFromString(schema.get_function_with_opset_version(version))
    else:
        versions = list(schema.context_dependent_function_opset_versions)
        if not versions:
            raise ValueError("it has no body")
        version = max((v for v in versions if v <= opset), default=versions[0])
        types = [typed(onnx, one) for one in operands]
        found.ParseFromString(
            schema.get_context_dependent_function_with_opset_version(
                version, proto.SerializeToString(), [t.SerializeToString() for t in types]
            )
        )
    imports = {o.domain: o.version for o in found.opset_import}
    return int(imports.get("", opset)), found


def typed(onnx: Any, operand: Operand | None) -> Any:
    """A TypeProto; an empty one for an absent operand."""
    if operand is None:
        return onnx.TypeProto()
    return onnx.helper.make_tensor_type_proto(operand[0], operand[1])


def renamed(onnx: Any, node: OnnxNode, proto: Any, body: Any) -> tuple[OnnxNode, ...]:
    """The body's nodes: its inputs and outputs are the node's, other values get a name of their own."""
    names: dict[str, str] = {"": ""}
    for i, name in enumerate(body.input):
        names[name] = node.input(i)
    for i, name in enumerate(body.output):
        if i < len(node.outputs) and node.outputs[i]:
            names[name] = node.outputs[i]
    given: Mapping[str, Any] = {a.name: a for a in proto.attribute}
    label = node.label
    found = []
    for inner in body.node:
        copy = onnx.NodeProto()
        copy.CopyFrom(inner)
        copy.name = f"{label}/{inner.op_type}"
        for field in (copy.input, copy.output):
            field[:] = [names.setdefault(n, f"{label}/{n}") for n in field]
        kept = [referenced(a, given) for a in inner.attribute]
        del copy.attribute[:]
        copy.attribute.extend(a for a in kept if a is not None)
        found.append(node_of(onnx, copy, node.index, label))
    return tuple(found)


def referenced(attribute: Any, given: Mapping[str, Any]) -> Any:
    """An attribute of the body, or what the node has for it; None where it has none."""
    if not attribute.ref_attr_name:
        return attribute
    source = given.get(attribute.ref_attr_name)
    if source is None:
        return None
    found = type(attribute)()
    found.CopyFrom(source)
    found.name = attribute.name
    return found
