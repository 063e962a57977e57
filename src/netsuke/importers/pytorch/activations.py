"""Activations of ATen, softmax among them."""

from __future__ import annotations

from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable


def plain(op: str) -> Handler:
    """An ONNX operator of one operand without attributes."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        first = "self" if "self" in call.operands else "input"
        return emit.node(op, (call.tensor(first).name,), call.shape)

    return handler


def clip(emit: Emitter, x: Ref, low: float | None, high: float | None) -> Ref:
    """Values held between two bounds; None for no bound."""
    bounds = [None if v is None else emit.scalar(v) for v in (low, high)]
    names = (x.name, *(b or "" for b in bounds))
    return emit.node("Clip", names if bounds[1] else names[:2], x.shape)


def relu6(emit: Emitter, call: Aten) -> Ref:
    """Between 0 and 6."""
    return clip(emit, call.tensor("self"), 0, 6)


def hardtanh(emit: Emitter, call: Aten) -> Ref:
    """Between two bounds."""
    return clip(emit, call.tensor("self"), call.number("min_val", -1), call.number("max_val", 1))


def clamp(emit: Emitter, call: Aten) -> Ref:
    """clamp, clamp_min, clamp_max; a bound that is a tensor by Max and Min."""
    x, bounds = call.tensor("self"), [call.operands.get(n) for n in ("min", "max")]
    if not any(isinstance(b, Ref) for b in bounds):
        low, high = (None if b is None else float(b) for b in bounds)
        return clip(emit, x, low, high)
    for op, bound in zip(("Max", "Min"), bounds, strict=True):
        if bound is not None:
            name = bound.name if isinstance(bound, Ref) else emit.scalar(float(bound))
            x = emit.node(op, (x.name, name), call.shape)
    return x


def silu(emit: Emitter, call: Aten) -> Ref:
    """x sigmoid(x)."""
    x = call.tensor("self")
    return emit.node("Mul", (x.name, emit.node("Sigmoid", (x.name,), x.shape).name), x.shape)


def gelu(emit: Emitter, call: Aten) -> Ref:
    """x times the normal distribution function, or its approximation by tanh."""
    approximate = str(call.operands.get("approximate", "none")).encode()
    return emit.node("Gelu", (call.tensor("self").name,), call.shape, approximate=approximate)


def hardsigmoid(emit: Emitter, call: Aten) -> Ref:
    """Between 0 and 1: x / 6 + 1 / 2."""
    return emit.node("HardSigmoid", (call.tensor("self").name,), call.shape, alpha=1 / 6, beta=0.5)


def with_alpha(op: str, operand: str, default: float) -> Handler:
    """An activation with one number, which ONNX calls alpha."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        alpha = call.number(operand, default)
        return emit.node(op, (call.tensor("self").name,), call.shape, alpha=alpha)

    return handler


def elu(emit: Emitter, call: Aten) -> Ref:
    """ELU; the scaled forms have operators of their own."""
    if call.number("scale", 1) != 1 or call.number("input_scale", 1) != 1:
        raise Untranslatable("scale or input_scale is not 1; use selu or celu")
    return emit.node("Elu", (call.tensor("self").name,), call.shape, alpha=call.number("alpha", 1))


def prelu(emit: Emitter, call: Aten) -> Ref:
    """One slope, or one a channel (axis 1)."""
    x, slope = call.tensor("self"), call.tensor("weight")
    ones = max(x.rank - 2, 0) if slope.shape != (1,) else 0
    return emit.node("PRelu", (x.name, emit.reshape(slope, (*slope.shape, *[1] * ones)).name), call.shape)


def softplus(emit: Emitter, call: Aten) -> Ref:
    """log(1 + exp(beta x)) / beta; beyond torch's threshold both forms are x to the last bit but one."""
    x, beta = call.tensor("self"), call.number("beta", 1)
    if beta == 1:
        return emit.node("Softplus", (x.name,), call.shape)
    scaled = emit.node("Mul", (x.name, emit.scalar(beta)), x.shape)
    soft = emit.node("Softplus", (scaled.name,), x.shape)
    return emit.node("Mul", (soft.name, emit.scalar(1 / beta)), x.shape)


def softmax(op: str) -> Handler:
    """Softmax or its logarithm along an axis."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        x = call.tensor("self")
        return emit.node(op, (x.name,), call.shape, axis=x.axis(int(call.number("dim"))))

    return handler


def glu(emit: Emitter, call: Aten) -> Ref:
    """The first half times the sigmoid of the second."""
    x = call.tensor("self")
    axis = x.axis(int(call.number("dim", -1)))
    halves = emit.outputs("Split", (x.name, emit.ints([x.shape[axis] // 2] * 2)), [call.shape] * 2, axis=axis)
    gate = emit.node("Sigmoid", (halves[1].name,), call.shape)
    return emit.node("Mul", (halves[0].name, gate.name), call.shape)


def log_sigmoid(emit: Emitter, call: Aten) -> Ref:
    """-softplus(-x)."""
    x = call.tensor("self")
    turned = emit.node("Neg", (x.name,), x.shape)
    return emit.node("Neg", (emit.node("Softplus", (turned.name,), x.shape).name,), x.shape)


def threshold(emit: Emitter, call: Aten) -> Ref:
    """x above a threshold, else a number."""
    x, value = call.tensor("self"), call.number("value")
    if value == 0:
        return emit.node("ThresholdedRelu", (x.name,), call.shape, alpha=call.number("threshold"))
    above = emit.node("Greater", (x.name, emit.scalar(call.number("threshold"))), call.shape)
    return emit.node("Where", (above.name, x.name, emit.scalar(value)), call.shape)


def shrink(soft: bool) -> Handler:
    """hardshrink: 0 near 0, x elsewhere; softshrink: what is elsewhere moves towards 0."""

    def handler(emit: Emitter, call: Aten) -> Ref:
        size = call.number("lambd", 0.5)
        return emit.node(
            "Shrink", (call.tensor("self").name,), call.shape, lambd=size, bias=size if soft else 0.0
        )

    return handler


def rrelu(emit: Emitter, call: Aten) -> Ref:
    """In evaluation a leaky relu with the mean slope."""
    alpha = (call.number("lower", 1 / 8) + call.number("upper", 1 / 3)) / 2
    return emit.node("LeakyRelu", (call.tensor("self").name,), call.shape, alpha=alpha)


HANDLERS: dict[str, Handler] = {
    "relu": plain("Relu"),
    "sigmoid": plain("Sigmoid"),
    "tanh": plain("Tanh"),
    "hardswish": plain("HardSwish"),
    "selu": plain("Selu"),
    "mish": plain("Mish"),
    "relu6": relu6,
    "hardtanh": hardtanh,
    "clamp": clamp,
    "clamp_min": clamp,
    "clamp_max": clamp,
    "clip": clamp,
    "silu": silu,
    "gelu": gelu,
    "hardsigmoid": hardsigmoid,
    "leaky_relu": with_alpha("LeakyRelu", "negative_slope", 0.01),
    "celu": with_alpha("Celu", "alpha", 1.0),
    "elu": elu,
    "prelu": prelu,
    "softplus": softplus,
    "softmax": softmax("Softmax"),
    "_softmax": softmax("Softmax"),
    "log_softmax": softmax("LogSoftmax"),
    "_log_softmax": softmax("LogSoftmax"),
    "glu": glu,
    "log_sigmoid": log_sigmoid,
    "threshold": threshold,
    "hardshrink": shrink(soft=False),
    "softshrink": shrink(soft=True),
    "rrelu": rrelu,
}
