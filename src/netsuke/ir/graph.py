"""The one graph: tensors by name, nodes in execution order, states that outlive a step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from netsuke.errors import GraphError
from netsuke.ir.dtype import Array, DType
from netsuke.ir.quantization import Quantization


class Args:
    """Base of every operator's arguments: a frozen dataclass of plain values, owned by `ops`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorType:
    """What a value looks like, without the value: shape, element type, quantisation."""

    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the dense tensor."""
        return self.elements * self.dtype.size

    @property
    def scale(self) -> float:
        """The per-tensor scale.

        Raises:
            GraphError: for a tensor without quantisation, or with one per channel.
        """
        return self._per_tensor().scale[0]

    @property
    def zero_point(self) -> int:
        """The per-tensor zero point.

        Raises:
            GraphError: for a tensor without quantisation, or with one per channel.
        """
        return self._per_tensor().zero_point[0]

    def _per_tensor(self) -> Quantization:
        if self.quantization is None or len(self.quantization.scale) != 1:
            got = "none" if self.quantization is None else f"{len(self.quantization.scale)} scales"
            raise GraphError(
                f"a {self.dtype.value} tensor of shape {self.shape} has {got}; one scale was wanted"
            )
        return self.quantization


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor(TensorType):
    """A named value of a graph; a constant when it carries `data` (a read-only array of the same shape and dtype)."""

    name: str
    data: Array | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.data is None:
            return
        if self.data.shape != self.shape or DType.of(self.data) is not self.dtype:
            raise GraphError(
                f"constant {self.name!r} holds {self.data.dtype.name}{list(self.data.shape)}; "
                f"its type says {self.dtype.value}{list(self.shape)}"
            )
        self.data.setflags(write=False)

    @property
    def is_constant(self) -> bool:
        """True when the value is known at build time."""
        return self.data is not None

    @property
    def type(self) -> TensorType:
        """The type alone."""
        return TensorType(shape=self.shape, dtype=self.dtype, quantization=self.quantization)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operation. `inputs` and `outputs` are tensor names; an absent optional input is ''."""

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    args: Args


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A variable that keeps its value from one invocation to the next; `initial` is what reset puts there."""

    name: str
    type: TensorType
    initial: Array = field(compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.initial.shape != self.type.shape or DType.of(self.initial) is not self.type.dtype:
            raise GraphError(
                f"state {self.name!r}: initial value is {self.initial.dtype.name}{list(self.initial.shape)}, "
                f"its type says {self.type.dtype.value}{list(self.type.shape)}"
            )
        self.initial.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A model: nodes stand in an order in which they can run. Immutable; `with_` gives a changed copy."""

    name: str
    tensors: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    states: tuple[State, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tensors", MappingProxyType(dict(self.tensors)))

    def producers(self) -> dict[str, Node]:
        """Tensor name → the node that writes it."""
        return {out: node for node in self.nodes for out in node.outputs}

    def consumers(self) -> dict[str, list[Node]]:
        """Tensor name → the nodes that read it, in order (a tensor nobody reads is absent)."""
        readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                if name:
                    readers.setdefault(name, []).append(node)
        return readers

    def input_types(self, node: Node) -> tuple[Tensor | None, ...]:
        """The tensors a node reads; None where an optional input is absent."""
        return tuple(self.tensors[name] if name else None for name in node.inputs)

    def output_types(self, node: Node) -> tuple[Tensor, ...]:
        """The tensors a node writes."""
        return tuple(self.tensors[name] for name in node.outputs)

    def state(self, name: str) -> State:
        """The state of that name.

        Raises:
            GraphError: when there is none.
        """
        for state in self.states:
            if state.name == name:
                return state
        known = ", ".join(s.name for s in self.states) or "none"
        raise GraphError(f"got state {name!r}; this graph has {known}")

    def with_(
        self,
        *,
        nodes: Iterable[Node] | None = None,
        tensors: Mapping[str, Tensor] | None = None,
        outputs: tuple[str, ...] | None = None,
    ) -> Graph:
        """A copy with these parts replaced; tensors that nothing names any more are dropped."""
        new_nodes = self.nodes if nodes is None else tuple(nodes)
        new_outputs = self.outputs if outputs is None else outputs
        pool = self.tensors if tensors is None else tensors
        used = {*self.inputs, *new_outputs}
        for node in new_nodes:
            used.update(node.inputs)
            used.update(node.outputs)
        kept = {name: tensor for name, tensor in pool.items() if name in used}
        return replace(self, nodes=new_nodes, outputs=new_outputs, tensors=kept)
