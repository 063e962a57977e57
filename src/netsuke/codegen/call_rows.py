"""Layers that share a kernel, for the least flash: what all of them give it alike stands in one function, in which the
kernel is expanded; what differs is a row of narrow numbers for each layer.

A kernel's argument struct is all words, and most of them are small numbers or the same in every layer. The compiler
sees those that are the same, and drops what no layer needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from netsuke.codegen.literals import scalar, wrapped
from netsuke.codegen.names import Names
from netsuke.codegen.style import call as broken_call
from netsuke.codegen.style import comment, declaration
from netsuke.ops.kernel import Call, Constant, Kernel, KernelArgs, Param
from netsuke.ops.program import Program
from netsuke.plan import Plan

MACRO = """/* A function of its own, whatever the compiler thinks of it. */
#if defined(__GNUC__) || defined(__clang__)
#define NK_CALLER __attribute__((noinline))
#else
#define NK_CALLER
#endif
"""
ROW = "row"
"""The function's name for a layer's row."""
SIZES = {"uint8_t": 1, "int8_t": 1, "uint16_t": 2, "int16_t": 2, "int32_t": 4, "float": 4}
"""Types of members in the order in which they are tried, with their bytes."""
WORD = 4
COPY_BYTES = 4
"""Code that reads a member and stores it where the kernel finds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the rows: a number that the layers do not give alike."""

    name: str
    ctype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRows:
    """How layers call a kernel that they share. `values` is the C text of every element of the argument struct, in
    order, inside the function; `columns` the member that each element is read from, None for one that is the same
    everywhere. Without `members` there is no row."""

    kernel: Kernel
    layers: int
    members: tuple[Member, ...]
    columns: tuple[str | None, ...]
    values: tuple[str, ...]
    pointers: tuple[str | None, ...]
    """For each pointer the member that has it; None for one that the layer passes."""

    @property
    def function(self) -> str:
        """The C function that the layers call."""
        return f"nk_call_{self.kernel.name.removeprefix('nk_')}"

    @property
    def row_bytes(self) -> int:
        """Flash of a row: numbers, and pointers on 32-bit cores."""
        numbers = sum(SIZES.get(member.ctype, 0) for member in self.members)
        pointers = sum(1 for own in self.pointers if own is not None)
        return -(-numbers // WORD) * WORD + pointers * WORD

    @property
    def alike(self) -> float:
        """The share of the argument struct that is the same in all layers."""
        return sum(1 for column in self.columns if column is None) / max(1, len(self.columns))

    @property
    def caller_bytes(self) -> int:
        """About how much code it takes to read rows."""
        return len(self.columns) * COPY_BYTES

    @property
    def row_type(self) -> str:
        """The C type of a row."""
        return f"{self.kernel.name}_row"

    def row(self, name: str, args: KernelArgs, constants: Sequence[str]) -> str:
        """Definition of a layer's row; `constants` are the C names of the arrays that it points to."""
        given = dict(zip(self.columns, map(scalar, elements(args)), strict=True))
        given |= dict(zip((p for p in self.pointers if p), constants, strict=True))
        texts = (f".{member.name} = {given[member.name]}" for member in self.members)
        return f"static const {self.row_type} {name} = {{\n{wrapped(texts)}}};\n"

    def text(self) -> str:
        """The type and the function."""
        about = comment(
            f"{self.kernel.name} for the {self.layers} layers that call it: what they give alike stands here, what "
            "differs in a row of each."
        )
        members = "".join(
            f"  {m.ctype}{'' if m.ctype.endswith('*') else ' '}{m.name};\n" for m in self.members
        )
        params = self.kernel.params
        passed = [p for p, own in zip(params, self.pointers, strict=True) if own is None]
        given = [
            p.name if own is None else f"{ROW}->{own}" for p, own in zip(params, self.pointers, strict=True)
        ]
        parameters = [f"{p.ctype} *{p.name}" for p in passed]
        if self.members:
            parameters.append(f"const {self.row_type} *{ROW}")
        head = declaration(f"static NK_CALLER void {self.function}(", parameters, ") {")
        struct = wrapped(initialisers(self.kernel.args, self.values), "      ")
        body = f"  const {self.kernel.args.c_name} args = {{\n{struct}}};\n"
        called = broken_call(f"  {self.kernel.name}(", [*given, "&args"])
        kind = f"typedef struct {self.row_type} {{\n{members}}} {self.row_type};\n\n" if self.members else ""
        return f"{about}\n{kind}{head}\n{body}{called}\n}}\n"


