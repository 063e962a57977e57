"""Small ONNX models made in memory, run by onnxruntime and by our references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from netsuke.importers.onnx import load
from netsuke.ir import Array, Graph
from netsuke.ops.interpret import interpret

OPSET = 17


@dataclass(frozen=True)
class Step:
    """One node: operator, inputs, output and attributes."""

    op: str
    inputs: Sequence[str]
    output: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


def step(op: str, inputs: str, output: str, **attributes: Any) -> Step:
    """`inputs` are names with blanks between them; '-' is an absent one."""
    return Step(op, ["" if name == "-" else name for name in inputs.split()], output, attributes)


def model(
    steps: Sequence[Step],
    inputs: Mapping[str, Sequence[int | str]],
    constants: Mapping[str, Array] | None = None,
    outputs: Sequence[str] = (),
    opset: int = OPSET,
) -> bytes:
    """The bytes of a model file; outputs default to that of the last step."""
    nodes = [
        helper.make_node(s.op, s.inputs, [s.output], name=f"{s.op}_{i}", **s.attributes)
        for i, s in enumerate(steps)
    ]
    names = outputs or [steps[-1].output]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(s)) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in (constants or {}).items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return bytes(proto.SerializeToString())


def random(*shape: int, seed: int = 0, scale: float = 1.0) -> Array:
    """Normal float32 numbers."""
    return (np.random.default_rng(seed + sum(shape)).normal(size=shape) * scale).astype(np.float32)


def channels_last(value: Array) -> Array:
    """[N, C, H, W] → NHWC, [N, C, L] → [N, 1, L, C]; others as they are."""
    if value.ndim == 4:
        return np.ascontiguousarray(value.transpose(0, 2, 3, 1))
    if value.ndim == 3:
        return np.ascontiguousarray(value.transpose(0, 2, 1)[:, np.newaxis])
    return value


def run_onnx(data: bytes, inputs: Mapping[str, Array]) -> list[Array]:
    """What onnxruntime makes of the inputs, without its graph rewrites."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return [np.asarray(v) for v in session.run(None, dict(inputs))]


def run_ours(graph: Graph, inputs: Sequence[Array]) -> list[Array]:
    """What our references make of the inputs, given in our layout."""
    return list(interpret(graph, [np.ascontiguousarray(v) for v in inputs]).outputs)


def samples(data: bytes, seed: int = 0, scale: float = 1.0) -> dict[str, Array]:
    """Random inputs for a model; unknown sizes are 1."""
    graph = onnx.load_model_from_string(data).graph
    known = {t.name for t in graph.initializer}
    found: dict[str, Array] = {}
    for value in graph.input:
        if value.name not in known:
            shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
            found[value.name] = random(*shape, seed=seed, scale=scale)
    return found


def compare(
    data: bytes,
    *,
    seed: int = 0,
    scale: float = 1.0,
    last_in: bool = True,
    last_out: bool = True,
    tolerance: float = 2e-5,
) -> Graph:
    """Holds our form of a float model against onnxruntime's, on one random input; returns ours.

    `last_in` and `last_out` say whether images and signals stand channels last at our borders.
    """
    inputs = samples(data, seed, scale)
    wanted = run_onnx(data, inputs)
    graph = load(data, "m")
    given = [channels_last(v) if last_in else v for v in inputs.values()]
    for got, value in zip(run_ours(graph, given), wanted, strict=True):
        expected = channels_last(value) if last_out else value
        assert got.shape == expected.shape
        assert np.ptp(expected) > 0 or expected.size == 1, "a constant output proves nothing"
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)
    return graph


def ops(graph: Graph) -> list[str]:
    """The operators in order."""
    return [node.op for node in graph.nodes]
