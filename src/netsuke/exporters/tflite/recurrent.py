"""UNIDIRECTIONAL_SEQUENCE_LSTM: operands by gate, states as variables that LiteRT keeps between invocations.

A reader must call reset_all_variables before every sequence.
"""

from __future__ import annotations

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options_more import UnidirectionalSequenceLstmOptions
from netsuke.importers.tflite.records import ABSENT
from netsuke.ir import DType, Graph, Quantization, TensorType
from netsuke.ops.lstm import Lstm
from netsuke.ops.lstm_s8 import BIAS, GATES, HIDDEN_0, RECURRENT, WEIGHTS, gate_scales
from netsuke.ops.operator import Site

NAMES = ("input", "forget", "cell", "output")
TANH = 4
"""The fused activation function of the cell."""


def lstm(emitter: Emitter, site: Site[Lstm]) -> None:
    """One layer, batch first.

    Raises:
        UnsupportedModel: when it starts from given states: TFLite's start from zeros.
    """
    if site.has(HIDDEN_0):
        raise UnsupportedModel(f"lstm {site.node.name!r} starts from given states; TFLite's start from zeros")
    y, c = site.outputs
    states = [
        emitter.variable(
            TensorType(shape=c.shape, dtype=t.dtype, quantization=t.quantization), f"{t.name}/state"
        )
        for t in (y, c)
    ]
    inputs = (
        emitter.x(site), *by_gate(emitter, site, WEIGHTS), *by_gate(emitter, site, RECURRENT),
        *[ABSENT] * 3, *biases(emitter, site), *[ABSENT] * 2, *states, *[ABSENT] * 4,
    )  # fmt: skip
    options = UnidirectionalSequenceLstmOptions(fused_activation_function=TANH, cell_clip=site.args.cell_clip)
    emitter.emit(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (emitter.y(site),), options, 1, intermediates(emitter, site)
    )


def check_states(graph: Graph) -> None:
    """The last cell state is nobody's operand: LiteRT keeps it to itself.

    Raises:
        UnsupportedModel: when one is.
    """
    read = {*graph.outputs, *[name for node in graph.nodes for name in node.inputs]}
    for node in graph.nodes:
        if node.op == "lstm" and node.outputs[1] in read:
            raise UnsupportedModel(
                f"the cell state of lstm {node.name!r} is read; TFLite's gives hidden states only"
            )


def by_gate(emitter: Emitter, site: Site[Lstm], index: int) -> list[int]:
    """The weights of each gate as a tensor."""
    x = site.x(index)
    parts = np.split(site.constant(index), GATES)
    scales = gate_scales(site, index) if x.quantization is not None else []
    kinds = [
        TensorType(
            shape=part.shape,
            dtype=x.dtype,
            quantization=Quantization.per_tensor(scales[i]) if scales else None,
        )
        for i, part in enumerate(parts)
    ]
    names = [f"{x.name}/{gate}" for gate in NAMES]
    return [emitter.tensor_like(p, k, n) for p, k, n in zip(parts, kinds, names, strict=True)]


def biases(emitter: Emitter, site: Site[Lstm]) -> list[int]:
    """The bias of each gate, in the scale of the input's products."""
    cells, whole = site.x(RECURRENT).shape[1], site.x().dtype is DType.INT8
    dtype = np.int32 if whole else np.float32
    values = site.constant(BIAS) if site.has(BIAS) else np.zeros(GATES * cells, dtype)
    scales = gate_scales(site, WEIGHTS) if whole else []
    found = []
    for i, part in enumerate(np.split(values, GATES)):
        q = Quantization.per_tensor(scales[i] * site.x().scale) if whole else None
        kind = TensorType(shape=part.shape, dtype=DType.of(part), quantization=q)
        name = site.x(BIAS).name if site.has(BIAS) else f"{site.node.name}/no_bias"
        found.append(emitter.tensor_like(part, kind, f"{name}/{NAMES[i]}"))
    return found


def intermediates(emitter: Emitter, site: Site[Lstm]) -> tuple[int, ...]:
    """How values inside are quantised: the gates', which are not read, and the hidden state's."""
    y = site.y()
    if y.quantization is None:
        return ()
    gate = TensorType(shape=(1,), dtype=DType.INT16, quantization=Quantization.per_tensor(2.0**-12))
    hidden = TensorType(shape=(1,), dtype=DType.INT8, quantization=y.quantization)
    names = [f"{site.node.name}/gate_{i}" for i in range(GATES)]
    return (
        *[emitter.intermediate(gate, n) for n in names],
        emitter.intermediate(hidden, f"{site.node.name}/hidden"),
    )


ENCODERS = {"lstm": lstm}
