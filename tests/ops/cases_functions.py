"""Cases of the float functions of one and two tensors, of NORMALIZE, LOG_SOFTMAX, REDUCE_MIN and REDUCE_PROD."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.broadcast import broadcast_shape
from netsuke.ops.cumsum import Cumsum
from netsuke.ops.float_binary import Div
from netsuke.ops.float_unary import Gelu
from netsuke.ops.normalize import Normalize
from netsuke.ops.reduce import Reduce
from netsuke.ops.unary import NoArgs
from tests.ops.case import Case, one_node, tensor_type
from tests.ops.cases_activation import wide_floats
from tests.ops.cases_arithmetic import constant_of
from tests.ops.shape_pairs import PAIRS, pair_id

ULP = {
    "exp": 2, "log": 2, "elu": 3, "softplus": 3, "erf": 3, "rsqrt": 1, "gelu": 12, "gelu_tanh": 16,
    "log_softmax": 4, "pow": 2,
}  # fmt: skip
"""Distance from LiteRT, whose C library is within 1 or 2 ulp itself; 0 for all others."""
LEAST = {"gelu": -4.0, "gelu_tanh": -1.0}
"""Below these one bit of the argument is many bits of the result."""
NOT_IN_LITERT = ("erf", "softplus", "ceil", "round", "elu")
"""Netsuke's own, and those that this build of LiteRT has no reference kernel of."""
POSITIVE = ("sqrt", "rsqrt", "log")
SHAPES = ((1,), (1, 5, 3, 7), (2, 19))
AXES = ((6,), (3, 5), (2, 3, 4), (1, 3, 2, 5))


def values_of(op: str) -> Array:
    """Numbers of every size; of both signs where the function has results for them."""
    values = wide_floats()
    if op in POSITIVE:
        # LiteRT refuses a logarithm of 0 or less; where it takes such numbers the results are no numbers.
        values = values[values > 0] if op != "sqrt" else values[values >= 0]
    if op in ("gelu", "gelu_tanh"):
        values = values[np.abs(values) < (1e6 if op == "gelu_tanh" else 3e38)]
    return values


def unary() -> Iterator[Case]:
    names = (
        "abs", "neg", "square", "sqrt", "rsqrt", "exp", "log", "floor", "ceil", "round", "sign", "elu", "erf",
        "softplus", "gelu", "gelu_tanh",
    )  # fmt: skip
    for name in names:
        op, args = name, NoArgs()
        if name.startswith("gelu"):
            op, args = "gelu", Gelu(approximate=name == "gelu_tanh")
        options = {"ulp": ULP.get(name, 0), "oracle": name not in NOT_IN_LITERT}
        values = values_of(name)
        kind = tensor_type(values.shape, DType.FLOAT32)
        # Subnormal sizes come out of LiteRT's vectorised tanh as 0: only our own forms are compared there.
        near = values[(np.abs(values) > 1e-30) & (values > LEAST[name])] if name in LEAST else values
        yield one_node(f"{name}-wide", op, args, [(kind, values)], [kind], **(options | {"oracle": False}))
        kind = tensor_type(near.shape, DType.FLOAT32)
        yield one_node(f"{name}-near", op, args, [(kind, near)], [kind], **options)
        if name in POSITIVE:
            continue
        halves = np.arange(-9, 10, dtype=np.float32) * np.float32(0.5)
        kind = tensor_type(halves.shape, DType.FLOAT32)
        exact = options | {"oracle": options["oracle"] and name not in LEAST}
        yield one_node(f"{name}-halves", op, args, [(kind, halves)], [kind], **exact)
        for shape in SHAPES:
            kind = tensor_type(shape, DType.FLOAT32)
            yield one_node(f"{name}-{'x'.join(map(str, shape))}", op, args, [kind], [kind], **exact)


def binary() -> Iterator[Case]:
    for op in ("div", "pow", "squared_difference"):
        for shapes in PAIRS:
            x0, x1 = (tensor_type(shape, DType.FLOAT32) for shape in shapes)
            y = tensor_type(broadcast_shape(*shapes), DType.FLOAT32)
            first, second = (np.abs(constant_of(s, DType.FLOAT32)) + np.float32(0.125) for s in shapes)
            args: Args = Div(clamp=clamp_of(Activation.NONE, y)) if op == "div" else NoArgs()
            name = f"float32-{pair_id(shapes)}"
            # TFLite broadcasts powers of up to four dimensions only.
            fits = op != "pow" or len(y.shape) <= 4
            yield one_node(
                f"{name}-constants",
                op,
                args,
                [(x0, first), (x1, second)],
                [y],
                ulp=ULP.get(op, 0),
                oracle=fits,
            )
            if op == "squared_difference":
                yield one_node(name, op, args, [x0, x1], [y])
            if op == "div":
                yield one_node(name, op, args, [x0, (x1, second)], [y])
    yield from wide_pairs()


