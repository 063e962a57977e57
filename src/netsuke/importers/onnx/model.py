"""An ONNX file as plain checked values: what `read` gives to the translation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from netsuke.importers.unsupported import Unsupported
from netsuke.ir import Array

T = TypeVar("T")
Attribute = int | float | bytes | Array | tuple[int, ...] | tuple[float, ...] | tuple[str, ...]


class Refusal(Exception):  # noqa: N818
    """A node that cannot be translated; the walk collects them all before it gives up."""

    def __init__(self, node: OnnxNode, hint: str) -> None:
        super().__init__(hint)
        self.unsupported = Unsupported(op=node.op, place=node.place, hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxNode:
    """A node; absent optional inputs and outputs are ''. Attributes of other kinds (graphs, ...) are left
    out."""

    op: str
    """The operator, with its domain in front unless it is ONNX's own: 'com.microsoft.QLinearAdd'."""
    name: str
    index: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"node {self.index}, {self.label[:80]!r}"

    @property
    def label(self) -> str:
        """Its name, or that of its first output."""
        return self.name or next(iter(self.outputs), "")

    def input(self, index: int) -> str:
        """Name of input `index`, '' when it is absent."""
        return self.inputs[index] if index < len(self.inputs) else ""

    def int_(self, name: str, default: int) -> int:
        """An INT attribute."""
        return self._typed(name, int, default)

    def float_(self, name: str, default: float) -> float:
        """A FLOAT attribute."""
        return float(self._typed(name, float, default))

    def text(self, name: str, default: str) -> str:
        """A STRING attribute."""
        return self._typed(name, bytes, default.encode()).decode(errors="replace")

    def ints(self, name: str) -> tuple[int, ...] | None:
        """An INTS attribute; None when absent."""
        value = self.attributes.get(name)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
            raise Refusal(
                self, f"attribute {name} is {type(value).__name__}; a list of whole numbers was wanted"
            )
        return tuple(int(v) for v in value)

    def _typed(self, name: str, wanted: type[T], default: T) -> T:
        value = self.attributes.get(name, default)
        if not isinstance(value, wanted):
            raise Refusal(self, f"attribute {name} is {type(value).__name__}; {wanted.__name__} was wanted")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output of the model: its shape in ONNX order (batch made 1) and numpy dtype name."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The graph of a file: nodes in running order, constants decoded (floating point ones to float32)."""

    name: str
    opset: int
    nodes: tuple[OnnxNode, ...]
    constants: Mapping[str, Array]
    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]
    few_bits: Mapping[str, int] = field(default_factory=dict)
    """Constants that the file keeps in four or two bits, and in how many."""
