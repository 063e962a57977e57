"""UNIDIRECTIONAL_SEQUENCE_LSTM, batch first, from states of zeros.

LiteRT keeps the states from one invocation to the next until reset_all_variables; here every invocation starts from
zeros, as after it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.importers.tflite.options_more import UnidirectionalSequenceLstmOptions
from netsuke.importers.tflite.place import CannotDecode, Place
from netsuke.ir import DType, Node, Quantization, Tensor, TensorType
from netsuke.ops.lstm import Lstm
from netsuke.ops.lstm_s8 import GATES

INPUT_WEIGHTS, RECURRENT_WEIGHTS, PEEPHOLES, BIASES = range(1, 5), range(5, 9), range(9, 12), range(12, 16)
PROJECTION, STATES, LAYER_NORM = range(16, 18), range(18, 20), range(20, 24)
TANH = 4


def lstm(place: Place) -> None:
    """A plain LSTM; its gates' operands become one each.

    Raises:
        CannotDecode: for what ours does not have.
    """
    place.expect((20, 24))
    o = place.options(UnidirectionalSequenceLstmOptions)
    check(place, o)
    if not all(place.builder.subgraph.tensors[place.index(i)].is_variable for i in STATES):
        raise CannotDecode("its states are computed; variable tensors were wanted")
    x, y = place.x(), place.y()
    weights = [merged(place, indices) for indices in (INPUT_WEIGHTS, RECURRENT_WEIGHTS)]
    bias = merged(place, BIASES)
    whole = x.dtype is DType.INT8
    if any((place.x(i).dtype is DType.INT8) is not whole for i in (1, *STATES[:1])):
        raise CannotDecode("its weights are int8 beside float32 activations; quantise the activations too")
    inputs = [x.name, *[add(place, w, keep=whole) for w in weights]]
    assert bias.data is not None
    if bias.data.any():
        inputs.append(add(place, bias, keep=False))
    state = place.builder.subgraph.tensors[place.index(STATES[1])]
    kind = place.builder.type(place.index(STATES[1]))
    cell = place.builder.new_tensor(state.name.removesuffix("/state"), kind)
    name = place.builder.node_name(y.name, place.record.op, "lstm")
    args = Lstm(cell_clip=o.cell_clip)
    place.builder.nodes.append(
        Node(op="lstm", name=name, inputs=tuple(inputs), outputs=(y.name, cell), args=args)
    )


def check(place: Place, o: UnidirectionalSequenceLstmOptions) -> None:
    """What ours does not have is refused."""
    if any(place.has(i) for i in (*PEEPHOLES, *PROJECTION, *LAYER_NORM)):
        raise CannotDecode("it has peepholes, a projection or layer normalisation; a plain LSTM was wanted")
    if not all(place.is_constant(i) for i in (*INPUT_WEIGHTS, *RECURRENT_WEIGHTS, *BIASES)):
        raise CannotDecode(
            "weights of a gate are absent or computed (a coupled input gate?); four gates were wanted"
        )
    if o.fused_activation_function != TANH or o.proj_clip or o.diagonal_recurrent_tensors:
        raise CannotDecode("its activation is not TANH, or it clips a projection; a plain LSTM was wanted")
    shape = place.x().shape
    if o.time_major or len(shape) != 3:
        raise CannotDecode(f"an input {list(shape)}, time first; [batch, steps, features] was wanted")
    if shape[1] == 1:
        raise CannotDecode(
            "it takes one step a call, and lives from the states of the calls before; keep them in READ_VARIABLE and "
            "ASSIGN_VARIABLE, or convert it for a whole sequence"
        )


def merged(place: Place, indices: Sequence[int]) -> Tensor:
    """The operands of the four gates under each other; a scale for each row."""
    parts = [place.x(i) for i in indices]
    for i in indices:
        del place.builder.tensors[place.x(i).name]
    data = np.concatenate([p.data for p in parts if p.data is not None])
    quantization = None
    if all(p.quantization is not None and len(p.quantization.scale) == 1 for p in parts):
        rows = len(data) // GATES
        scales = [p.scale for p in parts for _ in range(rows)]
        zeros = [p.zero_point for p in parts for _ in range(rows)]
        quantization = Quantization(scale=tuple(scales), zero_point=tuple(zeros), axis=0)
    name = parts[0].name.removesuffix("/input")
    return Tensor(name=name, shape=data.shape, dtype=parts[0].dtype, quantization=quantization, data=data)


def add(place: Place, tensor: Tensor, *, keep: bool) -> str:
    """Puts a merged constant into the graph; `keep`: with its scales."""
    q = tensor.quantization if keep else None
    kind = TensorType(shape=tensor.shape, dtype=tensor.dtype, quantization=q)
    return place.builder.new_tensor(tensor.name, kind, tensor.data)


DECODERS = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm}
