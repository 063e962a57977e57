"""The network that is trained: real weights and learned scales; every value going forward is what the integers give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from netsuke.compress.batching import batched
from netsuke.compress.coding import HIGHEST, coded, decoded
from netsuke.compress.quantize import integer_graph
from netsuke.compress.scheme import WEIGHT_AXIS, Layer, Scheme, nearest
from netsuke.compress.sharing import fixed_group, groups
from netsuke.errors import InputError, UnsupportedModel
from netsuke.importers.onnx.layout import Placed
from netsuke.ir import DType, Graph, Node, Quantization
from netsuke.ops.interpret import interpret
from netsuke.ops.operator import site_of
from netsuke.qat.rounding import (
    SMALLEST_SCALE,
    fake_quantized,
    first_weight_scale,
    learned,
    straight_through,
)
from netsuke.qat.steps import STEPS

LOW, HIGH = DType.INT8.range


class QatNetwork(torch.nn.Module):  # type: ignore[misc]
    """A float graph with trainable weights, biases and scales; takes and gives tensors in the module's own layout.

    Scales are trained as their logarithms (Jain et al., "Trained Quantization Thresholds", MLSys 2020, section 3.2): a
    step of an optimiser then changes each by a share of itself, whatever its size.
    `parameters()` are all to be trained. What it returns going forward are, to the bit, the dequantised outputs of the
    integer graph that `integers()` gives for the parameters of the moment.
    """

    def __init__(
        self, graph: Graph, scheme: Scheme, inputs: Sequence[Placed], outputs: Sequence[Placed],
        output_shapes: Sequence[tuple[int, ...]],
    ) -> None:  # fmt: skip
        super().__init__()
        refused = [f"{n.op} ({n.name!r})" for n in graph.nodes if n.op not in STEPS]
        if refused:
            raise UnsupportedModel(
                f"{graph.name} cannot be trained with its quantisation: {', '.join(refused)}"
            )
        if batched(graph, 2) is None:
            raise UnsupportedModel(
                f"{graph.name} does not take samples in batches: its first axis is not the sample"
            )
        self.graph, self.scheme = graph, scheme
        self._inputs, self._outputs, self._output_shapes = inputs, outputs, output_shapes
        self.weights = torch.nn.ParameterDict()
        self.biases = torch.nn.ParameterDict()
        self.weight_scales = torch.nn.ParameterDict()
        self.scales = torch.nn.ParameterDict()
        self._keys = {node.name: f"layer{i}" for i, node in enumerate(graph.nodes)}
        for node in graph.nodes:
            if node.op in WEIGHT_AXIS:
                self._add_layer(node)
        self._group = self._add_scales()

    def _add_layer(self, node: Node) -> None:
        key, layer = self._keys[node.name], self.scheme.layers[node.name]
        real = self.graph.tensors[node.inputs[1]].data
        weights = torch.nn.Parameter(torch.from_numpy(np.array(real, dtype=np.float32)))
        axes = tuple(a for a in range(weights.ndim) if a != layer.axis)
        self.weights[key] = weights
        first = first_weight_scale(weights.detach(), HIGHEST[layer.bits], axes)
        self.weight_scales[key] = torch.nn.Parameter(first.log2())
        if layer.bias is not None:
            self.biases[key] = torch.nn.Parameter(torch.from_numpy(np.array(layer.bias, dtype=np.float32)))

    def _add_scales(self) -> dict[str, str]:
        """A learned scale for every group of tensors that share one; returns tensor → its key."""
        found: dict[str, str] = {}
        for name, group in groups(self.graph).items():
            if name in found or name not in self.scheme.narrow or fixed_group(self.graph, group) is not None:
                continue
            key = f"scale{len(self.scales)}"
            first = torch.tensor(self.scheme.narrow[name].scale[0])
            self.scales[key] = torch.nn.Parameter(first.clamp(min=SMALLEST_SCALE).log2())
            found.update({n: key for n in group if n in self.scheme.narrow})
        return found

    def integers(self) -> Graph:
        """The integer graph of the parameters as they are."""
        return integer_graph(self.graph, self.current())

    def current(self) -> Scheme:
        """The quantisation that the parameters mean."""
        with torch.no_grad():
            narrow = {n: self._quantization(n) for n in self.scheme.narrow}
            layers = {name: self._layer(name, layer) for name, layer in self.scheme.layers.items()}
        return replace(self.scheme, narrow=narrow, layers=layers)

    def _quantization(self, tensor: str) -> Quantization:
        """The learned scale; the zero point stays where calibration put it."""
        first = self.scheme.narrow[tensor]
        if tensor not in self._group:
            return first
        return Quantization.per_tensor(float(self.scales[self._group[tensor]].exp2()), first.zero_point[0])

    def _layer(self, name: str, layer: Layer) -> Layer:
        """A layer's integers, each weight to nearest in the learned scales."""
        key = self._keys[name]
        scales = self.weight_scales[key].detach().exp2().numpy().reshape(-1)
        bias = self.biases[key].detach().numpy().copy() if key in self.biases else None
        made = replace(layer, scales=scales, bias=bias)
        return replace(made, values=nearest(self.weights[key].detach().numpy(), made))

    def forward(self, *inputs: Any) -> Any:
        """Real outputs [batch, ...] for real inputs [batch, ...], in the layout of the module that was imported.

        Raises:
            InputError: for another number of inputs.
        """
        if len(inputs) != len(self.graph.inputs):
            raise InputError(f"got {len(inputs)} inputs; {len(self.graph.inputs)} were wanted")
        feeds = [arranged(x, placed) for x, placed in zip(inputs, self._inputs, strict=True)]
        values = self._values(feeds)
        shapes = zip(self.graph.outputs, self._outputs, self._output_shapes, strict=True)
        outputs = tuple(restored(values[name], placed, shape) for name, placed, shape in shapes)
        return outputs[0] if len(outputs) == 1 else outputs

    def _values(self, feeds: Sequence[Any]) -> dict[str, Any]:
        scheme = self.current()
        exact = exact_values(self.graph, scheme, feeds)
        values: dict[str, Any] = {}
        for name, feed in zip(self.graph.inputs, feeds, strict=True):
            values[name] = straight_through(self._rounded(name, feed), exact[name])
        for node in self.graph.nodes:
            found = STEPS[node.op](site_of(self.graph, node), self._operands(node, scheme, values))
            results = found if isinstance(found, tuple) else (found,)
            for name, value in zip(node.outputs, results, strict=True):
                values[name] = straight_through(self._rounded(name, value), exact[name])
        return values

    def _rounded(self, name: str, value: Any) -> Any:
        """A tensor's value with the gradients of its clipping and of its scale."""
        zero = self.scheme.narrow[name].zero_point[0]
        key = self._group.get(name)
        if key is None:
            scale = torch.tensor(self.scheme.narrow[name].scale[0])
        else:
            scale = learned(self.scales[key].exp2(), value[0].numel(), HIGH - LOW)
        return fake_quantized(value, scale, LOW - zero, HIGH - zero)

    def _operands(self, node: Node, scheme: Scheme, values: Mapping[str, Any]) -> list[Any]:
        if node.op in WEIGHT_AXIS:
            return [values[node.inputs[0]], *self._parameters_of(node, scheme)]
        found: list[Any] = []
        for name in node.inputs:
            data = self.graph.tensors[name].data if name else None
            found.append(values.get(name) if data is None else torch.from_numpy(np.array(data)))
        return found

    def _parameters_of(self, node: Node, scheme: Scheme) -> list[Any]:
        """Weights and bias as their integers stand for, with gradients."""
        key, layer = self._keys[node.name], scheme.layers[node.name]
        highest = HIGHEST[layer.bits]
        weights = self.weights[key]
        per_channel = weights.numel() // max(self.weight_scales[key].numel(), 1)
        scale = learned(self.weight_scales[key].exp2(), per_channel, highest)
        rounded = fake_quantized(weights, scale, -highest, highest)
        found = [straight_through(rounded, torch.from_numpy(layer.real))]
        if key in self.biases:
            step = torch.from_numpy(np.float32(scheme.narrow[node.inputs[0]].scale[0]) * layer.scales)
            bias = self.biases[key]
            found.append(straight_through(bias, (bias / step).round() * step))
        return found


def exact_values(graph: Graph, scheme: Scheme, feeds: Sequence[Any]) -> dict[str, Any]:
    """What the integer kernels' references give for a batch: every tensor of the float graph, dequantised."""
    count = len(feeds[0])
    wide = batched(integer_graph(graph, scheme), count)
    assert wide is not None
    integers = [coded(x.detach().numpy(), wide.tensors[n]) for x, n in zip(feeds, graph.inputs, strict=True)]
    tensors = interpret(wide, integers).tensors
    return {n: torch.from_numpy(decoded(tensors[n], wide.tensors[n])) for n in tensors if n in scheme.narrow}


def arranged(x: Any, placed: Placed) -> Any:
    """A batch in torch's layout → the graph's."""
    order = torch.from_numpy(placed.indices().reshape(-1))
    return x.reshape(len(x), -1)[:, order].reshape(len(x), *placed.dims[1:])


def restored(y: Any, placed: Placed, shape: Sequence[int]) -> Any:
    """A batch in the graph's layout → torch's."""
    order = torch.from_numpy(np.argsort(placed.indices().reshape(-1)))
    return y.reshape(len(y), -1)[:, order].reshape(len(y), *shape[1:])
