"""What a quantisation decides, before any graph is made of it: the coding of every tensor, every layer's integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from netsuke.compress import recurrent
from netsuke.compress.coding import HIGHEST, asymmetric, coded, symmetric_int16, symmetric_scales
from netsuke.compress.ranges import Range, Ranges
from netsuke.compress.sharing import FIXED, PASSING, activations, fixed_group, group_range, groups
from netsuke.errors import InputError, UnsupportedModel
from netsuke.ir import Array, DType, Graph, Node, Quantization, Tensor, TensorType
from netsuke.ops.conv_geometry import WEIGHT_AXIS as WEIGHT_AXIS
from netsuke.ops.float_tables import TABLES

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
        "normalize",
        *recurrent.OPERATORS,
        *TABLES,
    }
)
"""Operators whose int8 kernels give the output a scale of its own."""
INDEXING = frozenset({"arg_max"})
"""Operators that read integers and give places, which are no quantities."""
QUANTIZABLE = frozenset({*WEIGHT_AXIS, *RESCALING, *PASSING, *FIXED, *INDEXING})
ONLY_INT8 = frozenset({"prelu", "hard_swish", "relu_n1_to_1", *recurrent.OPERATORS})
"""Of these, the ones without kernels for int16."""
INT8_OR_FLOAT = frozenset({"normalize", *TABLES, *INDEXING})
"""And the ones that stay in float32 beside an int16 tensor."""
FIXED_INT16 = Quantization.per_tensor(1 / 32768)
"""What softmax, logistic and tanh give in int16."""
LARGEST_BIAS = 1 << 30
"""Half of int32: leaves room for the sum of products."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: int8 weights (4 bits: -7..7, 2 bits: -1..1), float32 scales [channels], the real bias or None."""

    values: Array
    scales: Array
    axis: int
    bias: Array | None = None
    bits: int = 8

    @property
    def real(self) -> Array:
        """float32: what the integers stand for."""
        shape = [1] * self.values.ndim
        shape[self.axis] = -1
        result: Array = self.values.astype(np.float32) * self.scales.reshape(shape)
        return result

    @property
    def quantization(self) -> Quantization:
        """Of the weights."""
        return Quantization(
            scale=tuple(float(s) for s in self.scales),
            zero_point=(0,) * len(self.scales),
            axis=self.axis,
            bits=self.bits if self.bits < 8 else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A whole quantisation.

    `narrow`: the int8 quantisation of every tensor that is computed; `wide`: the int16 one of those that are kept in 16
    bits; `layers`: the integers of every layer with weights, by the node's name; `real`: nodes that stay in float32
    though they have an integer form.
    """

    narrow: Mapping[str, Quantization]
    wide: Mapping[str, Quantization]
    layers: Mapping[str, Layer]
    real: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("narrow", "wide", "layers"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def kind(self, tensor: Tensor) -> TensorType:
        """The integer type of a tensor that is computed."""
        wide = self.wide.get(tensor.name)
        if wide is not None:
            return TensorType(shape=tensor.shape, dtype=DType.INT16, quantization=wide)
        return TensorType(shape=tensor.shape, dtype=DType.INT8, quantization=self.narrow[tensor.name])

    def in_float(self, node: Node) -> bool:
        """True when a node stays in float32."""
        beside = node.op in INT8_OR_FLOAT and self.touches_wide(node)
        return node.op not in QUANTIZABLE or node.name in self.real or beside

    def touches_wide(self, node: Node) -> bool:
        """True when a node reads or gives a tensor that is kept in 16 bits."""
        return any(name in self.wide for name in (*node.inputs, *node.outputs))

    def is_wide(self, graph: Graph, node: Node) -> bool:
        """True when a node computes in int16: it touches such a tensor, and has kernels for it."""
        return self.touches_wide(node) and node.op not in ONLY_INT8

    def with_wide(self, wide: Mapping[str, Quantization]) -> Scheme:
        """The scheme with more tensors in 16 bits."""
        return replace(self, wide={**self.wide, **wide})

    def with_layer(self, node: str, layer: Layer) -> Scheme:
        """The scheme with other integers for one layer."""
        return replace(self, layers={**self.layers, node: layer})


def make_scheme(
    graph: Graph,
    ranges: Ranges,
    *,
    int16: frozenset[str] = frozenset(),
    bits: Mapping[str, int] | None = None,
    real: frozenset[str] = frozenset(),
) -> Scheme:
    """Rounds to nearest with the ranges given.

    Args:
        graph: float32, constant weights.
        ranges: of the same graph.
        int16: nodes whose outputs, and tensors that, are kept in 16 bits.
        bits: layers whose weights have 4 or 2 bits.
        real: nodes that stay in float32.

    Raises:
        InputError: when a tensor has no range, or a name is none of the graph's.
        UnsupportedModel: when a layer cannot be what is asked for.
    """
    narrow = activations(graph, ranges)
    wide = wide_tensors(graph, ranges, int16)
    few = bits or {}
    weighted = [node for node in graph.nodes if node.op in WEIGHT_AXIS]
    layers = {n.name: first_layer(graph, n, narrow, few.get(n.name, 8)) for n in weighted}
    unknown = sorted(set(few) - set(layers))
    if unknown:
        raise InputError(
            f"got {unknown[0]!r} for {few[unknown[0]]}-bit weights; "
            f"a layer with weights was wanted: {', '.join(layers)}"
        )
    return Scheme(narrow=narrow, wide=wide, layers=layers, real=real)


def wide_tensors(graph: Graph, ranges: Ranges, names: frozenset[str]) -> dict[str, Quantization]:
    """Tensor → int16 quantisation, for the outputs of the nodes named and all that shares a scale with them."""
    produced = {node.name: node.outputs for node in graph.nodes}
    found: dict[str, Quantization] = {}
    shared = groups(graph)
    for name in sorted(names):
        outputs = produced.get(name) or ((name,) if name in shared else ())
        if not outputs:
            raise InputError(f"got {name!r} for 16 bits; a layer was wanted: {', '.join(produced)}")
        for output in outputs:
            group = shared[output]
            fixed = fixed_group(graph, group) is not None
            q = FIXED_INT16 if fixed else symmetric_int16(group_range(graph, ranges, group))
            found.update({n: q for n in group if not graph.tensors[n].is_constant})
    for node in graph.nodes:
        if node.op in ONLY_INT8 and any(n in found for n in node.outputs):
            raise UnsupportedModel(
                f"{node.op} {node.name!r} has no kernel for int16, so that its output cannot be kept in 16 bits"
            )
    return found


def first_layer(graph: Graph, node: Node, narrow: Mapping[str, Quantization], bits: int) -> Layer:
    """A layer's weights, each rounded to nearest.

    A channel whose bias would leave int32 (its weights are tiny beside it) gets a larger weight scale.
    """
    weights = constant(graph, node, 1)
    bias = constant(graph, node, 2).reshape(-1) if len(node.inputs) > 2 and node.inputs[2] else None
    axis = WEIGHT_AXIS[node.op]
    scales = symmetric_scales(weights, axis, bits)
    if bits < 8:
        scales = least_error_scales(weights, axis, scales, HIGHEST[bits])
    if bias is not None:
        needed = np.abs(bias.astype(np.float64)) / (LARGEST_BIAS * narrow[node.inputs[0]].scale[0])
        scales = np.maximum(scales, needed.astype(np.float32))
    layer = Layer(values=np.zeros(0, np.int8), scales=scales, axis=axis, bias=bias, bits=bits)
    return replace(layer, values=nearest(weights, layer))


def least_error_scales(weights: Array, axis: int, widest: Array, highest: int) -> Array:
    """float32 [channels]: of shares of the widest scales those of the least squared error.

    With 15 levels or fewer it pays to clip the largest weights.
    """
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    scales = widest[:, None] * np.linspace(0.2, 1.0, 81, dtype=np.float32)
    errors = []
    for column in scales.T:
        whole = np.clip(np.rint(rows / column[:, None]), -highest, highest)
        errors.append(np.square(whole * column[:, None] - rows).sum(axis=1))
    best = np.argmin(np.stack(errors, axis=1), axis=1)
    result: Array = np.take_along_axis(scales, best[:, None], axis=1)[:, 0]
    return result


def nearest(weights: Array, layer: Layer) -> Array:
    """int8: real weights in a layer's scales, halves away from zero."""
    kind = TensorType(shape=weights.shape, dtype=DType.INT8, quantization=layer.quantization)
    highest = HIGHEST[layer.bits]
    return np.clip(coded(weights, kind), -highest, highest)


def constant(graph: Graph, node: Node, index: int) -> Array:
    """A constant operand's value.

    Raises:
        UnsupportedModel: when it is computed.
    """
    tensor = graph.tensors[node.inputs[index]]
    if tensor.data is None:
        raise UnsupportedModel(
            f"{node.op} {node.name!r}: input {index} ({tensor.name!r}) is computed at run time; "
            "constant weights were wanted"
        )
    return tensor.data


def operand_kind(scheme: Scheme, graph: Graph, node: Node, tensor: Tensor) -> TensorType:
    """The integer type of a constant operand that is no layer's weights: the output's, or one for its own range."""
    assert tensor.data is not None
    y = scheme.kind(graph.tensors[node.outputs[0]])
    if node.op in PASSING:
        return TensorType(shape=tensor.shape, dtype=y.dtype, quantization=y.quantization)
    seen = Range.of(tensor.data)
    if scheme.is_wide(graph, node):
        return TensorType(shape=tensor.shape, dtype=DType.INT16, quantization=symmetric_int16(seen))
    return TensorType(shape=tensor.shape, dtype=DType.INT8, quantization=asymmetric(seen))
