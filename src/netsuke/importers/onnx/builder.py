"""Our graph while it grows: tensors and nodes with fresh names, layouts changed where somebody asks."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from netsuke.errors import GraphError
from netsuke.importers.onnx.layout import Placed, Shape, moves
from netsuke.importers.onnx.read import MAX_ELEMENTS
from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor, TensorType
from netsuke.ir.verify import MAX_NAME_CHARS
from netsuke.ops.operator import Site
from netsuke.ops.registry import operator
from netsuke.ops.reshape import Reshape
from netsuke.ops.transpose import Transpose
from netsuke.ops.unary import NoArgs


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the ONNX graph that is computed at run time: tensor, ONNX shape, order of elements.

    A tensor of integers with a quantisation stands for its DequantizeLinear too: `real` gives real numbers.
    """

    tensor: str
    shape: Shape
    placed: Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value known at import, in ONNX order. The other fields are there when it was dequantised."""

    data: Array
    stored: Array | None = None
    quantization: Quantization | None = None


class Builder:
    """Collects the tensors and nodes of one graph."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.layer = ""
        """Name of the ONNX node that is being translated: the next node of ours is called so."""
        self._node_names: set[str] = set()
        self._counts: dict[str, int] = {}

    def type_of(self, value: Value) -> Tensor:
        """Our tensor of a value."""
        return self.tensors[value.tensor]

    def add(self, wanted: str, kind: TensorType, data: Array | None = None) -> str:
        """A tensor of that type under a fresh name."""
        if math.prod(kind.shape) > MAX_ELEMENTS:
            raise GraphError(
                f"{wanted[:80]!r} would hold {list(kind.shape)}: too large for any microcontroller"
            )
        name = fresh(wanted or "tensor", self.tensors.keys(), self._counts)
        self.tensors[name] = Tensor(
            name=name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization, data=data
        )
        return name

    def constant(self, wanted: str, data: Array, quantization: Quantization | None = None) -> str:
        """A constant tensor, the array as stored."""
        dense = np.asarray(data, order="C")
        kind = TensorType(shape=dense.shape, dtype=DType.of(dense), quantization=quantization)
        return self.add(wanted, kind, dense)

    def emit(
        self, op: str, args: Args, inputs: tuple[str, ...], wanted: str,
        dtype: DType, quantization: Quantization | None = None, *, helper: bool = False,
    ) -> str:  # fmt: skip
        """A node with one output, whose shape the operator's own rule gives; returns the output's name.

        A `helper` (a transpose, a conversion) is called after its output, other nodes after their ONNX node.

        Raises:
            GraphError: when the operator's constraints refuse it.
        """
        found = operator(op)
        name = fresh((not helper and self.layer) or wanted or op, self._node_names, self._counts)
        output = fresh(wanted or op, self.tensors.keys(), self._counts)
        node = Node(op=op, name=name, inputs=inputs, outputs=(output,), args=args)
        operands = tuple(self.tensors[i] if i else None for i in inputs)
        draft = Tensor(name=output, shape=(), dtype=dtype, quantization=quantization)
        (shape,) = found.infer(Site(node=node, inputs=operands, outputs=(draft,)))
        if math.prod(shape) > MAX_ELEMENTS or min(shape, default=1) < 1:
            raise GraphError(
                f"{op} {name!r} would give {list(shape)}; sizes from 1 to what fits a chip were wanted"
            )
        tensor = replace(draft, shape=shape)
        found.check(Site(node=node, inputs=operands, outputs=(tensor,)))
        self._node_names.add(name)
        self.tensors[output] = tensor
        self.nodes.append(node)
        return output

    def emit_several(
        self, op: str, args: Args, inputs: tuple[str, ...], wanted: tuple[str, ...],
        types: Sequence[tuple[DType, Quantization | None]],
    ) -> tuple[str, ...]:  # fmt: skip
        """A node with several outputs, whose shapes the operator's own rule gives; returns their names.

        Raises:
            GraphError: when the operator's constraints refuse it.
        """
        found = operator(op)
        name = fresh(self.layer or wanted[0] or op, self._node_names, self._counts)
        operands = tuple(self.tensors[i] if i else None for i in inputs)
        drafts = tuple(
            Tensor(name=w, shape=(), dtype=dtype, quantization=q)
            for w, (dtype, q) in zip(wanted, types, strict=True)
        )
        node = Node(op=op, name=name, inputs=inputs, outputs=wanted, args=args)
        shapes = found.infer(Site(node=node, inputs=operands, outputs=drafts))
        results = tuple(replace(draft, shape=shape) for draft, shape in zip(drafts, shapes, strict=True))
        found.check(Site(node=node, inputs=operands, outputs=results))
        outputs = tuple(self.add(result.name, result.type) for result in results)
        self._node_names.add(name)
        self.nodes.append(replace(node, outputs=outputs))
        return outputs

    def arrange(self, value: Value, target: Placed) -> Value:
        """The value with its elements where `target` has them: no node, a reshape, or a transpose.

        Raises:
            GraphError: when no transpose does.
        """
        try:
            move = moves(value.placed, target)
        except ValueError as error:
            raise GraphError(f"{value.tensor!r}: {error}") from None
        tensor = value.tensor
        if move is not None:
            tensor = self.reshaped(tensor, move.shape)
            kind = self.tensors[tensor]
            tensor = self.emit(
                "transpose", Transpose(perm=move.perm), (tensor,), f"{value.tensor}_moved",
                kind.dtype, kind.quantization, helper=True,
            )  # fmt: skip
        return replace(value, tensor=self.reshaped(tensor, target.dims), placed=target)

    def reshaped(self, tensor: str, shape: Shape) -> str:
        """The tensor's bytes under another shape; itself when it has that one."""
        kind = self.tensors[tensor]
        if kind.shape == shape:
            return tensor
        return self.emit(
            "reshape",
            Reshape(shape=shape),
            (tensor,),
            f"{tensor}_view",
            kind.dtype,
            kind.quantization,
            helper=True,
        )

    def real(self, value: Value) -> Value:
        """The value as float32: dequantised when it is kept as integers."""
        if self.type_of(value).quantization is None:
            return value
        name = self.emit(
            "dequantize", NoArgs(), (value.tensor,), f"{value.tensor}_real", DType.FLOAT32, helper=True
        )
        return replace(value, tensor=name)

    def quantized(self, value: Value, dtype: DType, quantization: Quantization) -> Value:
        """The value as integers of that scale: itself when it is kept so, else (re)quantised."""
        kind = self.type_of(value)
        if (kind.dtype, kind.quantization) == (dtype, quantization):
            return value
        name = self.emit(
            "quantize",
            NoArgs(),
            (value.tensor,),
            f"{value.tensor}_quantized",
            dtype,
            quantization,
            helper=True,
        )
        return replace(value, tensor=name)

    def rename(self, old: str, new: str) -> str:
        """Gives a computed tensor another name, if that is free; returns the name it has then."""
        if old == new or new in self.tensors or not new or len(new) > MAX_NAME_CHARS:
            return old
        self.tensors = {
            (new if k == old else k): (replace(t, name=new) if k == old else t)
            for k, t in self.tensors.items()
        }

        def renamed(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new if n == old else n for n in names)

        self.nodes = [replace(n, inputs=renamed(n.inputs), outputs=renamed(n.outputs)) for n in self.nodes]
        return new

    def graph(self, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Graph:
        """The finished graph, without nodes and tensors that no output needs."""
        needed = set(outputs)
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                kept.append(node)
                needed.update(node.inputs)
        graph = Graph(name=name, tensors=self.tensors, nodes=(), inputs=inputs, outputs=outputs)
        return graph.with_(nodes=tuple(reversed(kept)))


def fresh(wanted: str, taken: Container[str], counts: dict[str, int]) -> str:
    """The name, shortened where it is absurdly long, with a number where it is taken.

    `counts` remembers how far each name has come: thousands of nodes may share one.
    """
    base = wanted[: MAX_NAME_CHARS - 8]
    name, count = base, counts.get(base, 1)
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    counts[base] = count
    return name
