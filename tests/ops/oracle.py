"""LiteRT's reference kernels, run on the .tflite file that our own exporter writes of a case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from netsuke.exporters import tflite
from netsuke.ir import Array, Graph


def litert(graph: Graph, inputs: Sequence[Sequence[Array]]) -> list[tuple[Array, ...]]:
    """The outputs of every input vector, one after the other in one interpreter: states carry over."""
    interpreter = Interpreter(
        model_content=tflite.write(graph),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    takes = [detail["index"] for detail in interpreter.get_input_details()]
    gives = [detail["index"] for detail in interpreter.get_output_details()]
    results = []
    for vector in inputs:
        interpreter.reset_all_variables()  # the states that an LSTM keeps; resource variables stay
        for index, value in zip(takes, vector, strict=True):
            interpreter.set_tensor(index, value)
        interpreter.invoke()
        results.append(tuple(interpreter.get_tensor(index) for index in gives))
    return results


def ulp_distance(a: Array, b: Array) -> Array:
    """How many float32 values lie between: 0 for equal numbers (+0 and -0 are), and for two NaNs."""
    distance = np.abs(_ordered(a) - _ordered(b))
    return np.where(np.isnan(a) & np.isnan(b), 0, distance)


def _ordered(x: Array) -> Array:
    """float32 → int64 so that neighbours differ by one; both zeros become 0."""
    bits = x.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def first_difference(ours: Array, theirs: Array, ulp: int) -> str | None:
    """What differs first, or None when nothing does: integers to the bit, float32 within `ulp`."""
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return f"{ours.dtype}{list(ours.shape)} and {theirs.dtype}{list(theirs.shape)}"
    wrong = ulp_distance(ours, theirs) > ulp if ours.dtype == np.float32 else ours != theirs
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    apart = f", {int(ulp_distance(ours, theirs).max())} ulp at most" if ours.dtype == np.float32 else ""
    count = f"{int(wrong.sum())} of {wrong.size} elements{apart}"
    return f"{count}; first at {list(at)}: {ours[at]!r} and {theirs[at]!r}"
