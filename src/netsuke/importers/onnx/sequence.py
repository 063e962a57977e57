"""LSTM and GRU as one operator of ours: a layer in one or two directions over a whole sequence, batch first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.onnx.arithmetic import in_order
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.layout import plain
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.parts import ordered, taken
from netsuke.importers.onnx.sequence_integers import (
    Storage,
    gives_state,
    gru_operands,
    lstm_operands,
    storage_of,
)
from netsuke.importers.onnx.space import shuffled
from netsuke.importers.onnx.walk import Walk
from netsuke.ir import Array, DType, Quantization
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.gru import Gru
from netsuke.ops.lstm import Lstm

OURS = {"LSTM": (0, 2, 3, 1), "GRU": (0, 1, 2)}
"""Our gate i (input, forget, cell, output; update, reset, new) is ONNX's gate OURS[i]."""
FUNCTIONS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh")}


def is_plain(walk: Walk, node: OnnxNode) -> bool:
    """A layer without peepholes, clips, coupled gates and other functions than its own; a GRU that starts from zeros
    and resets behind its product."""
    if walk.unrolled or node.op not in OURS:
        return False
    functions = FUNCTIONS[node.op]
    given = node.attributes.get("activations")
    names = [str(n) for n in given] if isinstance(given, tuple) else []
    plain_functions = all(n == functions[i % len(functions)] for i, n in enumerate(names))
    special = node.input(7) or node.float_("clip", 0.0) > 0 or node.int_("input_forget", 0)
    if node.op == "GRU":
        start = walk.values.get(node.input(5)) if node.input(5) else None
        zeros = start is None or (isinstance(start, Known) and not start.data.any())
        special = special or not node.int_("linear_before_reset", 0) or not zeros
    return plain_functions and not special


def in_integers(walk: Walk, node: OnnxNode) -> bool:
    """The layer in integers, where the file quantises it as our operators want it; else False, and nothing is put."""
    storage = storage_of(walk, node)
    if storage is None:
        return False
    try:
        sequence_layer(walk, node, in_order(walk, walk.value(node)), storage)
    except GraphError:
        return False
    return True


def sequence_layer(walk: Walk, node: OnnxNode, x: Value, storage: Storage | None = None) -> None:
    """All directions, from x [steps, batch, features] in ONNX's order; with `storage` in integers.

    Raises:
        GraphError: when the operator's constraints refuse it.
    """
    steps, batch, features = x.shape
    x = in_order(walk, shuffled(walk, x, x.shape, (1, 0, 2), (batch, steps, features)))
    both = node.text("direction", "forward") == "bidirectional"
    parts: list[Value] = []
    lasts: list[tuple[Value, Value]] = []
    for d in range(2 if both else 1):
        backwards = d == 1 or node.text("direction", "forward") == "reverse"
        label = f"{node.outputs[0] or node.label}_{d}" if both else node.outputs[0] or node.label
        feed = backward(walk, x, f"{label}_input") if backwards else x
        y, c = one_direction(walk, node, feed, d, label, storage)
        hidden = y.shape[2]
        taken(walk, f"{label}_h", *ordered(walk, y), [range(batch), range(steps - 1, steps), range(hidden)])
        h = in_order(walk, walk.value_of(f"{label}_h"))
        if storage is not None and node.op == "GRU" and gives_state(walk, node):
            h = c
        lasts.append((viewed(walk, h, (1, batch, hidden)), viewed(walk, c, (1, batch, hidden))))
        parts.append(backward(walk, y, f"{label}_forwards") if backwards else y)
    whole = joined(walk, parts, node.outputs[0] or node.label, 2)
    put(walk, node, whole, lasts, (batch, steps, len(parts), parts[0].shape[2]))


def put(
    walk: Walk, node: OnnxNode, whole: Value, lasts: list[tuple[Value, Value]], shape: tuple[int, ...]
) -> None:
    """Y [steps, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; batch first with layout 1."""
    names = [*node.outputs, "", "", ""][:3]
    first = bool(node.int_("layout", 0))
    if names[0]:
        y = viewed(walk, whole, shape)
        moved = tuple(shape[a] for a in (1, 2, 0, 3))
        walk.put(names[0], y if first else shuffled(walk, y, shape, (1, 2, 0, 3), moved))
    for name, states in ((names[1], [h for h, _ in lasts]), (names[2], [c for _, c in lasts])):
        if name:
            value = joined(walk, states, name, 0)
            turned = (value.shape[1], value.shape[0], value.shape[2])
            walk.put(name, shuffled(walk, value, value.shape, (1, 0, 2), turned) if first else value)


