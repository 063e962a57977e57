"""LSTM, GRU and RNN.

LSTM, and GRU as torch has it, is one operator with a loop over time (`sequence`). RNN and what those two do not know
(peepholes, clips, other functions) are unrolled: one matrix product over all steps' inputs, then the steps one after
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, in_order, real_value, scaled, shifted, unary
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.indices import constant_value
from netsuke.importers.onnx.layout import plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.parts import ordered, taken
from netsuke.importers.onnx.sequence import in_integers, is_plain, sequence_layer
from netsuke.importers.onnx.space import shuffled
from netsuke.importers.onnx.walk import Handler, Walk, clamp_to
from netsuke.ir import Array, DType, TensorType
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.leaky_relu import LeakyRelu

MAX_STEPS = 512
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
SIMPLE = {
    "Sigmoid": "logistic",
    "Tanh": "tanh",
    "Relu": "relu",
    "Softsign": "",
    "Softplus": "softplus",
    "Elu": "elu",
}
Activation = Callable[[Value, str], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One direction: weights by gate, [gates * hidden, ...], and the activations."""

    walk: Walk
    node: OnnxNode
    label: str
    hidden: int
    recurrent: Array
    recurrent_bias: Array
    peepholes: Array | None
    activations: tuple[Activation, ...]
    clip: float

    def gate(self, x: Value, index: int, name: str) -> Value:
        """Columns of one gate of [batch, gates * hidden]."""
        ranges = [range(d) for d in x.shape]
        ranges[1] = range(index * self.hidden, (index + 1) * self.hidden)
        taken(self.walk, name, *ordered(self.walk, x), ranges)
        return self.walk.value_of(name)

    def through(self, h: Value, name: str, rows: slice = slice(None)) -> Value:
        """The recurrent product of some gates, with its bias."""
        return product(self.walk, h, self.recurrent[rows], self.recurrent_bias[rows], name)

    def add(self, a: Value, b: Value | Known, name: str) -> Value:
        """A sum, clipped where the node says so."""
        clamp = (-self.clip, self.clip) if self.clip > 0 else None
        return binary(self.walk, "add", a, b, name, clamp=clamp)

    def times(self, a: Value | Known, b: Value | Known, name: str) -> Value:
        """A product."""
        return binary(self.walk, "mul", a, b, name)


def product(walk: Walk, x: Value, weights: Array, bias: Array, name: str) -> Value:
    """FULLY_CONNECTED of [rows, depth] in ONNX's order."""
    x = in_order(walk, x)
    tensor = walk.builder.reshaped(x.tensor, x.shape)
    w = walk.builder.constant(f"{name}_weights", np.ascontiguousarray(weights, np.float32))
    inputs = [tensor, w]
    if np.any(bias):
        inputs.append(walk.builder.constant(f"{name}_bias", np.ascontiguousarray(bias, np.float32)))
    args = FullyConnected(clamp=clamp_to(None, TensorType(shape=(), dtype=DType.FLOAT32)))
    out = walk.builder.emit("fully_connected", args, tuple(inputs), name, DType.FLOAT32)
    shape = walk.builder.tensors[out].shape
    return Value(tensor=out, shape=shape, placed=plain(shape))


def recurrent(walk: Walk, node: OnnxNode) -> None:
    """All directions and steps; Y, Y_h and Y_c where they are used."""
    x = in_order(walk, real_value(walk, node))
    if len(x.shape) != 3:
        raise Refusal(node, f"the input has {len(x.shape)} dimensions; [steps, batch, features] was wanted")
    if node.int_("layout", 0):
        x = in_order(walk, batch_first(walk, x))
    steps, batch, _ = x.shape
    check_lengths(walk, node, steps)
    if is_plain(walk, node):
        if not in_integers(walk, node):
            sequence_layer(walk, node, x)
        return
    if steps > MAX_STEPS:
        raise Refusal(
            node, f"{steps} steps would be unrolled; {MAX_STEPS} at most: feed the model fewer at a time"
        )
    directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
    lasts: list[tuple[Value, Value | None]] = []
    sequences: list[list[Value]] = []
    for d in range(directions):
        backwards = node.text("direction", "forward") == "reverse" or d == 1
        states, last_cell = direction(walk, node, x, d, backwards=backwards)
        lasts.append((states[-1], last_cell))
        sequences.append(states[::-1] if backwards else states)
    deliver(walk, node, sequences, lasts, batch)


