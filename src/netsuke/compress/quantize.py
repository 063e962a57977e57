"""Post-training quantisation: a float32 graph and its ranges → the integer graph of TFLite's specification.

https://www.tensorflow.org/lite/performance/quantization_spec: weights int8 per channel with zero point 0, biases in
input scale x weight scale (int32; int64 beside int16), activations int8 per tensor with 0 exact, or int16 with zero
point 0; fused activations become clamps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from netsuke.compress import recurrent
from netsuke.compress.coding import coded, widened
from netsuke.compress.ranges import Ranges
from netsuke.compress.scheme import (
    FIXED_INT16,
    QUANTIZABLE,
    WEIGHT_AXIS,
    Layer,
    Scheme,
    make_scheme,
    operand_kind,
)
from netsuke.compress.sharing import FIXED, PASSING
from netsuke.errors import InputError, UnsupportedModel
from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor, TensorType
from netsuke.ir.verify import verify
from netsuke.ops.activation import FLOAT32_MAX, Clamp
from netsuke.ops.activation import stored as stored_value
from netsuke.ops.lstm_s8 import CELL_0, HIDDEN_0
from netsuke.ops.registry import site
from netsuke.ops.unary import NoArgs


def quantize(graph: Graph, ranges: Ranges) -> Graph:
    """The int8 form of a float32 graph: same nodes and names, int8 inputs and outputs; every weight to nearest.

    Args:
        graph: float32, as an importer gives it; weights constant.
        ranges: of the same graph, from `calibrate`.

    Raises:
        InputError: when the graph is quantised already, or a tensor has no range.
        UnsupportedModel: when operators have no int8 form here; all are named.
    """
    check_quantizable(graph)
    return integer_graph(graph, make_scheme(graph, ranges))


def check_quantizable(graph: Graph) -> None:
    """Holds a graph against what quantisation takes.

    Raises:
        InputError: when it is quantised already.
        UnsupportedModel: when it has states, or nothing in it has an int8 form.
    """
    quantized = [t.name for t in graph.tensors.values() if t.quantization is not None]
    if quantized:
        raise InputError(
            f"{graph.name} is quantised already (tensor {quantized[0]!r}); a float32 graph was wanted"
        )
    refused = kept_in_float(graph)
    if len(refused) == len(graph.nodes) or graph.states:
        what = ", ".join(refused) if not graph.states else f"states ({graph.states[0].name!r})"
        raise UnsupportedModel(
            f"{graph.name} cannot be quantised after training: {what} have no int8 form here"
        )


def kept_in_float(graph: Graph) -> tuple[str, ...]:
    """The nodes without an int8 form, which stay in float32: "normalize ('norm1')"."""
    return tuple(f"{n.op} ({n.name!r})" for n in graph.nodes if n.op not in QUANTIZABLE)


def integer_graph(graph: Graph, scheme: Scheme) -> Graph:
    """The graph that a scheme describes: same nodes and names.

    Between int8 and int16 stand QUANTIZE nodes; around operators without an int8 form, which stay in float32,
    DEQUANTIZE and QUANTIZE. What one of these hands to another alone is never rounded.
    """
    result = _Writer(graph, scheme).run()
    verify(result)
    for node in result.nodes:
        site(result, node)
    return result


class _Writer:
    """One graph on its way to integers."""

    def __init__(self, graph: Graph, scheme: Scheme) -> None:
        self.graph = graph
        self.scheme = scheme
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.casts: dict[tuple[str, DType], str] = {}
        self.reals: dict[str, str] = {}
        """Tensor → the name of its float32 form, for what stays in float."""
        for tensor in graph.tensors.values():
            if tensor.is_constant or tensor.dtype is not DType.FLOAT32:
                self.tensors[tensor.name] = tensor
            else:
                self._retype(tensor, scheme.kind(tensor))

    def run(self) -> Graph:
        for node in self.graph.nodes:
            self._node(node)
        return self.graph.with_(nodes=self.nodes, tensors=self.tensors)

    def _node(self, node: Node) -> None:
        """A node in its integer type, operands and result brought to it and from it; one that has none in float32."""
        if self.scheme.in_float(node):
            self._float(node)
            return
        if node.op in recurrent.OPERATORS:
            self._recurrent(node)
            return
        dtype = DType.INT16 if self.scheme.is_wide(self.graph, node) else DType.INT8
        inputs = [self._operand(node, name, dtype) for name in node.inputs]
        if node.op in WEIGHT_AXIS:
            x, layer = self.tensors[inputs[0]], self.scheme.layers[node.name]
            inputs[1] = self._own(node, weights_tensor(self.graph.tensors[node.inputs[1]], layer))
            if layer.bias is not None:
                inputs[2:] = [self._bias(node, x, layer)]
        wanted = self.tensors[node.outputs[0]]
        made = self._between(wanted, self._made(node, wanted, dtype))
        self._append(node, inputs, (made,))
        if made != wanted.name:
            self._cast(f"{node.name}_rescaled", made, wanted.name)

    def _recurrent(self, node: Node) -> None:
        """LSTM and GRU: hidden states int8, the other state int16, those before the first step as those behind the
        last."""
        x = self._operand(node, node.inputs[0], DType.INT8)
        y, c = (self.tensors[name] for name in node.outputs)
        cell = recurrent.state_kind(node, c.shape, self.scheme.kind(self.graph.tensors[c.name]))
        given = recurrent.integer_constants(
            self.graph, node, self.tensors[x], self._made(node, y, DType.INT8)
        )
        inputs = [x, *[self._own(node, given[i]) if i in given else "" for i in range(1, len(node.inputs))]]
        for index, kind in ((HIDDEN_0, self._made(node, y, DType.INT8)), (CELL_0, cell)):
            if node.op == "lstm" and len(inputs) > index:
                inputs[index] = self._state(node, node.inputs[index], kind)
        hidden = self._between(y, self._made(node, y, DType.INT8))
        between = self._between(c, cell)
        self.nodes.append(replace(node, inputs=tuple(inputs), outputs=(hidden, between)))
        for made, wanted in ((hidden, y.name), (between, c.name)):
            if made != wanted and (wanted == y.name or self._read_as_integers(wanted)):
                self._cast(self._fresh(f"{wanted}_rescaled"), made, wanted)
            elif made != wanted:
                del self.tensors[wanted]

    def _between(self, wanted: Tensor, made: TensorType) -> str:
        """The name of what a node gives in that type: the tensor itself where it is of it."""
        if made == wanted.type:
            return wanted.name
        between = self._fresh(f"{wanted.name}_{made.dtype.value}")
        self._retype(replace(wanted, name=between), made)
        return between

    def _state(self, node: Node, name: str, kind: TensorType) -> str:
        """A state before the first step in the type of those behind the last."""
        tensor = self.graph.tensors[name]
        kind = replace(kind, shape=tensor.shape)
        if tensor.data is not None:
            return self._own(node, typed(tensor, kind, coded(tensor.data, kind)))
        if self.tensors[name].type == kind:
            return name
        cast = self._fresh(f"{name}_state")
        self._retype(replace(tensor, name=cast), kind)
        self._cast(self._fresh(f"{name}_to_state"), name, cast)
        return cast

    def _float(self, node: Node) -> None:
        """A node in float32; what integer operators read of it is quantised behind it."""
        outputs = tuple(self._real_output(name) for name in node.outputs)
        self.nodes.append(replace(node, inputs=tuple(map(self._real, node.inputs)), outputs=outputs))
        for name, real in zip(node.outputs, outputs, strict=True):
            if real != name and self._read_as_integers(name):
                self._cast(self._fresh(f"{name}_quantized"), real, name)
            elif real != name:
                del self.tensors[name]

    def _real_output(self, name: str) -> str:
        tensor = self.graph.tensors[name]
        if tensor.dtype is not DType.FLOAT32:
            return name
        self.reals[name] = self._fresh(f"{name}_real")
        self.tensors[self.reals[name]] = replace(tensor, name=self.reals[name])
        return self.reals[name]

    def _real(self, name: str) -> str:
        """An operand of a node that stays in float."""
        tensor = self.graph.tensors[name] if name else None
        if tensor is None or tensor.dtype is not DType.FLOAT32:
            return name
        if name not in self.reals:
            real = self.reals[name] = self._fresh(f"{name}_real")
            self.tensors[real] = replace(tensor, name=real)
            if tensor.data is None:
                self.nodes.append(
                    Node(op="dequantize", name=real, inputs=(name,), outputs=(real,), args=NoArgs())
                )
        return self.reals[name]

    def _read_as_integers(self, name: str) -> bool:
        """True for outputs of the graph, and for what an operator with an int8 form reads."""
        readers = (n for n in self.graph.nodes if name in n.inputs)
        return name in self.graph.outputs or not all(map(self.scheme.in_float, readers))

    def _made(self, node: Node, wanted: Tensor, dtype: DType) -> TensorType:
        """The type that the node's kernel gives."""
        q = wanted.quantization
        if wanted.dtype is not dtype and dtype is DType.INT16:
            q = widened(self.scheme.narrow[wanted.name])
        if node.op in FIXED:
            q = FIXED_INT16 if dtype is DType.INT16 else FIXED[node.op]
        if node.op in PASSING or wanted.quantization is None:
            return wanted.type
        return TensorType(shape=wanted.shape, dtype=dtype, quantization=q)

    def _operand(self, node: Node, name: str, dtype: DType) -> str:
        """An input in the node's type: a constant in integers, a tensor of the other type by way of a QUANTIZE."""
        tensor = self.graph.tensors[name] if name else None
        if tensor is None or tensor.dtype is not DType.FLOAT32:
            return name
        if tensor.data is not None:
            if node.op in WEIGHT_AXIS:
                return name
            kind = operand_kind(self.scheme, self.graph, node, tensor)
            return self._own(node, typed(tensor, kind, coded(tensor.data, kind)))
        if self.tensors[name].dtype is dtype:
            return name
        if (name, dtype) not in self.casts:
            narrow = self.scheme.narrow[name]
            cast = self._fresh(f"{name}_{dtype.value}")
            q = widened(narrow) if dtype is DType.INT16 else narrow
            self._retype(
                replace(tensor, name=cast), TensorType(shape=tensor.shape, dtype=dtype, quantization=q)
            )
            self._cast(self._fresh(f"{name}_to_{dtype.value}"), name, cast)
            self.casts[name, dtype] = cast
        return self.casts[name, dtype]

    def _bias(self, node: Node, x: Tensor, layer: Layer) -> str:
        given = self.graph.tensors[node.inputs[2]]
        return self._own(node, bias_tensor(given, x, layer))

    def _append(self, node: Node, inputs: list[str], outputs: tuple[str, ...]) -> None:
        args = with_stored_values(node.args, self.tensors[outputs[0]])
        self.nodes.append(replace(node, inputs=tuple(inputs), outputs=outputs, args=args))

    def _cast(self, name: str, x: str, y: str) -> None:
        self.nodes.append(Node(op="quantize", name=name, inputs=(x,), outputs=(y,), args=NoArgs()))

    def _retype(self, tensor: Tensor, kind: TensorType) -> None:
        self.tensors[tensor.name] = typed(tensor, kind, None)

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


