"""What an operator's encoder writes into: ONNX nodes, initializers, and where each tensor of ours lies by now.

Images of ours are channels last, ONNX's operators want channels first. A tensor may be there in both orders; the
transpose between them is made when somebody first asks for the other one, so that a run of convolutions has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.ir import Array, DType, Graph, Quantization, Tensor, TensorType
from netsuke.ops.activation import FLOAT32_MAX, Clamp
from netsuke.ops.operator import Site

AttributeValue = int | float | str | Sequence[int]


class Order(Enum):
    """Where the channels of an image are."""

    LAST = "last"
    FIRST = "first"


TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


class Emitter:
    """Builds one ONNX graph."""

    def __init__(self, onnx: Any, graph: Graph) -> None:
        self.onnx = onnx
        self.graph = graph
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.opset = 0
        """What an operator needs beyond the file's usual one."""
        self._stored: dict[tuple[str, Order], str] = {(name, Order.LAST): name for name in graph.inputs}
        self._real: dict[tuple[str, Order], str] = {}
        self._taken: set[str] = {*graph.tensors}

    def need(self, opset: int) -> None:
        """An operator is emitted that opsets have from this one on."""
        self.opset = max(self.opset, opset)

    def fresh(self, wanted: str) -> str:
        """A value name that nothing has."""
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name

    def constant(self, value: Array, wanted: str) -> str:
        """An initializer."""
        name = self.fresh(wanted)
        self.initializers[name] = self.onnx.numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def scalar(self, value: float, wanted: str) -> str:
        """A float32 initializer without dimensions."""
        return self.constant(np.asarray(value, np.float32), wanted)

    def ints(self, values: Sequence[int], wanted: str) -> str:
        """An int64 initializer: a shape, axes, pads."""
        return self.constant(np.asarray(values, np.int64), wanted)

    def emit(self, op: str, inputs: Sequence[str], wanted: str, **attributes: AttributeValue) -> str:
        """A node with one output, whose name is returned."""
        output = self.fresh(wanted)
        self.emit_to(op, inputs, (output,), attributes)
        return output

    def emit_to(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, AttributeValue]
    ) -> None:
        """A node whose outputs are named."""
        node = self.onnx.helper.make_node(op, list(inputs), list(outputs), name=outputs[0], **attributes)
        self.nodes.append(node)

    def has(self, tensor: Tensor, order: Order) -> bool:
        """True when the tensor lies in that order, or is a constant that may."""
        return tensor.data is not None or (tensor.name, order) in self._stored

    def stored(self, tensor: Tensor, order: Order = Order.LAST) -> str:
        """The name of the stored values: integers where the tensor is quantised."""
        key = (tensor.name, order)
        if key not in self._stored:
            self._stored[key] = self._placed(tensor, order)
        return self._stored[key]

    def _placed(self, tensor: Tensor, order: Order) -> str:
        first = order is Order.FIRST
        if tensor.data is not None:
            data = tensor.data.transpose(TO_FIRST) if first else tensor.data
            return self.constant(data, f"{tensor.name}_first" if first else f"{tensor.name}_constant")
        other = self._stored[tensor.name, Order.LAST if first else Order.FIRST]
        # The name of the graph is for the order of the graph; outputs keep theirs.
        wanted = f"{tensor.name}_first" if first else f"{tensor.name}_last"
        return self.emit("Transpose", (other,), wanted, perm=TO_FIRST if first else TO_LAST)

    def real(self, tensor: Tensor, order: Order = Order.LAST) -> str:
        """The name of the real values: what a DequantizeLinear gives, or the values themselves."""
        if tensor.quantization is None:
            return self.stored(tensor, order)
        key = (tensor.name, order)
        if key not in self._real:
            stored = self.stored(tensor, order)
            axis = tensor.quantization.axis
            if order is Order.FIRST and axis is not None:
                axis = TO_FIRST.index(axis)
            self._real[key] = self.dequantized(stored, tensor.type, axis)
        return self._real[key]

    def real_int4(self, tensor: Tensor) -> str:
        """The same for constant int8 weights of four bits or fewer, kept as an INT4 initializer."""
        key = (tensor.name, Order.LAST)
        if key not in self._real:
            q = tensor.quantization
            assert tensor.data is not None
            assert q is not None
            scale, zero = np.asarray(q.scale, np.float32), np.asarray(q.zero_point, np.int8)
            if q.axis is None:
                scale, zero = scale.reshape(()), zero.reshape(())
            int4 = self.onnx.helper.tensor_dtype_to_np_dtype(self.onnx.TensorProto.INT4)
            label = f"{tensor.name}_constant"
            names = (
                self.constant(tensor.data.astype(int4), label),
                self.constant(scale, f"{label}_scale"),
                self.constant(zero.astype(int4), f"{label}_zero_point"),
            )
            extra = {} if q.axis is None else {"axis": q.axis}
            self._real[key] = self.emit("DequantizeLinear", names, f"{label}_real", **extra)
        return self._real[key]

    def dequantized(self, stored: str, kind: TensorType, axis: int | None) -> str:
        """DequantizeLinear of stored values."""
        parameters = self.parameters(kind, stored)
        extra = {} if axis is None else {"axis": axis}
        return self.emit("DequantizeLinear", (stored, *parameters), f"{stored}_real", **extra)

    def parameters(self, kind: TensorType, label: str) -> tuple[str, str]:
        """Initializers of scale and zero point, scalars or one a channel."""
        q = kind.quantization
        assert q is not None
        scale, zero = np.asarray(q.scale, np.float32), np.asarray(q.zero_point, kind.dtype.numpy)
        if q.axis is None:
            scale, zero = scale.reshape(()), zero.reshape(())
        return self.constant(scale, f"{label}_scale"), self.constant(zero, f"{label}_zero_point")

    def result(
        self, tensor: Tensor, value: str, order: Order = Order.LAST, clamp: Clamp | None = None
    ) -> None:
        """Real values become the tensor: clamped where the integers' own range does not do it, then quantised."""
        limits = real_limits(clamp, tensor)
        if limits is not None:
            bounds = [self.scalar(v, f"{tensor.name}_bound") for v in limits]
            value = self.emit("Clip", (value, *bounds), f"{tensor.name}_clipped")
        if tensor.quantization is not None:
            names = (value, *self.parameters(tensor.type, tensor.name))
            value = self.emit("QuantizeLinear", names, self._label(tensor, order))
        self._stored[tensor.name, order] = value

    def moved(self, tensor: Tensor, value: str, order: Order = Order.LAST) -> None:
        """Stored values that were only moved become the tensor."""
        self._stored[tensor.name, order] = value

    def _label(self, tensor: Tensor, order: Order) -> str:
        return f"{tensor.name}_{'first' if order is Order.FIRST else 'stored'}"


