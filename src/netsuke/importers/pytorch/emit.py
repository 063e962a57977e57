"""ONNX nodes while an exported program is translated: fresh names, constants, the operands of one ATen call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.importers.onnx.model import Attribute, OnnxNode
from netsuke.ir import Array


class Untranslatable(Exception):  # noqa: N818
    """An ATen call that cannot be spelled in ONNX's operators; the message says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A tensor of the program: its name among the ONNX values and its shape; dtype by numpy's name."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    def axis(self, axis: int) -> int:
        """An axis counted from the front.

        Raises:
            Untranslatable: when there is none such.
        """
        if not -self.rank <= axis < max(self.rank, 1):
            raise Untranslatable(f"axis {axis} of a tensor {list(self.shape)}")
        return axis % max(self.rank, 1)


class Emitter:
    """Collects the nodes and constants of one program. `layer` is the module path that new nodes are called by."""

    def __init__(self) -> None:
        self.nodes: list[OnnxNode] = []
        self.constants: dict[str, Array] = {}
        self.layer = ""
        self._counts: dict[str, int] = {}

    def fresh(self, hint: str) -> str:
        """A value name that nothing has yet, with the module's path in front."""
        base = f"{self.layer}.{hint}" if self.layer else hint
        count = self._counts[base] = self._counts.get(base, 0) + 1
        return base if count == 1 else f"{base}/{count}"

    def constant(
        self, value: Array | Sequence[int] | float, dtype: Any = None, hint: str = "constant"
    ) -> str:
        """A constant value; floating point ones become float32."""
        data = np.asarray(value, dtype=dtype)
        name = self.fresh(hint)
        self.constants[name] = data.astype(np.float32) if data.dtype.kind == "f" else data
        return name

    def scalar(self, value: float) -> str:
        """A float32 constant without dimensions."""
        return self.constant(np.asarray(value, dtype=np.float32))

    def ints(self, values: Sequence[int]) -> str:
        """A constant list of int64: a shape, axes, pads."""
        return self.constant(list(values), np.int64)

    def node(self, op: str, inputs: Sequence[str], shape: Sequence[int], **attributes: Attribute) -> Ref:
        """A node with one output of that shape. Names of absent inputs are ''."""
        output = self.fresh(op.lower())
        self.nodes.append(self._made(op, tuple(inputs), (output,), attributes))
        return Ref(name=output, shape=tuple(shape))

    def outputs(
        self, op: str, inputs: Sequence[str], shapes: Sequence[Sequence[int]], **attributes: Attribute
    ) -> list[Ref]:
        """A node with several outputs."""
        names = tuple(self.fresh(op.lower()) for _ in shapes)
        self.nodes.append(self._made(op, tuple(inputs), names, attributes))
        return [Ref(name=n, shape=tuple(s)) for n, s in zip(names, shapes, strict=True)]

    def _made(
        self, op: str, inputs: tuple[str, ...], outputs: tuple[str, ...], attributes: Mapping[str, Attribute]
    ) -> OnnxNode:
        return OnnxNode(
            op=op, name=self.layer, index=len(self.nodes), inputs=inputs, outputs=outputs, attributes=attributes
        )  # fmt: skip

    def reshape(self, x: Ref, shape: Sequence[int]) -> Ref:
        """Another shape of the same elements; itself when it has that one."""
        if tuple(shape) == x.shape:
            return x
        return self.node("Reshape", (x.name, self.ints(shape)), shape)

    def transpose(self, x: Ref, perm: Sequence[int]) -> Ref:
        """Axes in another order; itself when it is theirs."""
        if list(perm) == list(range(x.rank)):
            return x
        return self.node("Transpose", (x.name,), [x.shape[a] for a in perm], perm=tuple(perm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aten:
    """One call of an ATen operator: operands by the names of its schema, and the type of its first result."""

    op: str
    """Such as "conv2d"; the overload is left out."""
    operands: Mapping[str, Any]
    """Tensors are `Ref`, lists of tensors tuples of `Ref`; else what Python has."""
    shape: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    """Of all results, when the call has several."""
    dtype: str = "float32"
    """Element type of the first result."""
    read: frozenset[int] = frozenset({0})
    """Which of several results anything reads."""
    readers: frozenset[str] = frozenset()
    """ATen operators, without overload, that read the result; 'output' for the program's."""

    def tensor(self, name: str) -> Ref:
        """A tensor operand.

        Raises:
            Untranslatable: when it is absent or no tensor.
        """
        found = self.operands.get(name)
        if not isinstance(found, Ref):
            raise Untranslatable(f"operand {name} is {type(found).__name__}; a tensor was wanted")
        return found

    def optional(self, name: str) -> Ref | None:
        """A tensor operand that may be absent."""
        return None if self.operands.get(name) is None else self.tensor(name)

    def name(self, name: str) -> str:
        """ONNX name of a tensor operand, '' when absent."""
        found = self.optional(name)
        return "" if found is None else found.name

    def ints(self, name: str, rank: int = 0) -> tuple[int, ...]:
        """A list of whole numbers; a single one stands for `rank` of them."""
        value = self.operands.get(name)
        if isinstance(value, int):
            return (value,) * max(rank, 1)
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, int) for v in value):
            raise Untranslatable(f"operand {name} is {value!r}; whole numbers known at export were wanted")
        found = tuple(value)
        return found * rank if len(found) == 1 and rank > 1 else found

    def number(self, name: str, default: float = 0.0) -> float:
        """A Python number."""
        value = self.operands.get(name)
        if value is None:
            return default
        if not isinstance(value, (int, float)):
            raise Untranslatable(f"operand {name} is {value!r}; a number known at export was wanted")
        return float(value)

    def flag(self, name: str) -> bool:
        """A boolean; False when absent."""
        return bool(self.operands.get(name))


Handler = Callable[[Emitter, Aten], Ref | list[Ref]]
"""What spells one ATen operator in ONNX's."""
