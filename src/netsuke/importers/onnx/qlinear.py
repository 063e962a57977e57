"""Operators on quantised tensors in one piece: QLinearConv, QLinearMatMul, ConvInteger, MatMulInteger, and those of
onnxruntime (com.microsoft.QLinearAdd and its like).

Each is the float operator between a DequantizeLinear and a QuantizeLinear; the walk is given exactly that, so that the
same integer kernels are chosen as for a QDQ model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from netsuke.importers.onnx.model import Attribute, Model, OnnxNode

MICROSOFT = "com.microsoft."


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Where the operands of a QLinear operator stand: (tensor, scale, zero point) by input index."""

    op: str
    operands: tuple[tuple[int, int, int], ...]
    result: tuple[int, int]
    """Scale and zero point of the output."""
    bias: int | None = None
    """An int32 bias in input scale x weight scale."""


FORMS: Mapping[str, Form] = {
    "QLinearConv": Form(op="Conv", operands=((0, 1, 2), (3, 4, 5)), result=(6, 7), bias=8),
    "QLinearMatMul": Form(op="MatMul", operands=((0, 1, 2), (3, 4, 5)), result=(6, 7)),
    f"{MICROSOFT}QLinearAdd": Form(op="Add", operands=((0, 1, 2), (3, 4, 5)), result=(6, 7)),
    f"{MICROSOFT}QLinearMul": Form(op="Mul", operands=((0, 1, 2), (3, 4, 5)), result=(6, 7)),
    f"{MICROSOFT}QLinearSigmoid": Form(op="Sigmoid", operands=((0, 1, 2),), result=(3, 4)),
    f"{MICROSOFT}QLinearLeakyRelu": Form(op="LeakyRelu", operands=((0, 1, 2),), result=(3, 4)),
    f"{MICROSOFT}QLinearGlobalAveragePool": Form(
        op="GlobalAveragePool", operands=((0, 1, 2),), result=(3, 4)
    ),
    f"{MICROSOFT}QLinearAveragePool": Form(op="AveragePool", operands=((0, 1, 2),), result=(3, 4)),
    f"{MICROSOFT}QLinearSoftmax": Form(op="Softmax", operands=((0, 1, 2),), result=(3, 4)),
    f"{MICROSOFT}QGemm": Form(op="Gemm", operands=((0, 1, 2), (3, 4, 5)), result=(7, 8), bias=6),
}


def written_out(model: Model) -> Model:
    """The model with every QLinear operator as DequantizeLinear, the float operator and QuantizeLinear."""
    if not any(node.op in FORMS for node in model.nodes):
        return model
    nodes: list[OnnxNode] = []
    for node in model.nodes:
        nodes += list(parts_of(node, FORMS[node.op], len(nodes))) if node.op in FORMS else [node]
    return replace(model, nodes=tuple(replace(n, index=i) for i, n in enumerate(nodes)))


def parts_of(node: OnnxNode, form: Form, first: int) -> Iterator[OnnxNode]:
    """The nodes that one stands for."""
    made = f"{node.outputs[0]}/real"
    inputs = []
    for number, (tensor, scale, zero) in enumerate(form.operands):
        name = f"{made}_{number}"
        yield linear(
            node, "DequantizeLinear", (tensor, scale, zero), name, axis=0 if form.op == "Conv" else 1
        )
        inputs.append(name)
    if form.bias is not None and node.input(form.bias):
        name = f"{made}_scale"
        scales = tuple(node.input(operand[1]) for operand in form.operands)
        yield replace(node, op="Mul", inputs=scales, outputs=(name,), attributes={})
        bias = f"{made}_bias"
        yield replace(
            node,
            op="DequantizeLinear",
            inputs=(node.input(form.bias), name),
            outputs=(bias,),
            attributes={"axis": 0},
        )
        inputs.append(bias)
    yield replace(node, op=form.op, inputs=tuple(inputs), outputs=(made,), attributes=kept(node.attributes))
    inputs_of_result = (made, *(node.input(i) for i in form.result))
    yield replace(node, op="QuantizeLinear", inputs=inputs_of_result, attributes={})
    del first


def linear(node: OnnxNode, op: str, indices: Sequence[int], output: str, axis: int) -> OnnxNode:
    """A DequantizeLinear of some of a node's inputs."""
    inputs = tuple(node.input(i) for i in indices)
    return replace(node, op=op, inputs=inputs, outputs=(output,), attributes={"axis": axis})


def kept(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """The float operator's own attributes."""
    return {k: v for k, v in attributes.items() if k != "channels_last"}
