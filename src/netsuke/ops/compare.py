"""EQUAL, LESS and their like, LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT and SELECT_V2: truth values, and a choice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.arithmetic import operands
from netsuke.ops.broadcast import (
    MAX_RANK,
    RowsArgs,
    at_most_rank_6,
    infer,
    loops_of,
    rows_of,
    steps_within,
    walk_of,
)
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of
from netsuke.ops.unary import NoArgs, unary_kernel
from netsuke.ops.unary import infer as same_shape

RELATIONS: dict[str, tuple[int, Callable[[Array, Array], Any]]] = {
    "equal": (0, np.equal),
    "not_equal": (1, np.not_equal),
    "less": (2, np.less),
    "less_equal": (3, np.less_equal),
    "greater": (4, np.greater),
    "greater_equal": (5, np.greater_equal),
}
"""Operator → its number in C, and its meaning."""
LOGIC: dict[str, tuple[int, Callable[[Array, Array], Any]]] = {
    "logical_and": (0, np.logical_and),
    "logical_or": (1, np.logical_or),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationArgs(RowsArgs):
    """The rows, and which relation: 0 ==, 1 !=, 2 <, 3 <=, 4 >, 5 >=; or 0 and, 1 or."""

    c_name: ClassVar[str] = "nk_relation_args"
    relation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectArgs(KernelArgs):
    """Loops over the output, outermost first; elements from one index to the next in condition, first and second."""

    c_name: ClassVar[str] = "nk_select_args"
    count: tuple[int, ...] = field(metadata={"length": MAX_RANK})
    step_c: tuple[int, ...] = field(metadata={"length": MAX_RANK})
    step_0: tuple[int, ...] = field(metadata={"length": MAX_RANK})
    step_1: tuple[int, ...] = field(metadata={"length": MAX_RANK})


def truth_of(*wanted: DType) -> Callable[[Site[Any]], str | None]:
    """A constraint: operands of one of the types, a truth value out."""
    names = " or ".join(d.value for d in wanted)

    def constraint(site: Site[Any]) -> str | None:
        x0, x1, y = site.x(0).dtype, site.x(1).dtype, site.y().dtype
        return (
            None if x0 is x1 and x0 in wanted and y is DType.BOOL else f"{x0.value}, {x1.value} to {y.value}"
        )

    constraint.__doc__ = f"Both inputs are {names}, the output bool."
    return constraint


def relation_kernels(stem: str, dtype: DType, suffix: str, numbers: dict[str, int]) -> tuple[Kernel, Kernel]:
    """nk_<stem>_<suffix> for what two loops reach, and nk_<stem>_broadcast_<suffix> for the rest."""

    def args_of(site: Site[Any]) -> RelationArgs:
        return RelationArgs(**rows_of(site), relation=numbers[site.node.op])

    def bind_rows(site: Site[Any]) -> tuple[Call]:
        return (rows.call(Input(index=0), Input(index=1), Output(index=0), args=args_of(site)),)

    def bind_walk(site: Site[Any]) -> tuple[Call]:
        return (
            walk.call(Input(index=0), Input(index=1), walk_of(site), Output(index=0), args=args_of(site)),
        )

    def fits(site: Site[Any]) -> bool:
        return site.x(0).dtype is dtype

    inputs = (Param(name="x0", ctype=f"const {dtype.c}"), Param(name="x1", ctype=f"const {dtype.c}"))
    result = Param(name="y", ctype="bool")
    rows = Kernel(
        name=f"nk_{stem}_{suffix}", params=(*inputs, result), args=RelationArgs, bind=bind_rows,
        accepts=lambda site: fits(site) and len(loops_of(site)) <= 2,
    )  # fmt: skip
    walk = Kernel(
        name=f"nk_{stem}_broadcast_{suffix}", params=(*inputs, Param(name="walk", ctype="const int32_t"), result),
        args=RelationArgs, bind=bind_walk, accepts=fits,
    )  # fmt: skip
    return rows, walk


NUMBERS = {name: number for name, (number, _) in RELATIONS.items()}
COMPARE_KERNELS = (
    *relation_kernels("compare", DType.FLOAT32, "f32", NUMBERS),
    *relation_kernels("compare", DType.INT32, "s32", NUMBERS),
)
LOGIC_KERNELS = relation_kernels("logic", DType.BOOL, "bool", {n: number for n, (number, _) in LOGIC.items()})


def relation_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """Element by element; a NaN is unequal to everything."""
    x0, x1 = operands(values)
    _, meaning = RELATIONS.get(site.node.op) or LOGIC[site.node.op]
    return (np.asarray(meaning(x0, x1), dtype=np.bool_),)


def relation_operator(name: str) -> Operator[NoArgs]:
    """One comparison, or one connective."""
    logic = name in LOGIC
    types = (DType.BOOL,) if logic else (DType.FLOAT32, DType.INT32)
    return Operator(
        name=name,
        tflite=(name.upper(),),
        summary=("both are true" if name == "logical_and" else "one is true")
        if logic
        else f"{name.replace('_', ' or ', name != 'not_equal')}, broadcast",
        args=NoArgs,
        infer=infer,
        reference=relation_reference,
        constraints=(truth_of(*types), at_most_rank_6),
        kernels=LOGIC_KERNELS if logic else COMPARE_KERNELS,
    )


def not_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """The other truth value."""
    del site
    x = values[0]
    assert x is not None
    return (np.logical_not(x),)


LOGICAL_NOT = Operator(
    name="logical_not",
    tflite=("LOGICAL_NOT",),
    summary="the other truth value",
    args=NoArgs,
    infer=same_shape,
    reference=not_reference,
    constraints=(dtypes_of(DType.BOOL),),
    kernels=(unary_kernel("nk_logical_not", DType.BOOL, DType.BOOL),),
)


def select_types(site: Site[NoArgs]) -> str | None:
    """The condition is bool, both choices and the output of one type: float32, int32 or int8."""
    c, x0, x1, y = site.x(0).dtype, site.x(1).dtype, site.x(2).dtype, site.y().dtype
    fine = c is DType.BOOL and x0 is x1 is y and y in (DType.FLOAT32, DType.INT32, DType.INT8)
    return None if fine else f"{c.value}, {x0.value}, {x1.value} to {y.value}"


def select_rank(site: Site[NoArgs]) -> str | None:
    """At most 6 dimensions."""
    rank = len(select_infer(site)[0])
    return None if rank <= MAX_RANK else f"{rank}"


def select_infer(site: Site[NoArgs]) -> tuple[Shape]:
    """The broadcast of all three."""
    return (np.broadcast_shapes(site.x(0).shape, site.x(1).shape, site.x(2).shape),)


def select_reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
    """The first choice where the condition holds, else the second."""
    del site
    condition = values[0]
    assert condition is not None
    return (np.where(condition, *operands(values[1:])),)


def select_args(site: Site[NoArgs]) -> SelectArgs:
    """The loops: one a dimension."""
    (shape,) = select_infer(site)
    missing = MAX_RANK - len(shape)
    steps = [(0,) * missing + steps_within(site.x(i).shape, shape) for i in range(3)]
    return SelectArgs(count=(1,) * missing + shape, step_c=steps[0], step_0=steps[1], step_1=steps[2])


def select_kernel(dtype: DType, suffix: str) -> Kernel:
    """The kernel of one element type."""

    def bind(site: Site[NoArgs]) -> tuple[Call]:
        pointers = (Input(index=0), Input(index=1), Input(index=2), Output(index=0))
        return (kernel.call(*pointers, args=select_args(site)),)

    kernel = Kernel(
        name=f"nk_select_{suffix}",
        params=(
            Param(name="c", ctype="const bool"),
            Param(name="x0", ctype=f"const {dtype.c}"),
            Param(name="x1", ctype=f"const {dtype.c}"),
            Param(name="y", ctype=dtype.c),
        ),
        args=SelectArgs,
        bind=bind,
        accepts=lambda site: site.y().dtype is dtype,
    )
    return kernel


SELECT_V2 = Operator(
    name="select_v2",
    tflite=("SELECT_V2",),
    summary="one tensor's elements where a condition holds, else another's; broadcast",
    args=NoArgs,
    infer=select_infer,
    reference=select_reference,
    constraints=(select_types, select_rank),
    kernels=(
        select_kernel(DType.FLOAT32, "f32"),
        select_kernel(DType.INT32, "s32"),
        select_kernel(DType.INT8, "s8"),
    ),
)

OPERATORS: tuple[Operator[NoArgs], ...] = (
    *map(relation_operator, (*RELATIONS, *LOGIC)),
    LOGICAL_NOT,
    SELECT_V2,
)
