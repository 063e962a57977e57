"""What `float_errors` measures: small ONNX models of one operator, inputs for them, and what is true of each.

Elementary functions get numbers of every size in their domain, subnormals, both zeros, infinities and NaN among them.
Sums get random operands. The truth is computed in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from netsuke.ir import Array

COUNT = 60_000
"""Numbers that an elementary function is tried on."""
SPECIAL = (0.0, -0.0, 1e-45, 1.1754942e-38, 1.1754944e-38, 1.0, 3.4028235e38, math.inf)
ERF = np.vectorize(math.erf, otypes=[np.float64])
ERFC = np.vectorize(math.erfc, otypes=[np.float64])


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatCase:
    """One row of the table.

    `limit` is the largest error that is stated: in ulp of the true value, or for sums (`magnitude` is given) in units
    of 2^-23 of the sum of the terms' magnitudes. `truth` and `magnitude` take the inputs as double, `torch` as float32.
    """

    name: str
    op: str
    inputs: tuple[Array, ...]
    truth: Callable[..., Array]
    limit: float
    said: str
    constants: tuple[Array, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    torch: Callable[..., Any] | None = None
    magnitude: Callable[..., Array] | None = None
    opset: int = 22


def true_elu(x: Array) -> Array:
    """x, below 0 exp(x) - 1."""
    found: Array = np.where(x < 0, np.expm1(np.minimum(x, 0)), x)
    return found


def numbers(low: float, high: float, seed: int = 0) -> Array:
    """float32 [1, COUNT]: evenly spread ones, ones of every exponent, and special ones, within low..high; NaN last."""
    random = np.random.default_rng(seed)
    a, b = max(low, -1e6), min(high, 1e6)
    sizes = np.ldexp(random.uniform(1, 2, 2 * COUNT), random.integers(-149, 128, 2 * COUNT))
    usual = np.ldexp(random.uniform(1, 2, 2 * COUNT), random.integers(-12, 8, 2 * COUNT))
    signed = [part * random.choice([-1.0, 1.0], len(part)) for part in (sizes, usual)]
    edges = np.concatenate([SPECIAL, np.negative(SPECIAL)])
    spread = random.uniform(a, b, COUNT)
    found = []
    for part, share in (
        (edges, len(edges)),
        (spread, COUNT // 3),
        (signed[0], COUNT // 3),
        (signed[1], COUNT),
    ):
        inside = part.astype(np.float32)
        found.append(inside[(inside >= low) & (inside <= high)][:share])
    values = np.concatenate(found)[: COUNT - 1]
    return np.append(values, np.float32(np.nan))[None]


FUNCTIONS: tuple[tuple[str, str, Callable[..., Array], Any, float, float, float, dict[str, Any]], ...] = (
    ("abs", "Abs", np.abs, torch.abs, -math.inf, math.inf, 0, {}),
    ("neg", "Neg", np.negative, torch.neg, -math.inf, math.inf, 0, {}),
    ("floor", "Floor", np.floor, torch.floor, -math.inf, math.inf, 0, {}),
    ("ceil", "Ceil", np.ceil, torch.ceil, -math.inf, math.inf, 0, {}),
    ("round", "Round", np.rint, torch.round, -math.inf, math.inf, 0, {}),
    ("sign", "Sign", np.sign, torch.sign, -math.inf, math.inf, 0, {}),
    ("relu", "Relu", lambda x: np.maximum(x, 0), torch.relu, -1e30, 1e30, 0, {}),
    ("sqrt", "Sqrt", np.sqrt, torch.sqrt, 0.0, math.inf, 0.5, {}),
    ("reciprocal", "Reciprocal", lambda x: 1 / x, torch.reciprocal, -math.inf, math.inf, 1, {}),
    ("exp", "Exp", np.exp, torch.exp, -math.inf, math.inf, 1, {}),
    ("log", "Log", np.log, torch.log, 0.0, math.inf, 1, {}),
    ("sigmoid, from -9", "Sigmoid", lambda x: 1 / (1 + np.exp(-x)), torch.sigmoid, -9.0, math.inf, 2, {}),
    ("sigmoid, below -9", "Sigmoid", lambda x: 1 / (1 + np.exp(-x)), torch.sigmoid, -math.inf, -9.000001, 2100, {}),
    ("tanh", "Tanh", np.tanh, torch.tanh, -math.inf, math.inf, 2, {}),
    ("erf", "Erf", ERF, torch.erf, -math.inf, math.inf, 2, {}),
    ("softplus", "Softplus", lambda x: np.logaddexp(0, x), functional.softplus, -math.inf, math.inf, 2, {}),
    ("elu", "Elu", true_elu, functional.elu, -math.inf, math.inf, 2,
     {}),
    ("gelu", "Gelu", lambda x: 0.5 * x * ERFC(-x / math.sqrt(2)), functional.gelu, -12.0, 1e30, 5, {}),
    ("gelu, tanh, from -1", "Gelu", lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
     lambda x: functional.gelu(x, approximate="tanh"), -1.0, 1e10, 4, {"approximate": "tanh"}),
    ("silu, from -9", "Swish", lambda x: x / (1 + np.exp(-x)), functional.silu, -9.0, 1e30, 2.5, {}),
    ("mish", "Mish", lambda x: x * np.tanh(np.logaddexp(0, x)), functional.mish, -80.0, 1e30, 4, {}),
    ("softsign", "Softsign", lambda x: x / (1 + np.abs(x)), functional.softsign, -1e30, 1e30, 2, {}),
)  # fmt: skip
"""Name, ONNX operator, truth, torch's, domain, stated ulp, attributes."""


