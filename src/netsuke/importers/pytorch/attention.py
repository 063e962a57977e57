"""Attention and recurrent layers of ATen."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from netsuke.importers.pytorch.choices import MASKED
from netsuke.importers.pytorch.emit import Aten, Emitter, Handler, Ref, Untranslatable
from netsuke.importers.pytorch.shapes import sliced
from netsuke.ir import Array


def attention(emit: Emitter, call: Aten) -> Ref:
    """scaled_dot_product_attention: softmax(q k^T scale + mask) v. The scale goes to q, which is the smallest."""
    q, k, v = (call.tensor(n) for n in ("query", "key", "value"))
    if call.flag("enable_gqa") and q.shape[:-2] != k.shape[:-2]:
        raise Untranslatable("groups of queries share keys (enable_gqa); repeat the keys")
    if call.number("dropout_p", 0) != 0:
        raise Untranslatable("it drops out; call module.eval() before the export")
    scale = call.number("scale", 1 / math.sqrt(q.shape[-1]))
    scaled = emit.node("Mul", (q.name, emit.scalar(scale)), q.shape)
    last = [*range(k.rank - 2), k.rank - 1, k.rank - 2]
    scores_shape = (*q.shape[:-1], k.shape[-2])
    scores = emit.node("MatMul", (scaled.name, emit.transpose(k, last).name), scores_shape)
    mask = mask_of(emit, call, scores_shape)
    if mask:
        scores = emit.node("Add", (scores.name, mask), scores_shape)
    weights = emit.node("Softmax", (scores.name,), scores_shape, axis=len(scores_shape) - 1)
    return emit.node("MatMul", (weights.name, v.name), call.shape)


def mask_of(emit: Emitter, call: Aten, shape: Sequence[int]) -> str:
    """Name of what is added to the scores; '' for nothing. A boolean mask was made numbers by torch before."""
    if call.flag("is_causal"):
        rows, columns = shape[-2:]
        keep = np.tril(np.ones((rows, columns), bool))
        return emit.constant(np.where(keep, np.float32(0), np.float32(MASKED)))
    mask = call.optional("attn_mask")
    if mask is None:
        return ""
    if mask.dtype == "bool":
        known = emit.constants.get(mask.name)
        if known is None:
            names = (mask.name, emit.scalar(0), emit.scalar(MASKED))
            return emit.node("Where", names, mask.shape).name
        return emit.constant(np.where(known, np.float32(0), np.float32(MASKED)))
    known = emit.constants.get(mask.name)
    if known is not None and np.isinf(known).any():
        return emit.constant(np.maximum(known, np.float32(MASKED)))
    return mask.name


GATES = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn_tanh": (0,), "rnn_relu": (0,)}
"""ONNX gate i is torch's gate GATES[i]: i o f c from i f g o; z r h from r z n."""
ONNX_NAME = {"lstm": "LSTM", "gru": "GRU", "rnn_tanh": "RNN", "rnn_relu": "RNN"}


def recurrent(emit: Emitter, call: Aten) -> list[Ref]:
    """lstm, gru, rnn: one ONNX layer each, time first. Returns the sequence, then the last states."""
    x = call.tensor("input")
    layers, both, biased = int(call.number("num_layers")), call.flag("bidirectional"), call.flag("has_biases")
    if call.flag("train") and call.number("dropout") != 0:
        raise Untranslatable("it is in training mode; call module.eval() before the export")
    states = call.operands["hx"]
    states = [batched(emit, s) for s in (states if isinstance(states, list) else [states])]
    if x.rank == 2:
        x = emit.reshape(x, (1, *x.shape) if call.flag("batch_first") else (x.shape[0], 1, x.shape[1]))
    sequence = emit.transpose(x, (1, 0, 2)) if call.flag("batch_first") else x
    directions, per = 2 if both else 1, 4 if biased else 2
    params: Sequence[Ref] = call.operands["params"]
    if len(params) != layers * directions * per:
        raise Untranslatable(
            "its weights are of an unusual number (proj_size?); a plain LSTM, GRU or RNN was wanted"
        )
    finals: list[list[Ref]] = [[] for _ in states]
    for layer in range(layers):
        group = [params[(layer * directions + d) * per :][:per] for d in range(directions)]
        hidden = [sliced(emit, s, 0, layer * directions, (layer + 1) * directions) for s in states]
        sequence, last = one_layer(emit, call.op, sequence, group, hidden)
        for collected, state in zip(finals, last, strict=True):
            collected.append(state)
    result = emit.transpose(sequence, (1, 0, 2)) if call.flag("batch_first") else sequence
    joined = [joined_states(emit, parts, shape) for parts, shape in zip(finals, call.shapes[1:], strict=True)]
    return [emit.reshape(result, call.shapes[0]), *joined]