def call_rows(plans: Sequence[Plan]) -> Mapping[str, CallRows]:
    """The kernels of one image that layers call so, by name: those that several layers share, where rows are smaller
    than argument structs. None in programs that are not `compact`."""
    shared: dict[str, list[Call]] = {}
    apart: set[str] = set()
    for program, node, call, fused in every_call(plans):
        if fused or not program.compact:
            apart.add(call.kernel.name)  # a call of another kind: the kernel is a function of its own
        elif node not in program.expanded:
            shared.setdefault(call.kernel.name, []).append(call)
    found = {name: worthwhile(calls) for name, calls in sorted(shared.items()) if name not in apart}
    return {name: rows for name, rows in found.items() if rows is not None}


def every_call(plans: Sequence[Plan]) -> Iterator[tuple[Program, str, Call, bool]]:
    """(program, node's name, call, whether it stands in a stream or in patches). Nodes that need no code call none."""
    for plan in plans:
        for step in plan.steps:
            for node, call in step.calls_by_node:
                yield plan.program, node.name, call, step.fused is not None


def rows_of(calls: Sequence[Call]) -> CallRows:
    """The form of several calls of one kernel."""
    kernel = calls[0].kernel
    fresh = Names({ROW, "args"})
    own = tuple(
        all(isinstance(call.pointers[i], Constant) for call in calls) for i in range(len(kernel.params))
    )
    pointers = tuple(
        fresh.fresh(p.name) if mine else None for p, mine in zip(kernel.params, own, strict=True)
    )
    members: list[Member] = []
    columns: list[str | None] = []
    values: list[str] = []
    known: dict[tuple[str, ...], str] = {}
    for label, column in zip(
        labels(calls[0].args), zip(*(elements(c.args) for c in calls), strict=True), strict=True
    ):
        texts = tuple(map(scalar, column))
        alike = len(set(texts)) == 1
        if not alike and texts not in known:
            known[texts] = fresh.fresh(label)
            members.append(Member(name=known[texts], ctype=narrowest(column)))
        columns.append(None if alike else known[texts])
        values.append(texts[0] if alike else f"{ROW}->{known[texts]}")
    # Bytes first: the shortest instructions reach only so far.
    members.sort(key=lambda member: SIZES[member.ctype])
    members += [
        Member(name=name, ctype=pointer_type(param))
        for name, param in zip(pointers, kernel.params, strict=True)
        if name is not None
    ]
    return CallRows(
        kernel=kernel,
        layers=len(calls),
        members=tuple(members),
        columns=tuple(columns),
        values=tuple(values),
        pointers=pointers,
    )


def pointer_type(param: Param) -> str:
    """The C type of a member that holds the parameter."""
    return f"{param.ctype} *"


def worthwhile(calls: Sequence[Call]) -> CallRows | None:
    """The form of several calls of one kernel; None where it would save nothing, or a layer calls others beside it."""
    if len(calls) < 2 or len({call.kernel.name for call in calls}) > 1:
        return None
    rows = rows_of(calls)
    return rows if saved_bytes(rows, calls) > 0 else None


def saved_bytes(rows: CallRows, calls: Sequence[Call]) -> int:
    """About how much less flash rows take than argument structs; pointers cost the same in a row as in a function."""
    pointers = sum(WORD for own in rows.pointers if own is not None)
    words = len(calls) * len(rows.columns) * WORD
    return words - len(calls) * (rows.row_bytes - pointers) - rows.caller_bytes


def elements(args: KernelArgs) -> tuple[int | float, ...]:
    """All numbers of an argument struct, in order; those of tuples one by one."""
    found: list[int | float] = []
    for field in fields(args):  # type: ignore[arg-type]
        value = getattr(args, field.name)
        found += value if isinstance(value, tuple) else [value]
    return tuple(found)


def labels(args: KernelArgs) -> tuple[str, ...]:
    """A name for each of the elements."""
    found: list[str] = []
    for field in fields(args):  # type: ignore[arg-type]
        value = getattr(args, field.name)
        found += (
            [f"{field.name}_{i}" for i in range(len(value))] if isinstance(value, tuple) else [field.name]
        )
    return tuple(found)


def initialisers(args: type[KernelArgs], values: Sequence[str]) -> Iterator[str]:
    """The members of an argument struct with the texts of its elements."""
    rest = iter(values)
    for field in fields(args):  # type: ignore[arg-type]
        length = field.metadata.get("length")
        text = next(rest) if length is None else f"{{{', '.join(next(rest) for _ in range(length))}}}"
        yield f".{field.name} = {text}"


def narrowest(column: Sequence[int | float]) -> str:
    """The smallest C type that holds every number."""
    if any(isinstance(value, float) for value in column):
        return "float"
    low, high = min(column), max(column)
    bits = {"uint8_t": (0, 255), "int8_t": (-128, 127), "uint16_t": (0, 65535), "int16_t": (-32768, 32767)}
    return next((name for name, (least, most) in bits.items() if least <= low and high <= most), "int32_t")
