"""READ_VARIABLE and ASSIGN_VARIABLE: values that live from one step of a streaming model to the next.

TFLite's VAR_HANDLE and CALL_ONCE have no node here: the importer turns handles into the names of
`Graph.states`, and the once-called subgraph into their initial values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from netsuke.ir import Args, Array
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param, StatePointer
from netsuke.ops.operator import Operator, Shape, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVariable(Args):
    """`variable` names a state of the graph."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignVariable(Args):
    """`variable` names a state of the graph."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyArgs(KernelArgs):
    """How many bytes."""

    c_name: ClassVar[str] = "nk_copy_args"
    nbytes: int


def bind_read(site: Site[ReadVariable]) -> tuple[Call]:
    """A copy out of the state; the planner drops it where the state itself can be read."""
    args = CopyArgs(nbytes=site.y().nbytes)
    return (COPY.call(StatePointer(name=site.args.variable), Output(index=0), args=args),)


def bind_assign(site: Site[AssignVariable]) -> tuple[Call]:
    """A copy into the state."""
    args = CopyArgs(nbytes=site.x().nbytes)
    return (COPY.call(Input(index=0), StatePointer(name=site.args.variable), args=args),)


COPY_PARAMS = (Param(name="x", ctype="const void"), Param(name="y", ctype="void"))
COPY = Kernel(name="nk_copy", params=COPY_PARAMS, args=CopyArgs, bind=bind_assign)
"""Bytes from here to there; also what a reshape becomes when it cannot be a view."""
COPY_OUT = Kernel(name="nk_copy", params=COPY_PARAMS, args=CopyArgs, bind=bind_read)


def read_infer(site: Site[ReadVariable]) -> tuple[Shape]:
    """The output's own shape: a node does not see its graph's states, whose types the verifier compares."""
    return (site.y().shape,)


def assign_infer(site: Site[AssignVariable]) -> tuple[()]:
    """No output."""
    del site
    return ()


def handled_by_interpret(site: Site[Any], values: Sequence[Array | None]) -> tuple[Array, ...]:
    """State lives in the interpreter's memory, not in a node's operands."""
    raise AssertionError(f"{site.node.op} is run by interpret itself with {len(values)} operands")


READ_VARIABLE = Operator(
    name="read_variable",
    tflite=("READ_VARIABLE", "VAR_HANDLE"),
    summary="the value of a state (streaming models)",
    args=ReadVariable,
    infer=read_infer,
    reference=handled_by_interpret,
    kernels=(COPY_OUT,),
    view=True,
)
ASSIGN_VARIABLE = Operator(
    name="assign_variable",
    tflite=("ASSIGN_VARIABLE", "CALL_ONCE"),
    summary="a new value for a state (streaming models)",
    args=AssignVariable,
    infer=assign_infer,
    reference=handled_by_interpret,
    kernels=(COPY,),
)

OPERATORS: tuple[Operator[ReadVariable] | Operator[AssignVariable], ...] = (READ_VARIABLE, ASSIGN_VARIABLE)
