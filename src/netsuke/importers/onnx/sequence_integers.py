"""LSTM and GRU between quantisations, as our integer operators: what these need of the file, or nothing.

The input and the hidden states are int8, the weights int8 with a scale a gate, and the file says how the state behind
the last step is stored in int16: an LSTM's cell state in a power of two, a GRU's hidden state in 1/32768. Whatever else
a file says is computed in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.onnx.arithmetic import in_order
from netsuke.importers.onnx.builder import Known, Value
from netsuke.importers.onnx.model import OnnxNode
from netsuke.importers.onnx.parts import ordered, taken
from netsuke.importers.onnx.walk import Coding, Walk
from netsuke.importers.onnx.weights import products_of, whole_numbers
from netsuke.ir import Array, DType, Quantization
from netsuke.ops.sigmoid_s16 import FRACTION_16

GRU_STATE = Coding(dtype=DType.INT16, quantization=Quantization.per_tensor(FRACTION_16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """How a layer's hidden states, and the state behind its last step, are stored."""

    hidden: Coding
    state: Coding


def storage_of(walk: Walk, node: OnnxNode) -> Storage | None:
    """The storage of a layer whose input and outputs are quantised as our operators want it; None for others."""
    x = walk.values.get(node.input(0))
    if not isinstance(x, Value) or not walk.is_integer(x) or node.int_("layout", 0):
        return None
    names = [*node.outputs, "", "", ""][:3]
    whole, last, cell = (walk.target(name) if name else None for name in names)
    state = GRU_STATE if node.op == "GRU" else cell
    if whole is None or whole.dtype is not DType.INT8 or state is None or state.dtype is not DType.INT16:
        return None
    # A GRU's last hidden state may be its state in 16 bits, or the last of those in int8.
    fine = (None, whole, GRU_STATE) if node.op == "GRU" else (None, whole)
    unread = not walk.readers.get(names[1]) and names[1] not in walk.model.outputs
    return Storage(hidden=whole, state=state) if last in fine and (last is not None or unread) else None


def gives_state(walk: Walk, node: OnnxNode) -> bool:
    """Whether a GRU's last hidden state is wanted in 16 bits."""
    name = [*node.outputs, ""][1]
    return bool(name) and walk.target(name) == GRU_STATE


def integer_weights(
    walk: Walk, node: OnnxNode, index: int, d: int, rows: Array
) -> tuple[Array, Quantization]:
    """One direction's weights, int8 in the order of `rows`, and their scales along axis 0.

    Raises:
        GraphError: when they are not quantised so.
    """
    known = walk.known(node, index)
    stored, q = known.stored, known.quantization
    if stored is None or stored.dtype != np.int8 or q is None or any(q.zero_point) or q.axis not in (None, 1):
        raise GraphError(f"input {index} is not int8 with scales along its rows")
    scale = q.scale * len(rows) if q.axis is None else tuple(q.scale[row] for row in rows)
    quantization = Quantization(scale=scale, zero_point=(0,) * len(rows), axis=0)
    return np.ascontiguousarray(stored[d][rows]), quantization


def integer_biases(
    walk: Walk, node: OnnxNode, d: int, rows: Array, scales: tuple[Array, Array]
) -> tuple[Array, Array]:
    """One direction's biases as int32: the input's, and the hidden state's, in scales of their own."""
    if not node.input(3):
        zeros = np.zeros(len(rows), np.int32)
        return zeros, zeros
    known = walk.known(node, 3)
    found = [
        np.clip(whole_numbers(part_of(known, d, rows + half * len(rows)), wanted), *DType.INT32.range)
        for half, wanted in enumerate(scales)
    ]
    return found[0].astype(np.int32), found[1].astype(np.int32)


def part_of(known: Known, d: int, places: Array) -> Known:
    """Some places of one direction of a constant [directions, ...], as integers too where it is stored so."""
    real, q = known.data[d][places].astype(np.float32), known.quantization
    if known.stored is None or q is None or q.axis not in (None, 1):
        return Known(data=real)
    scale = q.scale * len(places) if q.axis is None else tuple(q.scale[place] for place in places)
    zero_point = q.zero_point * len(places) if q.axis is None else tuple(q.zero_point[p] for p in places)
    return Known(
        data=real,
        stored=known.stored[d][places],
        quantization=Quantization(scale=scale, zero_point=zero_point, axis=0),
    )


