"""LiteRT's reference kernels on a .tflite file in memory."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


def litert_outputs(data, inputs):
    """The first output for each of `inputs`, stored values in the model's own shapes (one input)."""
    interpreter = Interpreter(
        model_content=data, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    x, y = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    found = []
    for value in inputs:
        interpreter.set_tensor(x, value)
        interpreter.invoke()
        found.append(interpreter.get_tensor(y).copy())
    return np.stack(found)
