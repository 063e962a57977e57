"""Integer graphs over many samples: real inputs in, real outputs out, the arithmetic to the bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netsuke.compress.batching import batched
from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.samples import ArraySamples, Batch
from netsuke.compress.simulate import Simulator
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret

BATCH = 32


def float_outputs(graph: Graph, samples: ArraySamples) -> tuple[Array, ...]:
    """The outputs of a float graph, [samples, ...] each."""
    simulator = Simulator(graph)
    return joined([simulator.outputs(batch) for batch in samples.batches(BATCH)])


def integer_outputs(graph: Graph, samples: ArraySamples) -> tuple[Array, ...]:
    """The outputs of an integer graph as real numbers, [samples, ...] each; inputs are real numbers."""
    return joined([integer_batch(graph, batch) for batch in samples.batches(BATCH)])


def integer_batch(graph: Graph, batch: Batch) -> tuple[Array, ...]:
    """One batch, all samples at once where the graph allows it."""
    wide = batched(graph, len(batch[0]))
    if wide is not None:
        inputs = [x.reshape(wide.tensors[n].shape) for x, n in zip(batch, wide.inputs, strict=True)]
        return dequantize_outputs(wide, interpret(wide, quantize_inputs(wide, inputs)).outputs)
    found = []
    for sample in zip(*batch, strict=True):
        inputs = [x.reshape(graph.tensors[n].shape) for x, n in zip(sample, graph.inputs, strict=True)]
        found.append(
            tuple(
                y.reshape(1, *y.shape[1:]) if y.shape[:1] == (1,) and y.ndim > 1 else y[np.newaxis]
                for y in dequantize_outputs(graph, interpret(graph, quantize_inputs(graph, inputs)).outputs)
            )
        )
    return joined(found)


def joined(parts: Sequence[tuple[Array, ...]]) -> tuple[Array, ...]:
    """Outputs of batches, one behind the other."""
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))