def wide_pairs() -> Iterator[Case]:
    """Quotients and powers over every size, zeros and infinities among them."""
    random = np.random.default_rng(11)
    a = np.ldexp(random.uniform(1, 2, 700), random.integers(-149, 128, 700)).astype(np.float32)
    b = np.ldexp(random.uniform(1, 2, 700), random.integers(-149, 128, 700)).astype(np.float32)
    edges = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, np.inf, -np.inf], np.float32)
    left, right = (grid.reshape(-1) for grid in np.meshgrid(edges, edges))
    signs = np.where(random.integers(0, 2, 700) > 0, np.float32(1), np.float32(-1))
    x0, x1 = np.concatenate([a * signs, left]), np.concatenate([b, right])
    kind = tensor_type(x0.shape, DType.FLOAT32)
    for activation in (Activation.NONE, Activation.RELU6):
        args = Div(clamp=clamp_of(activation, kind))
        yield one_node(f"wide-{activation.name}", "div", args, [(kind, x0), (kind, x1)], [kind], oracle=False)
    yield one_node("wide", "pow", NoArgs(), [(kind, x0), (kind, x1)], [kind], oracle=False)
    base = np.ldexp(random.uniform(1, 2, 700), random.integers(-12, 12, 700)).astype(np.float32)
    power = random.uniform(-9, 9, 700).astype(np.float32)
    kind = tensor_type(base.shape, DType.FLOAT32)
    yield one_node("usual", "pow", NoArgs(), [(kind, base), (kind, power)], [kind], ulp=ULP["pow"])


def reductions() -> Iterator[Case]:
    for op, shape in product(("reduce_min", "reduce_prod"), AXES):
        for axes in dict.fromkeys(((0,), (len(shape) - 1,), tuple(range(len(shape))))):
            args = Reduce(axes=axes, keep_dims=True)
            x = tensor_type(shape, DType.FLOAT32)
            y = tensor_type([1 if i in axes else d for i, d in enumerate(shape)], DType.FLOAT32)
            label = f"float32-{'x'.join(map(str, shape))}-a{''.join(map(str, axes))}"
            yield one_node(label, op, args, [x], [y], ulp=0)


def normalizations() -> Iterator[Case]:
    """LiteRT has no such operator of its own."""
    for shape, axes in (
        ((4, 7), (1,)), ((2, 3, 8), (2,)), ((2, 3, 8), (1, 2)), ((1, 4, 3, 6), (1, 2)), ((1, 3, 3, 2, 4), (1, 2, 4)),
        ((5,), (0,)), ((3, 1), (1,)),
    ):  # fmt: skip
        for centred in (True, False):
            kind = tensor_type(shape, DType.FLOAT32)
            args = Normalize(axes=axes, epsilon=1e-5, centred=centred)
            label = (
                f"{'x'.join(map(str, shape))}-a{''.join(map(str, axes))}-{'mean' if centred else 'square'}"
            )
            yield one_node(label, "normalize", args, [kind], [kind], oracle=False)


def rows() -> Iterator[Case]:
    for shape in ((7,), (3, 5), (2, 3, 4)):
        kind = tensor_type(shape, DType.FLOAT32)
        yield one_node("x".join(map(str, shape)), "log_softmax", NoArgs(), [kind], [kind], oracle=False)
        data = constant_of(shape, DType.FLOAT32)
        yield one_node(
            f"constant-{'x'.join(map(str, shape))}", "log_softmax", NoArgs(), [(kind, data)], [kind], ulp=4
        )


def running_sums() -> Iterator[Case]:
    for shape in AXES:
        for axis, exclusive, reverse in product(range(len(shape)), (False, True), (False, True)):
            kind = tensor_type(shape, DType.FLOAT32)
            args = Cumsum(axis=axis, exclusive=exclusive, reverse=reverse)
            label = f"{'x'.join(map(str, shape))}-a{axis}{'-exclusive' * exclusive}{'-reverse' * reverse}"
            yield one_node(label, "cumsum", args, [kind], [kind])


def cases() -> Iterator[Case]:
    """Functions of one tensor, of two, and along dimensions."""
    yield from unary()
    yield from binary()
    yield from reductions()
    yield from normalizations()
    yield from rows()
    yield from running_sums()