Encoder = Callable[[Emitter, Site[Any]], None]
"""How one operator is written."""


def real_limits(clamp: Clamp | None, y: Tensor) -> tuple[float, float] | None:
    """A clamp on stored values as real bounds; None when the range of the type is all that it says."""
    if clamp is None:
        return None
    if y.dtype is DType.FLOAT32:
        if clamp[0] <= -FLOAT32_MAX and clamp[1] >= FLOAT32_MAX:
            return None
        return float(clamp[0]), float(clamp[1])
    if tuple(clamp) == tuple(y.dtype.range):
        return None
    low, high = ((v - y.zero_point) * y.scale for v in clamp)
    return low, high


def biased(bias: Tensor, x: Tensor, weights: Tensor) -> Tensor:
    """A bias as int32 with the quantisation that it has by the specification, whether the graph says so or not.

    Beside int16 inputs it is int64, as which int32 is read back; larger values, which DequantizeLinear has no type
    for, are written as real numbers.

    Raises:
        UnsupportedModel: for an int32 bias beside int16 inputs: it would be read back as another kind of sum.
    """
    if bias.dtype is DType.FLOAT32:
        return bias
    if x.dtype is DType.INT16 and bias.dtype is DType.INT32:
        raise UnsupportedModel(
            f"{bias.name!r}: an int32 bias beside int16 activations asks for sums of 32 bits, which .onnx cannot say; "
            "write .tflite"
        )
    assert weights.quantization is not None
    scales = np.float32(x.scale) * np.asarray(weights.quantization.scale, np.float32)
    scales = np.broadcast_to(scales, bias.shape)
    quantization = Quantization(
        scale=tuple(float(s) for s in scales), zero_point=(0,) * len(scales), axis=len(bias.shape) - 1
    )
    if bias.data is not None and np.abs(bias.data.astype(np.float64)).max(initial=0.0) > DType.INT32.range[1]:
        real = (bias.data * scales.astype(np.float64)).astype(np.float32)
        return Tensor(name=bias.name, shape=bias.shape, dtype=DType.FLOAT32, data=real)
    data = None if bias.data is None else bias.data.astype(np.int32)
    return Tensor(name=bias.name, shape=bias.shape, dtype=DType.INT32, quantization=quantization, data=data)
