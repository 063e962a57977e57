"""Every operator by name. A family is listed once, here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from netsuke.errors import GraphError
from netsuke.ir import Args, Graph, Node
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Operator, Site, site_of

FAMILIES = (
    "pool",
    "conv_2d",
    "depthwise",
    "fully_connected",
    "transpose_conv",
    "batch_matmul",
    "state",
    "add",
    "mul",
    "extremum",
    "relu",
    "leaky_relu",
    "prelu",
    "hard_swish",
    "logistic",
    "lookup",
    "softmax",
    "quantize",
    "dequantize",
    "arg_max",
    "concatenation",
    "pack",
    "pad",
    "reduce",
    "reshape",
    "resize",
    "slice",
    "split",
    "transpose",
    "float_unary",
    "float_binary",
    "log_softmax",
    "normalize",
    "reduce_more",
    "compare",
    "cast",
    "gather",
    "cumsum",
    "tile",
    "lstm",
    "gru",
)  # fmt: skip


@cache
def operators() -> dict[str, Operator[Any]]:
    """Operator name → operator, over all families."""
    found: dict[str, Operator[Any]] = {}
    for family in FAMILIES:
        for operator in import_module(f"netsuke.ops.{family}").OPERATORS:
            if operator.name in found:
                raise AssertionError(f"two operators are called {operator.name}")
            found[operator.name] = operator
    return found


def operator(name: str) -> Operator[Any]:
    """The operator of that name.

    Raises:
        GraphError: when netsuke has none.
    """
    try:
        return operators()[name]
    except KeyError:
        raise GraphError(f"got operator {name!r}; netsuke has {', '.join(sorted(operators()))}") from None


def kernels() -> Iterator[Kernel]:
    """Every kernel once."""
    seen: set[str] = set()
    for op in operators().values():
        sums = () if op.row_sums is None else (op.row_sums.part, op.row_sums.finish)
        for kernel in (*op.kernels, *sums):
            if kernel.name not in seen:
                seen.add(kernel.name)
                yield kernel


def site(graph: Graph, node: Node) -> Site[Args]:
    """The node in its graph, held against its operator's rules.

    Raises:
        GraphError: when it breaks one.
    """
    found = site_of(graph, node)
    operator(node.op).check(found)
    return found