def batch_first(walk: Walk, x: Value) -> Value:
    """[batch, steps, features] seen as [steps, batch, features]."""
    batch, steps, features = x.shape
    return shuffled(walk, x, x.shape, (1, 0, 2), (steps, batch, features))


def check_lengths(walk: Walk, node: OnnxNode, steps: int) -> None:
    """Every sequence is as long as the input."""
    lengths = walk.optional(node, 4)
    if lengths is not None and not (lengths.data == steps).all():
        raise Refusal(node, "its sequences have different lengths; fixed lengths can be compiled")


def weights_of(walk: Walk, node: OnnxNode, index: int, d: int) -> Array:
    """One direction's part of a constant [directions, ...]."""
    data: Array = walk.known(node, index).data.astype(np.float32)
    if d >= data.shape[0]:
        raise Refusal(node, f"input {index} is {list(data.shape)}; one part a direction was wanted")
    part: Array = data[d]
    return part


def direction(
    walk: Walk, node: OnnxNode, x: Value, d: int, *, backwards: bool
) -> tuple[list[Value], Value | None]:
    """The hidden states in running order, and the last cell state of an LSTM."""
    gates, label = GATES[node.op], f"{node.outputs[0] or node.label}_{d}"
    w, r = weights_of(walk, node, 1, d), weights_of(walk, node, 2, d)
    hidden = r.shape[1]
    steps, batch, features = x.shape
    if w.shape != (gates * hidden, features) or r.shape != (gates * hidden, hidden):
        raise Refusal(
            node, f"weights {list(w.shape)} and {list(r.shape)} for {features} features and {gates} gates"
        )
    bias = weights_of(walk, node, 3, d) if node.input(3) else np.zeros(2 * gates * hidden, np.float32)
    before, after = bias[: gates * hidden], bias[gates * hidden :]
    if node.op != "GRU":
        before, after = before + after, np.zeros_like(after)
    cell = Cell(
        walk=walk, node=node, label=label, hidden=hidden, recurrent=r, recurrent_bias=after,
        peepholes=weights_of(walk, node, 7, d) if node.op == "LSTM" and node.input(7) else None,
        activations=activations_of(walk, node, d), clip=node.float_("clip", 0.0),
    )  # fmt: skip
    flat = replace(x, shape=(steps * batch, features), placed=plain((steps * batch, features)))
    flat = replace(flat, tensor=walk.builder.reshaped(x.tensor, flat.shape))
    made = product(walk, flat, w, before, f"{label}_inputs")
    h = initial(walk, node, 5, d, (batch, hidden), f"{label}_h")
    c = initial(walk, node, 6, d, (batch, hidden), f"{label}_c") if node.op == "LSTM" else None
    states: list[Value] = []
    for t in reversed(range(steps)) if backwards else range(steps):
        taken(
            walk,
            f"{label}_x{t}",
            *ordered(walk, made),
            [range(t * batch, (t + 1) * batch), range(made.shape[1])],
        )
        h, c = STEPS[node.op](cell, walk.value_of(f"{label}_x{t}"), h, c, f"{label}_{t}")
        states.append(h)
    return states, c


