"""Graph → .onnx: every node through its encoder; inputs and outputs keep names, order and element type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netsuke.errors import InputError, UnsupportedModel
from netsuke.exporters.onnx import functions, layers, moves, normalize, pointwise, recurrent
from netsuke.exporters.onnx.emitter import Emitter, Encoder, Order
from netsuke.ir import Graph, Tensor
from netsuke.ops.operator import site_of

OPSET = 21
"""The first whose QuantizeLinear has int16."""
IR_VERSION = 10
NEWER_IR_VERSION = 11
"""Of files for opset 23."""
ENCODERS: Mapping[str, Encoder] = {
    **functions.ENCODERS,
    **layers.ENCODERS,
    **moves.ENCODERS,
    **normalize.ENCODERS,
    **pointwise.ENCODERS,
    **recurrent.ENCODERS,
}


def write(graph: Graph) -> bytes:
    """The .onnx file of a graph: float32 operators, a QuantizeLinear and a DequantizeLinear at every quantised tensor.

    A runtime that executes QDQ in floating point may differ from the integer kernels where it rounds otherwise, seldom
    by more than one step of a tensor's scale; netsuke reads its own file back as the same integer graph.

    Raises:
        UnsupportedModel: for states, and operators that have no encoder.
        InputError: when the onnx package is not installed.
    """
    onnx = onnx_package()
    if graph.states:
        raise UnsupportedModel(
            f"{graph.name} keeps state ({graph.states[0].name!r}) between calls; ONNX has no variables. Write .tflite"
        )
    emitter = Emitter(onnx, graph)
    for node in graph.nodes:
        encoder = ENCODERS.get(node.op)
        if encoder is None:
            raise UnsupportedModel(
                f"{node.op} {node.name!r} cannot be written to .onnx; these can: {', '.join(sorted(ENCODERS))}"
            )
        encoder(emitter, site_of(graph, node))
    deliver(emitter)
    return finished(emitter)


def deliver(emitter: Emitter) -> None:
    """Every output under its own name, channels last as in the graph."""
    for name in emitter.graph.outputs:
        value = emitter.stored(emitter.graph.tensors[name], Order.LAST)
        emitter.emit_to("Identity", (value,), (name,), {})


def finished(emitter: Emitter) -> bytes:
    """The file's bytes, checked by onnx itself."""
    onnx, graph = emitter.onnx, emitter.graph
    made = onnx.helper.make_graph(
        emitter.nodes,
        graph.name or "model",
        [port(onnx, graph.tensors[name]) for name in graph.inputs],
        [port(onnx, graph.tensors[name]) for name in graph.outputs],
        list(emitter.initializers.values()),
    )
    opset = onnx.helper.make_opsetid("", max(OPSET, emitter.opset))
    version = IR_VERSION if emitter.opset <= OPSET else NEWER_IR_VERSION
    model = onnx.helper.make_model(made, opset_imports=[opset], producer_name="netsuke", ir_version=version)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def port(onnx: Any, tensor: Tensor) -> Any:
    """An input or output."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(tensor.dtype.numpy)
    return onnx.helper.make_tensor_value_info(tensor.name, kind, list(tensor.shape))


def onnx_package() -> Any:
    """onnx, with the modules that writing needs.

    Raises:
        InputError: when it is not installed.
    """
    try:
        import onnx
        import onnx.helper
        import onnx.numpy_helper
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError(
            "writing .onnx needs a package that is not installed: pip install 'netsuke[onnx]'"
        ) from None
    return onnx
