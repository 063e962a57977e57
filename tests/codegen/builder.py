"""Graphs written a line a layer; shapes come from the operators' own rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, State, Tensor, TensorType
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import Site
from netsuke.ops.registry import operator
from netsuke.ops.softmax import Softmax
from netsuke.ops.state import AssignVariable, ReadVariable

SCALE = 0.05
PROBABILITY = Quantization.per_tensor(1 / 256, -128)


class Builder:
    """One graph of one element type; every value but probabilities has the same scale and zero point -3."""

    def __init__(self, name: str, dtype: DType = DType.INT8, seed: int = 0) -> None:
        self.name, self.dtype = name, dtype
        self.chance = np.random.default_rng(seed)
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.inputs: list[str] = []
        self.states: list[State] = []

    @property
    def quantization(self) -> Quantization | None:
        zero_point = {DType.INT8: -3, DType.INT16: 0}.get(self.dtype)
        return None if zero_point is None else Quantization.per_tensor(SCALE, zero_point)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def add(
        self, shape: Sequence[int], *, q: Quantization | None, dtype: DType, data: Array | None = None
    ) -> str:
        name = f"t{len(self.tensors)}"
        self.tensors[name] = Tensor(name=name, shape=tuple(shape), dtype=dtype, quantization=q, data=data)
        return name

    def input(self, *shape: int) -> str:
        name = self.add(shape, q=self.quantization, dtype=self.dtype)
        self.inputs.append(name)
        return name

    def const(self, data: Array, q: Quantization | None = None) -> str:
        return self.add(data.shape, q=q, dtype=DType.of(data), data=data)

    def value(self, *shape: int) -> str:
        """A constant like an activation."""
        return self.const(self.random(shape), self.quantization)

    def random(self, shape: Sequence[int]) -> Array:
        if self.dtype is DType.FLOAT32:
            return self.chance.normal(size=tuple(shape)).astype(np.float32)
        return self.chance.integers(-100, 100, tuple(shape)).astype(self.dtype.numpy)

    def op(
        self, op: str, inputs: Sequence[str], args: Args, *, q: Quantization | None = None, outputs: int = 1
    ) -> list[str]:
        """A node of this operator; its outputs."""
        q = self.quantization if q is None or self.dtype is DType.FLOAT32 else q
        kinds = tuple(self.tensors[name] if name else None for name in inputs)
        unknown = tuple(Tensor(name="?", shape=(), dtype=self.dtype) for _ in range(outputs))
        node = Node(op=op, name=f"{op}_{len(self.nodes)}", inputs=tuple(inputs), outputs=(), args=args)
        shapes = operator(op).infer(Site(node=node, inputs=kinds, outputs=unknown))
        names = [self.add(shape, q=q, dtype=self.dtype) for shape in shapes]
        self.nodes.append(replace(node, outputs=tuple(names)))
        return names

    # -- layers with weights

    def weights(self, shape: Sequence[int], axis: int, channels: int) -> list[str]:
        """Weights and a bias; int8 weights have a scale per channel."""
        if self.dtype is DType.FLOAT32:
            return [self.const(self.random(shape)), self.const(self.random([channels]))]
        scales = tuple(float(np.float32(0.002 * (1 + i % 3))) for i in range(channels))
        kind = {"scale": scales, "zero_point": (0,) * channels}
        data = self.chance.integers(-127, 128, tuple(shape)).astype(np.int8)
        bias = self.chance.integers(-900, 900, channels)
        wide = np.int64 if self.dtype is DType.INT16 else np.int32
        bias_q = Quantization(**{**kind, "scale": tuple(SCALE * s for s in scales)}, axis=0)
        return [self.const(data, Quantization(**kind, axis=axis)), self.const(bias.astype(wide), bias_q)]

    def conv(self, x: str, channels: int, kernel: int, stride: int = 1) -> str:
        w = self.weights([channels, kernel, kernel, self.shape(x)[3]], 0, channels)
        args = Conv2d(stride=(stride, stride), padding=Padding.SAME)
        return self.op("conv_2d", [x, *w], args)[0]

    def depthwise(self, x: str, kernel: int = 3) -> str:
        channels = self.shape(x)[3]
        w = self.weights([1, kernel, kernel, channels], 3, channels)
        return self.op("depthwise_conv_2d", [x, *w], DepthwiseConv2d(padding=Padding.SAME))[0]

    def dense(self, x: str, channels: int) -> str:
        depth = self.tensors[x].elements
        return self.op(
            "fully_connected", [x, *self.weights([channels, depth], 0, channels)], FullyConnected()
        )[0]

    def softmax(self, x: str) -> str:
        return self.op("softmax", [x], Softmax(), q=PROBABILITY)[0]

    # -- states

    def state(self, *shape: int, initial: Array | None = None) -> str:
        name = f"state{len(self.states)}"
        kind = TensorType(shape=shape, dtype=self.dtype, quantization=self.quantization)
        value = np.zeros(shape, self.dtype.numpy) if initial is None else initial
        self.states.append(State(name=name, type=kind, initial=value))
        return name

    def read(self, state: str) -> str:
        kind = next(s.type for s in self.states if s.name == state)
        value = self.add(kind.shape, q=kind.quantization, dtype=kind.dtype)
        node = f"read_{len(self.nodes)}"
        args = ReadVariable(variable=state)
        self.nodes.append(Node(op="read_variable", name=node, inputs=(), outputs=(value,), args=args))
        return value

    def assign(self, state: str, value: str) -> None:
        node = f"assign_{len(self.nodes)}"
        args = AssignVariable(variable=state)
        self.nodes.append(Node(op="assign_variable", name=node, inputs=(value,), outputs=(), args=args))

    def graph(self, *outputs: str) -> Graph:
        return Graph(
            name=self.name,
            tensors=self.tensors,
            nodes=tuple(self.nodes),
            inputs=tuple(self.inputs),
            outputs=outputs,
            states=tuple(self.states),
        )


def renamed(
    graph: Graph, tensor: Callable[[str], str], node: Callable[[str], str], state: Callable[[str], str]
) -> Graph:
    """The graph under other names."""

    def named(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(tensor(name) if name else "" for name in names)

    def with_state(args: Args) -> Args:
        if isinstance(args, ReadVariable | AssignVariable):
            return replace(args, variable=state(args.variable))
        return args

    nodes = tuple(
        replace(
            n, name=node(n.name), inputs=named(n.inputs), outputs=named(n.outputs), args=with_state(n.args)
        )
        for n in graph.nodes
    )
    return Graph(
        name=graph.name,
        tensors={tensor(name): replace(t, name=tensor(name)) for name, t in graph.tensors.items()},
        nodes=nodes,
        inputs=named(graph.inputs),
        outputs=named(graph.outputs),
        states=tuple(replace(s, name=state(s.name)) for s in graph.states),
    )