def initial(walk: Walk, node: OnnxNode, index: int, d: int, shape: tuple[int, int], name: str) -> Value:
    """The state before the first step: given, or zeros."""
    found = walk.values.get(node.input(index))
    if found is None:
        return constant_value(walk, np.zeros(shape, np.float32), name)
    if isinstance(found, Known):
        data = found.data.astype(np.float32)
        data = data.transpose(1, 0, 2) if node.int_("layout", 0) else data
        return constant_value(walk, np.ascontiguousarray(data[d]), name)
    if node.int_("layout", 0):
        raise Refusal(node, "layout is 1 and the initial state is computed at run time; use layout 0")
    x = in_order(walk, walk.builder.real(found))
    taken(walk, name, *ordered(walk, x), [range(d, d + 1), range(shape[0]), range(shape[1])])
    return replace(in_order(walk, walk.value_of(name)), shape=shape)


def activations_of(walk: Walk, node: OnnxNode, d: int) -> tuple[Activation, ...]:
    """The functions of one direction."""
    count = len(DEFAULTS[node.op])
    given = node.attributes.get("activations")
    names = list(DEFAULTS[node.op])
    if isinstance(given, tuple) and given:
        names = [str(n) for n in given][d * count : (d + 1) * count]
    alphas = node.attributes.get("activation_alpha")
    values = list(alphas) if isinstance(alphas, tuple) else []
    return tuple(
        activation(walk, node, name, values[d * count + i] if len(values) > d * count + i else None)
        for i, name in enumerate(names)
    )


def activation(walk: Walk, node: OnnxNode, name: str, alpha: object) -> Activation:
    """One function."""
    if name == "Affine" or (name not in SIMPLE and name not in ("LeakyRelu", "HardSigmoid")):
        raise Refusal(
            node, f"activation {name!r}; {', '.join((*SIMPLE, 'LeakyRelu', 'HardSigmoid'))} can be compiled"
        )

    def apply(x: Value, y: str) -> Value:
        if name == "Softsign":
            return binary(
                walk, "div", x, shifted(walk, unary(walk, "abs", x, f"{y}_abs"), 1.0, f"{y}_below"), y
            )
        if name == "LeakyRelu":
            slope = float(np.float32(0.01 if alpha is None else float(str(alpha))))
            return unary(walk, "leaky_relu", x, y, LeakyRelu(alpha=slope))
        if name == "HardSigmoid":
            factor = 0.2 if alpha is None else float(str(alpha))
            return shifted(walk, scaled(walk, x, factor, f"{y}_scaled"), 0.5, y, clamp=(0.0, 1.0))
        return unary(walk, SIMPLE[name], x, y)

    return apply


def lstm_step(cell: Cell, x: Value, h: Value, c: Value | None, name: str) -> tuple[Value, Value]:
    """Gates stand in the order input, output, forget, cell."""
    assert c is not None
    f, g, out = cell.activations
    z = cell.add(x, cell.through(h, f"{name}_r"), f"{name}_z")
    i, o, forget, candidate = (cell.gate(z, k, f"{name}_{n}") for k, n in enumerate("iofc"))
    if cell.peepholes is not None:
        p = cell.peepholes.reshape(3, -1)
        i = cell.add(i, cell.times(c, Known(data=p[0]), f"{name}_pi"), f"{name}_ip")
        forget = cell.add(forget, cell.times(c, Known(data=p[2]), f"{name}_pf"), f"{name}_fp")
    entry = f(i, f"{name}_i_gate")
    kept = cell.times(
        entry if cell.node.int_("input_forget", 0) else f(forget, f"{name}_f_gate"), c, f"{name}_kept"
    )
    if cell.node.int_("input_forget", 0):
        kept = binary(cell.walk, "sub", c, kept, f"{name}_rest")
    new = cell.times(entry, g(candidate, f"{name}_c_new"), f"{name}_new")
    c = binary(cell.walk, "add", kept, new, f"{name}_cell")
    if cell.peepholes is not None:
        p = cell.peepholes.reshape(3, -1)
        o = cell.add(o, cell.times(c, Known(data=p[1]), f"{name}_po"), f"{name}_op")
    return cell.times(f(o, f"{name}_o_gate"), out(c, f"{name}_c_out"), f"{name}_h"), c


