"""Functions of one real number: those that are operators of ours, and activations put together from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, number, real_value, scaled, shifted, unary
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.elementwise import same_shape
from netsuke.importers.onnx.model import OnnxNode
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import Args, DType
from netsuke.ops.float_tables import TABLES, scales_fit
from netsuke.ops.float_unary import Gelu
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.unary import NoArgs

PLAIN = {
    "Abs": "abs",
    "Ceil": "ceil",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Log": "log",
    "Neg": "neg",
    "Round": "round",
    "Sign": "sign",
    "Softplus": "softplus",
    "Sqrt": "sqrt",
}
"""Operators that we have under another spelling."""

Function = Callable[[Walk, OnnxNode, Value, str], Value]
"""(walk, node, operand, name of the result) → the result."""


def plain(walk: Walk, node: OnnxNode) -> None:
    """One node of ours."""
    if not in_table(walk, node, PLAIN[node.op], NoArgs()):
        x = real_value(walk, node)
        walk.put(node.outputs[0], unary(walk, PLAIN[node.op], x, node.outputs[0]))


def in_table(walk: Walk, node: OnnxNode, op: str, args: Args) -> bool:
    """The function as a table of 256 results, where it stands between int8 tensors and our operator has one; else
    False, and nothing is put."""
    x, coding = walk.value(node), walk.target(node.outputs[0])
    if op not in TABLES or coding is None or not walk.is_integer(x):
        return False
    kind, q = walk.builder.type_of(x), coding.quantization
    if {kind.dtype, coding.dtype} != {DType.INT8} or not scales_fit(kind.scale, q.scale[0]):
        return False
    walk.put(node.outputs[0], same_shape(walk, op, args, x, node.outputs[0], q))
    return True


def composed(function: Function) -> Handler:
    """A handler that puts the function's result in place."""

    def handler(walk: Walk, node: OnnxNode) -> None:
        if node.op in DIRECT and node.float_("alpha", 1.0) == 1.0:
            op, args = DIRECT[node.op]
            if in_table(walk, node, op, args(node)):
                return
        walk.put(node.outputs[0], function(walk, node, real_value(walk, node), node.outputs[0]))

    return handler


def reciprocal(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """1 / x."""
    return binary(walk, "div", number(1.0), x, y)


def elu(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """x above 0, else alpha (exp(x) - 1): the slope of our ELU below 0 is 1."""
    return sloped_elu(walk, x, node.float_("alpha", 1.0), y)


def sloped_elu(walk: Walk, x: Value, alpha: float, y: str) -> Value:
    """ELU, its negative part times alpha."""
    if alpha == 1.0:
        return unary(walk, "elu", x, y)
    return unary(
        walk, "leaky_relu", unary(walk, "elu", x, f"{y}_elu"), y, LeakyRelu(alpha=float(np.float32(alpha)))
    )


def celu(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """alpha elu(x / alpha)."""
    alpha = node.float_("alpha", 1.0)
    if alpha == 1.0:
        return unary(walk, "elu", x, y)
    return scaled(walk, unary(walk, "elu", scaled(walk, x, 1.0 / alpha, f"{y}_in"), f"{y}_elu"), alpha, y)


def selu(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """gamma times an ELU of slope alpha."""
    alpha = node.float_("alpha", 1.67326319217681884765625)
    gamma = node.float_("gamma", 1.05070102214813232421875)
    return scaled(walk, sloped_elu(walk, x, alpha, f"{y}_elu"), gamma, y)


def gelu(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """Through the error function, or through tanh."""
    return unary(walk, "gelu", x, y, gelu_args(node))


def gelu_args(node: OnnxNode) -> Gelu:
    """Which of the two forms."""
    return Gelu(approximate=node.text("approximate", "none") == "tanh")


def hard_sigmoid(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """alpha x + beta, between 0 and 1."""
    alpha, beta = node.float_("alpha", 0.2), node.float_("beta", 0.5)
    return shifted(walk, scaled(walk, x, alpha, f"{y}_scaled"), beta, y, clamp=(0.0, 1.0))


def mish(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """x tanh(softplus(x))."""
    return binary(
        walk, "mul", x, unary(walk, "tanh", unary(walk, "softplus", x, f"{y}_soft"), f"{y}_tanh"), y
    )


def softsign(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """x / (1 + |x|)."""
    return binary(walk, "div", x, shifted(walk, unary(walk, "abs", x, f"{y}_abs"), 1.0, f"{y}_below"), y)


def swish(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """x times the logistic function of alpha x."""
    alpha = node.float_("alpha", 1.0)
    inner = x if alpha == 1.0 else scaled(walk, x, alpha, f"{y}_scaled")
    return binary(walk, "mul", x, unary(walk, "logistic", inner, f"{y}_gate"), y)


def thresholded_relu(walk: Walk, node: OnnxNode, x: Value, y: str) -> Value:
    """x above alpha, else 0."""
    alpha = node.float_("alpha", 1.0)
    above = binary(walk, "greater", x, number(alpha), f"{y}_above")
    return chosen(walk, above, x, 0.0, y)


def chosen(walk: Walk, condition: Value, x: Value, other: float, y: str) -> Value:
    """x where the condition holds, else a number."""
    constant = walk.builder.constant(f"{y}_else", np.full((1,) * len(x.placed.dims), other, np.float32))
    names = (condition.tensor, x.tensor, constant)
    return replace(x, tensor=walk.builder.emit("select_v2", NoArgs(), names, y, DType.FLOAT32))


DIRECT: dict[str, tuple[str, Callable[[OnnxNode], Args]]] = {
    "Elu": ("elu", lambda node: NoArgs()),
    "Gelu": ("gelu", gelu_args),
}
"""Composed functions that are one operator of ours when alpha is 1."""

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(PLAIN, plain),
    "Celu": composed(celu),
    "Elu": composed(elu),
    "Gelu": composed(gelu),
    "HardSigmoid": composed(hard_sigmoid),
    "Mish": composed(mish),
    "Reciprocal": composed(reciprocal),
    "Selu": composed(selu),
    "Softsign": composed(softsign),
    "Swish": composed(swish),
    "ThresholdedRelu": composed(thresholded_relu),
}