def functions() -> Iterator[FloatCase]:
    """Functions of one number."""
    for name, op, truth, theirs, low, high, limit, attributes in FUNCTIONS:
        yield FloatCase(
            name=name, op=op, inputs=(numbers(low, high),), truth=truth, torch=theirs, limit=limit,
            said=interval(low, high), attributes=attributes, opset=24 if op == "Swish" else 22,
        )  # fmt: skip


def interval(low: float, high: float) -> str:
    """In words."""
    if math.isinf(low) and math.isinf(high):
        return "all numbers"
    return f"{low:g} to {high:g}"


def pairs() -> Iterator[FloatCase]:
    """Functions of two numbers."""
    x, y = numbers(-math.inf, math.inf, 1), numbers(-math.inf, math.inf, 2)
    some = min(x.size, y.size)
    x, y = x[:, :some], np.random.default_rng(3).permutation(y[0])[None, :some]
    for name, op, truth, theirs, limit in (
        ("add", "Add", np.add, torch.add, 0.5), ("sub", "Sub", np.subtract, torch.sub, 0.5),
        ("mul", "Mul", np.multiply, torch.mul, 0.5), ("div", "Div", np.divide, torch.div, 1),
    ):  # fmt: skip
        yield FloatCase(
            name=name, op=op, inputs=(x, y), truth=truth, torch=theirs, limit=limit, said="all pairs"
        )
    random = np.random.default_rng(4)
    base = np.exp(random.uniform(-20, 20, (1, COUNT))).astype(np.float32)
    power = random.uniform(-6, 6, (1, COUNT)).astype(np.float32)
    yield FloatCase(
        name="pow", op="Pow", inputs=(base, power), truth=np.power, torch=torch.pow, limit=1,
        said="e^-20 to e^20, to the power of -6 to 6",
    )  # fmt: skip


