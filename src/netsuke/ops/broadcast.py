"""Two operands broadcast against each other: shapes, loop nests and kernels of every binary operator.

Each binary operator has two C kernels a type. The first walks rows of elements with one step between rows,
which covers equal shapes, scalars and operands that repeat along the leading or the trailing dimensions. The
second walks any broadcast of up to six dimensions; its outer loops are a table in flash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir import DType
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Shape, Site
from netsuke.ops.overlap import Overlap, elementwise

MAX_RANK = 6
WALK_LEVELS = MAX_RANK - 1

SUFFIX = {DType.INT8: "s8", DType.UINT8: "u8", DType.INT16: "s16", DType.INT32: "s32", DType.FLOAT32: "f32"}
"""How a kernel's name ends, by element type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsArgs(KernelArgs):
    """Base of the binary kernels' structs: rows of `inner` elements.

    `step_*` leads from one element of an operand to the next, 0 where it repeats; `jump_*` leads from one
    element past a row to the first of the next row.
    """

    rows: int
    inner: int
    step_0: int
    step_1: int
    jump_0: int
    jump_1: int


class Rows(TypedDict):
    """The fields of RowsArgs, to be handed on to a struct that has more."""

    rows: int
    inner: int
    step_0: int
    step_1: int
    jump_0: int
    jump_1: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One loop over the output, with the elements that it moves on in either operand."""

    count: int
    step_0: int
    step_1: int


def broadcast_shape(left: Shape, right: Shape) -> Shape:
    """The shape that both operands are stretched to (CalculateShapeForBroadcast).

    Raises:
        GraphError: when a dimension is neither equal in both nor 1 in one.
    """
    try:
        return np.broadcast_shapes(left, right)
    except ValueError:
        raise GraphError(
            f"got shapes {list(left)} and {list(right)}; "
            "each dimension, counted from the last, must be equal in both or 1 in one"
        ) from None


def steps_within(shape: Shape, output: Shape) -> tuple[int, ...]:
    """Elements from one index of the output to the next in an operand of this shape; 0 where it repeats."""
    padded = (1,) * (len(output) - len(shape)) + shape
    steps: list[int] = []
    step = 1
    for size in reversed(padded):
        steps.append(step if size > 1 else 0)
        step *= size
    return tuple(reversed(steps))


def loops_over(left: Shape, right: Shape) -> tuple[Loop, ...]:
    """The fewest loops that visit the output in order, outermost first; at least one."""
    shape = broadcast_shape(left, right)
    kept: list[Loop] = []
    for count, step_0, step_1 in zip(
        shape, steps_within(left, shape), steps_within(right, shape), strict=True
    ):
        if count == 1:
            continue
        if kept and kept[-1].step_0 == count * step_0 and kept[-1].step_1 == count * step_1:
            kept[-1] = Loop(count=kept[-1].count * count, step_0=step_0, step_1=step_1)
        else:
            kept.append(Loop(count=count, step_0=step_0, step_1=step_1))
    return tuple(kept) or (Loop(count=1, step_0=1, step_1=1),)


def loops_of(site: Site[Any]) -> tuple[Loop, ...]:
    """The loops over inputs 0 and 1 of a node."""
    return loops_over(site.x(0).shape, site.x(1).shape)


def rows_of(site: Site[Any]) -> Rows:
    """The rows of a node; the jumps are those of the next loop outwards."""
    *outer, inner = loops_of(site)
    first = outer[-1] if outer else Loop(count=1, step_0=0, step_1=0)
    return Rows(
        rows=int(np.prod([loop.count for loop in outer], dtype=np.int64)),
        inner=inner.count,
        step_0=inner.step_0,
        step_1=inner.step_1,
        jump_0=first.step_0 - inner.count * inner.step_0,
        jump_1=first.step_1 - inner.count * inner.step_1,
    )


def walk_of(site: Site[Any]) -> Constant:
    """The outer loops of the general kernels, innermost first.

    Each is a count, and what its step adds to a row's start in either operand.
    """
    outer = list(reversed(loops_of(site)[:-1]))
    table = []
    walked_0 = walked_1 = 0
    for loop in outer:
        table.append((loop.count, loop.step_0 - walked_0, loop.step_1 - walked_1))
        walked_0 += (loop.count - 1) * loop.step_0
        walked_1 += (loop.count - 1) * loop.step_1
    table += [(1, 0, 0)] * (WALK_LEVELS - len(table))
    return Constant(
        label="walk", data=np.array(table, dtype=np.int32), shape_note="loops x (count, step_0, step_1)"
    )


def infer(site: Site[Any]) -> tuple[Shape]:
    """The broadcast of both inputs' shapes."""
    return (broadcast_shape(site.x(0).shape, site.x(1).shape),)


def at_most_rank_6(site: Site[Any]) -> str | None:
    """Inputs have at most 6 dimensions."""
    ranks = len(site.x(0).shape), len(site.x(1).shape)
    return None if max(ranks) <= MAX_RANK else f"{ranks[0]} and {ranks[1]} dimensions"


def full_size_inputs(site: Site[Any]) -> tuple[Overlap, ...]:
    """The inputs of the output's shape: an element is read before its place is written."""
    return tuple(claim for i, x in enumerate(site.inputs) if x is not None for claim in elementwise(site, i))


def binary_kernels(
    stem: str,
    dtype: DType,
    args: type[RowsArgs],
    args_of: Callable[[Site[Any]], RowsArgs],
    accepts: Callable[[Site[Any]], bool] = lambda site: True,
) -> tuple[Kernel, Kernel]:
    """nk_<stem>_<type> for what two loops reach, and nk_<stem>_broadcast_<type> for everything else.

    Args:
        stem: the operator's part of the names.
        dtype: element type of both inputs and the output.
        args: the argument struct.
        args_of: makes it for a site.
        accepts: what is asked of a site beyond its element type.
    """

    def fits(site: Site[Any]) -> bool:
        return site.x(0).dtype is dtype and accepts(site)

    def bind_rows(site: Site[Any]) -> tuple[Call]:
        return (rows.call(Input(index=0), Input(index=1), Output(index=0), args=args_of(site)),)

    def bind_walk(site: Site[Any]) -> tuple[Call]:
        return (
            walk.call(Input(index=0), Input(index=1), walk_of(site), Output(index=0), args=args_of(site)),
        )

    operands = (Param(name="x0", ctype=f"const {dtype.c}"), Param(name="x1", ctype=f"const {dtype.c}"))
    result = Param(name="y", ctype=dtype.c)
    rows = Kernel(
        name=f"nk_{stem}_{SUFFIX[dtype]}",
        params=(*operands, result),
        args=args,
        bind=bind_rows,
        accepts=lambda site: fits(site) and len(loops_of(site)) <= 2,
        overlap=full_size_inputs,
    )
    walk = Kernel(
        name=f"nk_{stem}_broadcast_{SUFFIX[dtype]}",
        params=(*operands, Param(name="walk", ctype="const int32_t"), result),
        args=args,
        bind=bind_walk,
        accepts=fits,
        overlap=full_size_inputs,
    )
    return rows, walk
