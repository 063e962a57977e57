"""Post-training quantisation: a float32 graph and its ranges → the int8 graph of TFLite's specification.

https://www.tensorflow.org/lite/performance/quantization_spec: weights int8 per channel with zero point 0,
biases int32 in input scale x weight scale, activations int8 per tensor with 0 exact; fused activations become
clamps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from netsuke.compress.calibrate import Range, Ranges
from netsuke.compress.coding import asymmetric, coded, symmetric_scales
from netsuke.compress.sharing import FIXED, PASSING, activations
from netsuke.errors import InputError, UnsupportedModel
from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor, TensorType
from netsuke.ir.verify import verify
from netsuke.ops.activation import FLOAT32_MAX, Clamp
from netsuke.ops.activation import stored as stored_value
from netsuke.ops.registry import site
from netsuke.ops.unary import NoArgs

WEIGHT_AXIS = {"conv_2d": 0, "depthwise_conv_2d": 3, "fully_connected": 0, "transpose_conv": 0}
"""Operators with constant weights as input 1 (and a bias as input 2), and where their output channels run."""
RESCALING = frozenset(
    {
        "add",
        "sub",
        "mul",
        "mean",
        "sum",
        "prelu",
        "leaky_relu",
        "hard_swish",
        "relu",
        "relu6",
        "relu_n1_to_1",
        "batch_matmul",
    }
)
"""Operators whose int8 kernels give the output a scale of its own."""
QUANTIZABLE = frozenset({*WEIGHT_AXIS, *RESCALING, *PASSING, *FIXED})
LARGEST_BIAS = 1 << 30
"""Half of int32: leaves room for the sum of products."""


def quantize(graph: Graph, ranges: Ranges) -> Graph:
    """The int8 form of a float32 graph: same nodes and names, int8 inputs and outputs.

    Args:
        graph: float32, as an importer gives it; weights constant.
        ranges: of the same graph, from `calibrate`.

    Raises:
        InputError: when the graph is quantised already, or a tensor has no range.
        UnsupportedModel: when operators have no int8 form here; all are named.
    """
    _check(graph)
    return _Quantizer(graph, activations(graph, ranges)).run()


def _check(graph: Graph) -> None:
    quantized = [t.name for t in graph.tensors.values() if t.quantization is not None]
    if quantized:
        raise InputError(
            f"{graph.name} is quantised already (tensor {quantized[0]!r}); a float32 graph was wanted"
        )
    refused = [f"{n.op} ({n.name!r})" for n in graph.nodes if n.op not in QUANTIZABLE]
    if refused or graph.states:
        what = ", ".join(refused) or f"states ({graph.states[0].name!r})"
        raise UnsupportedModel(
            f"{graph.name} cannot be quantised after training: {what} have no int8 form here"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """int8 weights and int32 bias (None where there is none), with the names they have in the graph."""

    weights: Tensor
    bias: Tensor | None


class _Quantizer:
    """One graph on its way to int8."""

    def __init__(self, graph: Graph, codings: Mapping[str, Quantization]) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        for tensor in graph.tensors.values():
            if tensor.is_constant or tensor.dtype is not DType.FLOAT32:
                self.tensors[tensor.name] = tensor
            else:
                self.tensors[tensor.name] = replace(
                    tensor, dtype=DType.INT8, quantization=codings[tensor.name], data=None
                )

    def run(self) -> Graph:
        for node in self.graph.nodes:
            if node.op in WEIGHT_AXIS:
                self._layer(node)
            elif node.op in FIXED:
                self._fixed(node)
            else:
                self._plain(node)
        result = self.graph.with_(nodes=self.nodes, tensors=self.tensors)
        verify(result)
        for node in result.nodes:
            site(result, node)
        return result

    def _layer(self, node: Node) -> None:
        """A convolution or fully connected layer: weights per channel, bias in their scales."""
        x = self.tensors[node.inputs[0]]
        weights = self._constant(node, 1)
        bias = self._constant(node, 2) if len(node.inputs) > 2 and node.inputs[2] else None
        layer = quantized_layer(x.scale, weights, bias, WEIGHT_AXIS[node.op])
        names = [node.inputs[0], self._own(node, layer.weights)]
        if layer.bias is not None:
            names.append(self._own(node, layer.bias))
        self._append(node, tuple(names))

    def _plain(self, node: Node) -> None:
        """An operator on activations; constant operands take the output's scale, or one of their own."""
        names: list[str] = []
        for name in node.inputs:
            tensor = self.graph.tensors[name] if name else None
            if tensor is None or tensor.data is None or tensor.dtype is not DType.FLOAT32:
                names.append(name)
                continue
            y = self.tensors[node.outputs[0]].quantization
            quantization = y if node.op in PASSING else asymmetric(Range.of(tensor.data))
            kind = TensorType(shape=tensor.shape, dtype=DType.INT8, quantization=quantization)
            data = coded(tensor.data, kind)
            names.append(
                self._own(node, replace(tensor, dtype=DType.INT8, quantization=quantization, data=data))
            )
        self._append(node, tuple(names))

    def _fixed(self, node: Node) -> None:
        """Softmax, logistic, tanh: the specification's output scale, then a QUANTIZE to another one."""
        wanted, quantization = self.tensors[node.outputs[0]], FIXED[node.op]
        if wanted.quantization == quantization:
            self._append(node, node.inputs)
            return
        between = self._fresh(f"{wanted.name}_fixed")
        self.tensors[between] = replace(wanted, name=between, quantization=quantization)
        self.nodes.append(replace(node, outputs=(between,)))
        self.nodes.append(
            Node(
                op="quantize",
                name=f"{node.name}_rescaled",
                inputs=(between,),
                outputs=node.outputs,
                args=NoArgs(),
            )
        )

    def _append(self, node: Node, inputs: tuple[str, ...]) -> None:
        args = with_stored_values(node.args, self.tensors[node.outputs[0]])
        self.nodes.append(replace(node, inputs=inputs, args=args))

    def _constant(self, node: Node, index: int) -> Tensor:
        tensor = self.graph.tensors[node.inputs[index]]
        if tensor.data is None:
            raise UnsupportedModel(
                f"{node.op} {node.name!r}: input {index} ({tensor.name!r}) is computed at run time; "
                "constant weights were wanted"
            )
        return tensor

    def _own(self, node: Node, tensor: Tensor) -> str:
        """Puts an integer constant into the graph; one that layers shared becomes one for each."""
        name = tensor.name
        if self.tensors[name].dtype is not DType.FLOAT32:
            name = self._fresh(f"{name}_{node.name}")
        self.tensors[name] = replace(tensor, name=name)
        return name

    def _fresh(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.tensors:
            count += 1
            name = f"{wanted}_{count}"
        return name


def quantized_layer(input_scale: float, weights: Tensor, bias: Tensor | None, axis: int) -> Layer:
    """int8 weights with a scale a channel, int32 bias.

    A channel whose bias would leave int32 (its weights are tiny beside it) gets a larger weight scale.
    """
    assert weights.data is not None
    scales = symmetric_scales(weights.data, axis)
    if bias is not None and bias.data is not None:
        needed = np.abs(bias.data.reshape(-1).astype(np.float64)) / (LARGEST_BIAS * input_scale)
        scales = np.maximum(scales, needed.astype(np.float32))
    q = Quantization(scale=tuple(float(s) for s in scales), zero_point=(0,) * len(scales), axis=axis)
    w = replace(weights, dtype=DType.INT8, quantization=q, data=None)
    done = replace(w, data=coded(weights.data, w))
    return Layer(weights=done, bias=None if bias is None else quantized_bias(bias, input_scale, scales))


def quantized_bias(bias: Tensor, input_scale: float, scales: Array) -> Tensor:
    """round(bias / (input scale x weight scale)) as int32."""
    assert bias.data is not None
    products = (np.float32(input_scale) * scales).astype(np.float32)
    products = np.maximum(products, np.finfo(np.float32).tiny)
    q = Quantization(
        scale=tuple(float(s) for s in products), zero_point=(0,) * len(products), axis=len(bias.shape) - 1
    )
    kind = replace(bias, dtype=DType.INT32, quantization=q, data=None)
    return replace(kind, data=coded(bias.data, kind))


def with_stored_values(args: Args, y: Tensor) -> Args:
    """Arguments with a fused clamp, or a pad value, turned from real into stored values of the output."""
    given: Any = args
    if y.dtype is not DType.INT8:
        return args
    changes: dict[str, object] = {}
    if getattr(given, "clamp", None) is not None:
        changes["clamp"] = stored_clamp(given.clamp, y)
    if hasattr(given, "amounts"):
        changes["value"] = _saturated(given.value, y)
    rebuild: Callable[..., Args] = replace
    return rebuild(given, **changes) if changes else args


def stored_clamp(clamp: Clamp, y: Tensor) -> Clamp:
    """A range of real values as stored values; the largest finite float stands for no bound."""
    low, high = y.dtype.range
    return (
        low if clamp[0] <= -FLOAT32_MAX else _saturated(clamp[0], y),
        high if clamp[1] >= FLOAT32_MAX else _saturated(clamp[1], y),
    )


def _saturated(real: float, y: Tensor) -> int:
    low, high = y.dtype.range
    return min(max(stored_value(real, y), low), high)
