"""What an operator is: arguments, shape rule, constraints, reference, cost and kernels, in one value."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from netsuke.errors import GraphError
from netsuke.ir import Args, Array, DType, Graph, Node, Tensor
from netsuke.ops.kernel import Kernel
from netsuke.ops.rows import Rows, RowSums

A = TypeVar("A", bound=Args)
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Generic[A]):
    """One node with the types of its operands looked up: what every rule of an operator is asked about."""

    node: Node
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]

    @property
    def args(self) -> A:
        """The node's arguments."""
        return cast(A, self.node.args)

    def has(self, index: int) -> bool:
        """True when input `index` is present."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def x(self, index: int = 0) -> Tensor:
        """Input `index`.

        Raises:
            GraphError: when the node has no such input.
        """
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise GraphError(f"{self.node.op} {self.node.name!r}: input {index} is missing; give it one")
        return tensor

    def y(self, index: int = 0) -> Tensor:
        """Output `index`."""
        return self.outputs[index]

    def constant(self, index: int) -> Array:
        """The value of input `index`.

        Raises:
            GraphError: when the input is missing or not known at build time.
        """
        tensor = self.x(index)
        if tensor.data is None:
            raise GraphError(
                f"{self.node.op} {self.node.name!r}: input {index} ({tensor.name!r}) is computed at run time; "
                "a constant was wanted"
            )
        return tensor.data


Constraint = Callable[[Site[A]], str | None]
"""None when the site is fine, else what was got. Its docstring says what is wanted: error text and docs row."""

Reference = Callable[[Site[A], Sequence[Array | None]], tuple[Array, ...]]
"""(site, input values in order, None where absent) → output values. The definition of the operator, to the bit."""


def no_macs(site: Site[A]) -> int:
    """Zero: the operator multiplies nothing that counts as a MAC."""
    del site
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator(Generic[A]):
    """Everything netsuke knows about an operator. `operator.py` of a family makes one per operator."""

    name: str
    tflite: tuple[str, ...]
    """The BuiltinOperators of TFLite that it stands for; empty for one that only netsuke has."""
    summary: str
    """One line for `netsuke ops`."""
    args: type[A]
    infer: Callable[[Site[A]], tuple[Shape, ...]]
    """Output shapes from the site's inputs and arguments (site.outputs must not be looked at, but for their count)."""
    reference: Reference[A]
    constraints: tuple[Constraint[A], ...] = ()
    macs: Callable[[Site[A]], int] = field(default=no_macs)
    kernels: tuple[Kernel, ...] = ()
    """Best first: the first that accepts the site on the core is taken."""
    rows: Rows | None = None
    """How it is computed a few rows at a time, where it can be."""
    row_sums: RowSums | None = None
    """How it adds up an image whose rows come one after the other, where it can."""
    view: bool = False
    """True when the output is the input's bytes under another shape: no code is needed."""

    def check(self, site: Site[A]) -> None:
        """Holds the site against every constraint, then the declared shapes against the shape rule.

        Raises:
            GraphError: naming the operator, the place, what was wanted and what was got.
        """
        where = f"{self.name} {site.node.name!r}"
        if not isinstance(site.node.args, self.args):
            given = type(site.node.args).__name__
            raise GraphError(f"{where}: got arguments {given}; {self.args.__name__} was wanted")
        for constraint in self.constraints:
            got = constraint(site)
            if got is not None:
                raise GraphError(f"{where}: wanted: {describe(constraint)} Got: {got}.")
        for tensor, shape in zip(site.outputs, self.infer(site), strict=True):
            if tensor.shape != shape:
                raise GraphError(
                    f"{where}: output {tensor.name!r} says {list(tensor.shape)}; the shape rule gives {list(shape)}"
                )


def describe(constraint: Callable[..., object]) -> str:
    """The constraint in words: the first paragraph of its docstring, on one line."""
    text = inspect.getdoc(constraint) or constraint.__name__.replace("_", " ")
    return " ".join(text.split("\n\n")[0].split())


def site_of(graph: Graph, node: Node) -> Site[Args]:
    """The node with its operands' types looked up in its graph."""
    return Site(node=node, inputs=graph.input_types(node), outputs=graph.output_types(node))


def dtypes_of(*wanted: DType, inputs: tuple[int, ...] = (0,), outputs: bool = True) -> Constraint[Any]:
    """A constraint: these inputs and every output have one and the same of the `wanted` types."""
    names = " or ".join(d.value for d in wanted)

    def constraint(site: Site[Any]) -> str | None:
        seen = [site.x(i).dtype for i in inputs if site.has(i)]
        seen += [y.dtype for y in site.outputs] if outputs else []
        if len(set(seen)) == 1 and seen[0] in wanted:
            return None
        return ", ".join(d.value for d in seen)

    constraint.__doc__ = f"Inputs and outputs are all {names}."
    return constraint
