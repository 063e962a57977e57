"""Nodes of ONNX that stand for another one: what writes them, and what it may ask about the operands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from netsuke.importers.onnx.model import Attribute, OnnxNode, Refusal
from netsuke.ir import Array

COMPOSED_OPSET = 13
"""What is written here means what it says from this opset on."""
MOST = 1 << 18
"""Most elements that are picked one by one: each takes an index of four bytes."""


class Seen(Protocol):
    """What is known of a node's operands."""

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Its shape."""
        ...

    def ahead(self, name: str) -> Array | None:
        """Its value where it is a constant."""
        ...


@dataclass(slots=True, kw_only=True)
class Writing:
    """The nodes that stand for one."""

    node: OnnxNode
    seen: Seen
    made: list[OnnxNode] = field(default_factory=list)

    def add(self, op: str, *inputs: str, result: str = "", **attributes: Attribute) -> str:
        """A node with one output, a name of its own unless it is the last."""
        output = result or f"{self.node.label}/{len(self.made)}"
        self.made.append(
            OnnxNode(
                op=op, name=f"{self.node.label}/{op}", index=self.node.index, inputs=inputs, outputs=(output,),
                attributes=attributes,
            )
        )  # fmt: skip
        return output

    def constant(self, value: Array) -> str:
        """A constant."""
        return self.add("Constant", value=value)

    def shape(self, index: int) -> tuple[int, ...]:
        """Of an input."""
        return self.seen.shape_of(self.node.inputs[index])

    def known(self, index: int) -> Array:
        """The value of a constant input.

        Raises:
            Refusal: when it is computed at run time.
        """
        value = self.seen.ahead(self.node.input(index))
        if value is None:
            raise Refusal(self.node, f"input {index} is computed at run time; a constant was wanted")
        return value

    def axis(self, default: int, rank: int) -> int:
        """The axis attribute, counted from the front."""
        axis = self.node.int_("axis", default)
        if not -rank <= axis < rank:
            raise Refusal(self.node, f"axis {axis} of {rank} dimensions")
        return axis % rank

    @property
    def result(self) -> str:
        """The node's first output."""
        return self.node.outputs[0]