def rows() -> Iterator[FloatCase]:
    """Functions of a row."""
    random = np.random.default_rng(5)
    x = (random.normal(0, 1, (400, 33)) * random.choice([0.1, 1, 8, 30], (400, 1))).astype(np.float32)

    def log_softmax(v: Array) -> Array:
        apart = v - v.max(axis=-1, keepdims=True)
        found: Array = apart - np.log(np.exp(apart).sum(axis=-1, keepdims=True))
        return found

    yield FloatCase(
        name="softmax", op="Softmax", inputs=(x,), truth=lambda v: np.exp(log_softmax(v)), limit=4,
        said="rows of 33, scales 0.1 to 30; of the result times 1 + (max - x)",
        attributes={"axis": -1}, torch=lambda v: torch.softmax(v, -1),
        magnitude=lambda v: np.exp(log_softmax(v)) * (1 + v.max(axis=-1, keepdims=True) - v) + 2.0**-126,
    )  # fmt: skip
    yield FloatCase(
        name="log_softmax", op="LogSoftmax", inputs=(x,), truth=log_softmax, limit=2,
        said="the same; of max - x + log 33",
        attributes={"axis": -1}, torch=lambda v: torch.log_softmax(v, -1),
        magnitude=lambda v: v.max(axis=-1, keepdims=True) - v + np.log(33.0),
    )  # fmt: skip

    def normal(v: Array) -> Array:
        apart = v - v.mean(axis=-1, keepdims=True)
        found: Array = apart / np.sqrt((apart**2).mean(axis=-1, keepdims=True) + 1e-5)
        return found

    ones, zeros = np.ones(33, np.float32), np.zeros(33, np.float32)
    yield FloatCase(
        name="layer norm", op="LayerNormalization", inputs=(x,), constants=(ones, zeros), truth=normal, limit=4,
        said="rows of 33; of the row's largest result", attributes={"axis": -1, "epsilon": 1e-5},
        torch=lambda v: functional.layer_norm(v, (33,)),
        magnitude=lambda v: np.abs(normal(v)).max(axis=-1, keepdims=True),
    )  # fmt: skip


def sums() -> Iterator[FloatCase]:
    """Dot products and other sums, `magnitude` being the sum of the terms' sizes."""
    random = np.random.default_rng(6)

    def normal(*shape: int) -> Array:
        return random.normal(0, 1, shape).astype(np.float32)

    def case(name: str, op: str, inputs: tuple[Array, ...], constants: tuple[Array, ...], function: Any, limit: float,
             said: str, **attributes: Any) -> FloatCase:  # fmt: skip
        weights = [torch.from_numpy(c) for c in constants]

        def wide(*values: Array) -> Array:
            return np.asarray(function(*map(torch.from_numpy, values), *(w.double() for w in weights)))

        def sizes(*values: Array) -> Array:
            return np.asarray(
                function(*(torch.from_numpy(v).abs() for v in values), *(w.double().abs() for w in weights))
            )

        return FloatCase(
            name=name, op=op, inputs=inputs, constants=constants, truth=wide, magnitude=sizes, limit=limit, said=said,
            attributes=attributes, torch=lambda *values: function(*values, *weights),
        )  # fmt: skip

    image, filters, deep = normal(1, 16, 13, 11), normal(24, 16, 3, 3), normal(16, 1, 3, 3)
    yield case("conv", "Conv", (image,), (filters, normal(24)), lambda x, w, b: functional.conv2d(x, w, b, padding=1),
               6, "3 x 3 x 16 terms", pads=[1, 1, 1, 1])  # fmt: skip
    yield case("conv, pointwise", "Conv", (normal(1, 96, 9, 7),), (normal(20, 96, 1, 1), normal(20)),
               functional.conv2d, 6, "96 terms")  # fmt: skip
    yield case("conv, depthwise", "Conv", (image,), (deep, normal(16)),
               lambda x, w, b: functional.conv2d(x, w, b, padding=1, groups=16), 3, "3 x 3 terms",
               pads=[1, 1, 1, 1], group=16)  # fmt: skip
    yield case("conv, transposed", "ConvTranspose", (normal(1, 8, 7, 5),), (normal(8, 6, 3, 3), normal(6)),
               lambda x, w, b: functional.conv_transpose2d(x, w, b, stride=2), 4, "up to 4 x 8 terms",
               strides=[2, 2])  # fmt: skip
    yield case("gemm", "Gemm", (normal(5, 320),), (normal(320, 40), normal(40)), lambda x, w, b: x @ w + b, 10,
               "320 terms")  # fmt: skip
    yield case("matmul", "MatMul", (normal(3, 20, 64), normal(3, 64, 24)), (), torch.matmul, 6, "64 terms")
    yield case("mean", "GlobalAveragePool", (normal(1, 8, 16, 16),), (), lambda x: x.mean((2, 3), keepdim=True), 8,
               "256 terms")  # fmt: skip
    yield case("average pool", "AveragePool", (image,), (), lambda x: functional.avg_pool2d(x, 3), 3, "3 x 3 terms",
               kernel_shape=[3, 3], strides=[3, 3])  # fmt: skip


def all_cases() -> tuple[FloatCase, ...]:
    """Every row of the table, in its order."""
    return (*functions(), *pairs(), *rows(), *sums())