def one_direction(
    walk: Walk, node: OnnxNode, x: Value, d: int, label: str, storage: Storage | None
) -> tuple[Value, Value]:
    """Hidden states [batch, steps, hidden] in running order, and the last cell state (GRU: hidden state) [batch,
    hidden]."""
    batch, steps, features = x.shape
    w, r = (constant_part(walk, node, i, d) for i in (1, 2))
    hidden, gates = r.shape[1], len(OURS[node.op])
    if w.shape != (gates * hidden, features) or r.shape != (gates * hidden, hidden):
        raise Refusal(
            node, f"weights {list(w.shape)} and {list(r.shape)} for {features} features and {gates} gates"
        )
    lstm = node.op == "LSTM"
    types: list[tuple[DType, Quantization | None]] = [(DType.FLOAT32, None)] * 2
    if storage is not None:
        rows = ours(node, np.arange(gates * hidden))
        operands = (lstm_operands if lstm else gru_operands)(walk, node, x, d, rows, storage, label)
        types = [(c.dtype, c.quantization) for c in (storage.hidden, storage.state)]
    else:
        operands = (lstm_reals if lstm else gru_reals)(walk, node, d, (w, r), (batch, hidden), label)
    y, c = walk.builder.emit_several(
        "lstm" if lstm else "gru", Lstm() if lstm else Gru(), (x.tensor, *operands),
        (label, f"{label}_cell" if lstm else f"{label}_state"), types,
    )  # fmt: skip
    return (
        Value(tensor=y, shape=(batch, steps, hidden), placed=plain((batch, steps, hidden))),
        Value(tensor=c, shape=(batch, hidden), placed=plain((batch, hidden))),
    )


def lstm_reals(
    walk: Walk, node: OnnxNode, d: int, weights: tuple[Array, Array], shape: tuple[int, int], label: str
) -> list[str]:
    """The operands of our LSTM behind the input, float32: one bias, and both states or none."""
    named = zip(weights, ("weights", "recurrent"), strict=True)
    inputs = [constant(walk, ours(node, v), f"{label}_{n}") for v, n in named]
    bias = ""
    if node.input(3):
        before, after = np.split(constant_part(walk, node, 3, d), 2)
        bias = constant(walk, ours(node, before + after), f"{label}_bias")
    states = [state(walk, node, i, d, shape, f"{label}_{n}") for i, n in ((5, "h0"), (6, "c0"))]
    if any(states):
        zeros = np.zeros(shape, np.float32)
        return [*inputs, bias, *[s or constant(walk, zeros, f"{label}_zeros") for s in states]]
    return [*inputs, bias] if bias else inputs


def constant_part(walk: Walk, node: OnnxNode, index: int, d: int) -> Array:
    """One direction's part of a constant [directions, ...]."""
    data: Array = walk.known(node, index).data.astype(np.float32)
    if d >= data.shape[0]:
        raise Refusal(node, f"input {index} is {list(data.shape)}; one part a direction was wanted")
    part: Array = data[d]
    return part


def gru_reals(
    walk: Walk, node: OnnxNode, d: int, weights: tuple[Array, Array], shape: tuple[int, int], label: str
) -> list[str]:
    """The operands of our GRU behind the input, float32."""
    biases = constant_part(walk, node, 3, d) if node.input(3) else np.zeros(6 * shape[1], np.float32)
    parts = (*weights, *np.split(biases, 2))
    names = [f"{label}_{n}" for n in ("weights", "recurrent", "bias", "recurrent_bias")]
    return [constant(walk, ours(node, v), n) for v, n in zip(parts, names, strict=True)]


def ours(node: OnnxNode, gates: Array) -> Array:
    """[gates * hidden, ...] with its gates in our order."""
    order = OURS[node.op]
    parts = np.split(gates, len(order))
    return np.concatenate([parts[g] for g in order])


def constant(walk: Walk, data: Array, name: str) -> str:
    """A tensor of the graph."""
    return walk.builder.constant(name, np.ascontiguousarray(data, np.float32))


def state(walk: Walk, node: OnnxNode, index: int, d: int, shape: tuple[int, int], name: str) -> str:
    """The tensor of one direction's state before the first step; '' for zeros."""
    found = walk.values.get(node.input(index)) if node.input(index) else None
    if found is None:
        return ""
    if isinstance(found, Known):
        data = found.data.astype(np.float32)
        data = data.transpose(1, 0, 2) if node.int_("layout", 0) else data
        return constant(walk, data[d], name) if data[d].any() else ""
    x = in_order(walk, walk.builder.real(found))
    ranges = [range(d, d + 1), range(shape[0]), range(shape[1])]
    if node.int_("layout", 0):
        ranges = [ranges[1], ranges[0], ranges[2]]
    taken(walk, name, *ordered(walk, x), ranges)
    part = in_order(walk, walk.value_of(name))
    return walk.builder.reshaped(part.tensor, shape)


def backward(walk: Walk, x: Value, name: str) -> Value:
    """[batch, steps, ...] with the last step first."""
    batch, steps, size = x.shape
    if steps == 1:
        return x
    taken(walk, name, *ordered(walk, x), [range(batch), range(steps - 1, -1, -1), range(size)])
    return in_order(walk, walk.value_of(name))


def joined(walk: Walk, parts: list[Value], name: str, axis: int) -> Value:
    """Values one after the other along an axis."""
    if len(parts) == 1:
        return parts[0]
    tensors = tuple(p.tensor for p in parts)
    kind = walk.builder.type_of(parts[0])
    args = Concatenation(axis=axis)
    tensor = walk.builder.emit("concatenation", args, tensors, name, kind.dtype, kind.quantization)
    shape = walk.builder.tensors[tensor].shape
    return Value(tensor=tensor, shape=shape, placed=plain(shape))


def viewed(walk: Walk, x: Value, shape: tuple[int, ...]) -> Value:
    """The same bytes under another shape, in ONNX's order."""
    tensor = walk.builder.reshaped(x.tensor, shape)
    return replace(x, tensor=tensor, shape=shape, placed=plain(shape))