def typed(tensor: Tensor, kind: TensorType, data: Array | None) -> Tensor:
    """A tensor under its name with an integer type and value."""
    return Tensor(
        name=tensor.name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization, data=data
    )


def weights_tensor(given: Tensor, layer: Layer) -> Tensor:
    """int8 weights with a scale a channel."""
    kind = TensorType(shape=given.shape, dtype=DType.INT8, quantization=layer.quantization)
    return typed(given, kind, np.ascontiguousarray(layer.values.astype(np.int8)))


def bias_tensor(given: Tensor, x: Tensor, layer: Layer) -> Tensor:
    """round(bias / (input scale x weight scale)) as int32; as int64 beside int16 activations."""
    assert layer.bias is not None
    products = np.maximum((np.float32(x.scale) * layer.scales).astype(np.float32), np.finfo(np.float32).tiny)
    q = Quantization(
        scale=tuple(float(s) for s in products), zero_point=(0,) * len(products), axis=len(given.shape) - 1
    )
    dtype = DType.INT64 if x.dtype is DType.INT16 else DType.INT32
    kind = TensorType(shape=given.shape, dtype=dtype, quantization=q)
    return typed(given, kind, coded(layer.bias.reshape(given.shape), kind))


def with_stored_values(args: Args, y: Tensor) -> Args:
    """Arguments with a fused clamp, or a pad value, turned from real into stored values of the output."""
    given: Any = args
    if y.quantization is None:
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
