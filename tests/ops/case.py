"""One case of an operator: a graph of one node, and how it is to be run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.ir import Args, Array, DType, Graph, Node, Quantization, Tensor, TensorType


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`graph` holds one node; every form of it must agree to the bit (float32: with the oracle within `ulp`)."""

    id: str
    graph: Graph
    ulp: int = 0
    """How far float32 results may lie from LiteRT's; our own forms always agree to the bit."""
    oracle: bool = True
    """False where LiteRT has no reference kernel for this form; say why in a comment."""


def one_node(
    case_id: str,
    op: str,
    args: Args,
    operands: Sequence[TensorType | tuple[TensorType, Array] | None],
    results: Sequence[TensorType],
    **options: object,
) -> Case:
    """A case from types: a pair (type, value) is a constant operand, a bare type an input, None an absent one."""
    tensors: dict[str, Tensor] = {}
    names: list[str] = []
    inputs: list[str] = []
    for i, operand in enumerate(operands):
        if operand is None:
            names.append("")
            continue
        kind, data = operand if isinstance(operand, tuple) else (operand, None)
        name = f"x{i}"
        tensors[name] = Tensor(
            name=name, shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization, data=data
        )
        names.append(name)
        if data is None:
            inputs.append(name)
    outputs = []
    for i, kind in enumerate(results):
        tensors[f"y{i}"] = Tensor(
            name=f"y{i}", shape=kind.shape, dtype=kind.dtype, quantization=kind.quantization
        )
        outputs.append(f"y{i}")
    node = Node(op=op, name=op, inputs=tuple(names), outputs=tuple(outputs), args=args)
    graph = Graph(name="case", tensors=tensors, nodes=(node,), inputs=tuple(inputs), outputs=tuple(outputs))
    return Case(id=f"{op}-{case_id}", graph=graph, **options)  # type: ignore[arg-type]


def tensor_type(
    shape: Sequence[int], dtype: DType, scale: float | None = None, zero_point: int = 0
) -> TensorType:
    """A type with per-tensor quantisation, or none."""
    quantization = None if scale is None else Quantization.per_tensor(scale, zero_point)
    return TensorType(shape=tuple(shape), dtype=dtype, quantization=quantization)