def batched(emit: Emitter, state: Ref) -> Ref:
    """A state [layers, hidden] without a batch gets one of 1."""
    return state if state.rank == 3 else emit.reshape(state, (state.shape[0], 1, state.shape[1]))


def one_layer(
    emit: Emitter, kind: str, x: Ref, group: Sequence[Sequence[Ref]], hidden: Sequence[Ref]
) -> tuple[Ref, list[Ref]]:
    """One layer in one or two directions: sequence [time, batch, directions * hidden] and its last states."""
    time, batch, _ = x.shape
    size = group[0][1].shape[1]
    directions = len(group)
    w, r = (emit.constant(np.stack([gated(emit, kind, d[i]) for d in group])) for i in (0, 1))
    bias = ""
    if len(group[0]) == 4:
        both = [np.concatenate([gated(emit, kind, d[2]), gated(emit, kind, d[3])]) for d in group]
        bias = emit.constant(np.stack(both))
    attributes: dict[str, int | bytes] = {
        "hidden_size": size, "direction": b"bidirectional" if directions == 2 else b"forward"
    }  # fmt: skip
    if kind == "gru":
        attributes["linear_before_reset"] = 1
    state = (directions, batch, size)
    shapes = [(time, directions, batch, size), *[state] * len(hidden)]
    if kind == "rnn_relu":
        attributes["nonlinearity"] = b"Relu"
    names = (x.name, w, r, bias, "", *(h.name for h in hidden))
    found = emit.outputs(ONNX_NAME[kind], names, shapes, **attributes)
    y = emit.transpose(found[0], (0, 2, 1, 3))
    return emit.reshape(y, (time, batch, directions * size)), found[1:]


def gated(emit: Emitter, kind: str, parameter: Ref) -> Array:
    """A parameter with its gates in ONNX's order.

    Raises:
        Untranslatable: when it is computed at run time.
    """
    known = emit.constants.get(parameter.name)
    if known is None:
        raise Untranslatable("its weights are computed at run time; constants were wanted")
    gates = np.split(known, len(GATES[kind]))
    return np.concatenate([gates[g] for g in GATES[kind]])


def joined_states(emit: Emitter, parts: Sequence[Ref], shape: Sequence[int]) -> Ref:
    """The last states of all layers."""
    total = (sum(p.shape[0] for p in parts), *parts[0].shape[1:])
    whole = parts[0] if len(parts) == 1 else emit.node("Concat", [p.name for p in parts], total, axis=0)
    return emit.reshape(whole, shape)


def cell(emit: Emitter, call: Aten) -> Ref | list[Ref]:
    """lstm_cell, gru_cell, rnn_tanh_cell, rnn_relu_cell: a layer over one step. Returns the states behind it."""
    x, given = call.tensor("input"), call.operands["hx"]
    states: list[Ref] = given if isinstance(given, list) else [given]
    hidden = [emit.reshape(s, (1, *s.shape)) for s in states]
    params = [call.optional(n) for n in ("w_ih", "w_hh", "b_ih", "b_hh")]
    group = [[p for p in params if p is not None]]
    kind = call.op.removesuffix("_cell")
    _, last = one_layer(emit, kind, emit.reshape(x, (1, *x.shape)), group, hidden)
    found = [emit.reshape(one, state.shape) for one, state in zip(last, states, strict=True)]
    return found if isinstance(given, list) else found[0]


HANDLERS: dict[str, Handler] = {
    "scaled_dot_product_attention": attention,
    "lstm": recurrent,
    "gru": recurrent,
    "rnn_tanh": recurrent,
    "rnn_relu": recurrent,
    "lstm_cell": cell,
    "gru_cell": cell,
    "rnn_tanh_cell": cell,
    "rnn_relu_cell": cell,
}