def gru_operands(
    walk: Walk, node: OnnxNode, x: Value, d: int, rows: Array, storage: Storage, label: str
) -> list[str]:
    """The operands of our GRU behind the input."""
    (w, wq), (r, rq) = (integer_weights(walk, node, i, d, rows) for i in (1, 2))
    scales = (
        products_of(walk.builder.type_of(x).scale, wq),
        products_of(storage.hidden.quantization.scale[0], rq),
    )
    biases = integer_biases(walk, node, d, rows, scales)
    names = [walk.builder.constant(f"{label}_{n}", v, q) for n, v, q in
             (("weights", w, wq), ("recurrent", r, rq))]  # fmt: skip
    return names + [
        walk.builder.constant(f"{label}_{n}", v, by_row(s))
        for n, v, s in zip(("bias", "recurrent_bias"), biases, scales, strict=True)
    ]


def lstm_operands(
    walk: Walk, node: OnnxNode, x: Value, d: int, rows: Array, storage: Storage, label: str
) -> list[str]:
    """The operands of our LSTM behind the input: one bias, and both states or none.

    Raises:
        GraphError: when a state is stored otherwise than the layer's own.
    """
    (w, wq), (r, rq) = (integer_weights(walk, node, i, d, rows) for i in (1, 2))
    scales = products_of(walk.builder.type_of(x).scale, wq)
    before, after = integer_biases(walk, node, d, rows, (scales, scales))
    total = before.astype(np.int64) + after
    names = [
        walk.builder.constant(f"{label}_weights", w, wq),
        walk.builder.constant(f"{label}_recurrent", r, rq),
    ]
    bias = ""
    if node.input(3):
        bias = walk.builder.constant(f"{label}_bias", total.astype(np.int32), by_row(scales))
    hidden = r.shape[1]
    states = [
        initial(walk, node, i, d, (x.shape[0], hidden), coding, f"{label}_{n}")
        for i, n, coding in ((5, "h0", storage.hidden), (6, "c0", storage.state))
    ]
    if any(states):
        zeros = [np.full((x.shape[0], hidden), c.quantization.zero_point[0], c.dtype.numpy)
                 for c in (storage.hidden, storage.state)]  # fmt: skip
        codings = (storage.hidden, storage.state)
        names += [bias, *[
            s or walk.builder.constant(f"{label}_zeros", z, c.quantization)
            for s, z, c in zip(states, zeros, codings, strict=True)
        ]]  # fmt: skip
    elif bias:
        names.append(bias)
    return names


def initial(
    walk: Walk, node: OnnxNode, index: int, d: int, shape: tuple[int, int], coding: Coding, name: str
) -> str:
    """The tensor of one direction's state before the first step; '' for zeros.

    Raises:
        GraphError: when it is stored otherwise.
    """
    found = walk.values.get(node.input(index)) if node.input(index) else None
    if found is None:
        return ""
    if isinstance(found, Known):
        if not found.data[d].any():
            return ""
        if found.stored is None or found.quantization != coding.quantization:
            raise GraphError(f"input {index} is stored otherwise than the layer's states")
        return walk.builder.constant(name, np.ascontiguousarray(found.stored[d]), coding.quantization)
    kind = walk.builder.type_of(found)
    if (kind.dtype, kind.quantization) != (coding.dtype, coding.quantization):
        raise GraphError(f"input {index} is stored otherwise than the layer's states")
    ranges = [range(d, d + 1), range(shape[0]), range(shape[1])]
    taken(walk, name, *ordered(walk, in_order(walk, found)), ranges)
    return walk.builder.reshaped(in_order(walk, walk.value_of(name)).tensor, shape)


def by_row(scales: Array) -> Quantization:
    """A scale for every row."""
    return Quantization(scale=tuple(map(float, scales)), zero_point=(0,) * len(scales), axis=0)