def gru_step(cell: Cell, x: Value, h: Value, c: Value | None, name: str) -> tuple[Value, None]:
    """Gates stand in the order update, reset, hidden."""
    f, g = cell.activations
    n = cell.hidden
    walk = cell.walk
    if cell.node.int_("linear_before_reset", 0):
        r = cell.through(h, f"{name}_r")
        z_in, r_in = (
            cell.add(cell.gate(x, k, f"{name}_x{k}"), cell.gate(r, k, f"{name}_r{k}"), f"{name}_s{k}")
            for k in (0, 1)
        )
        z, reset = f(z_in, f"{name}_z"), f(r_in, f"{name}_reset")
        past = cell.times(reset, cell.gate(r, 2, f"{name}_r2"), f"{name}_past")
    else:
        r = cell.through(h, f"{name}_r", slice(0, 2 * n))
        z_in, r_in = (
            cell.add(cell.gate(x, k, f"{name}_x{k}"), cell.gate(r, k, f"{name}_r{k}"), f"{name}_s{k}")
            for k in (0, 1)
        )
        z, reset = f(z_in, f"{name}_z"), f(r_in, f"{name}_reset")
        past = cell.through(cell.times(reset, h, f"{name}_rh"), f"{name}_past", slice(2 * n, 3 * n))
    new = g(cell.add(cell.gate(x, 2, f"{name}_x2"), past, f"{name}_s2"), f"{name}_new")
    # z h + (1 - z) new = new + z (h - new)
    apart = binary(walk, "sub", h, new, f"{name}_apart")
    del c
    return binary(walk, "add", new, cell.times(z, apart, f"{name}_moved"), f"{name}_h"), None


def rnn_step(cell: Cell, x: Value, h: Value, c: Value | None, name: str) -> tuple[Value, None]:
    """f(x W + h R + b)."""
    del c
    return cell.activations[0](cell.add(x, cell.through(h, f"{name}_r"), f"{name}_z"), f"{name}_h"), None


STEPS: dict[str, Callable[[Cell, Value, Value, Value | None, str], tuple[Value, Value | None]]] = {
    "LSTM": lstm_step,
    "GRU": gru_step,
    "RNN": rnn_step,
}


def deliver(
    walk: Walk, node: OnnxNode, sequences: Sequence[Sequence[Value]],
    lasts: Sequence[tuple[Value, Value | None]], batch: int,
) -> None:  # fmt: skip
    """Y [steps, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; batch first with layout 1."""
    names = [*node.outputs, "", "", ""][:3]
    steps, hidden = len(sequences[0]), sequences[0][0].shape[1]
    first = bool(node.int_("layout", 0))
    if names[0]:
        parts = [states[t] for t in range(steps) for states in sequences]
        y = stacked(walk, parts, names[0], (steps, len(sequences), batch, hidden))
        walk.put(names[0], turned(walk, y, (2, 0, 1, 3)) if first else y)
    for name, parts in (
        (names[1], [h for h, _ in lasts]),
        (names[2], [c for _, c in lasts if c is not None]),
    ):
        if name and parts:
            value = stacked(walk, parts, name, (len(parts), batch, hidden))
            walk.put(name, turned(walk, value, (1, 0, 2)) if first else value)


def turned(walk: Walk, x: Value, perm: tuple[int, ...]) -> Value:
    """Axes in another order."""
    return shuffled(walk, x, x.shape, perm, tuple(x.shape[p] for p in perm))


def stacked(walk: Walk, parts: Sequence[Value], name: str, shape: tuple[int, ...]) -> Value:
    """Tensors one after the other, seen as one shape."""
    tensors = [walk.builder.reshaped(in_order(walk, p).tensor, p.shape) for p in parts]
    tensor = tensors[0]
    if len(tensors) > 1:
        tensor = walk.builder.emit(
            "concatenation", Concatenation(axis=0), tuple(tensors), name, DType.FLOAT32
        )
    return Value(tensor=walk.builder.reshaped(tensor, shape), shape=shape, placed=plain(shape))


HANDLERS: dict[str, Handler] = dict.fromkeys(GATES, recurrent)
