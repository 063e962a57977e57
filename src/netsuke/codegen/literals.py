"""Numbers, arrays and structs as C text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.kernel import KernelArgs

LINE = 110


def integer(value: int) -> str:
    """A C integer constant of the smallest type that holds it; the lowest value of a type has no literal of its own."""
    if value == -(1 << 63):
        return "(-INT64_C(9223372036854775807) - 1)"
    if value == -(1 << 31):
        return "(-2147483647 - 1)"
    return str(value) if -(1 << 31) < value < (1 << 31) else f"INT64_C({value})"


def real(value: float) -> str:
    """A C float constant that reads back as the same float32.

    Raises:
        AssertionError: for NaN; the importers refuse it.
    """
    if np.isinf(value):
        # Of IEEE arithmetic, at compile time: no header of a C library is needed.
        return "(1.0f / 0.0f)" if value > 0 else "(-1.0f / 0.0f)"
    if not np.isfinite(value):
        raise AssertionError(f"{value} cannot be written as a C constant")
    text = f"{np.float32(value):.9g}"
    return f"{text}f" if any(c in text for c in ".e") else f"{text}.0f"


def scalar(value: float | int) -> str:
    """An int or a float as C."""
    return integer(value) if isinstance(value, int) else real(value)


def wrapped(items: Iterable[str], indent: str = "    ") -> str:
    """Comma-separated items, broken into lines."""
    lines: list[str] = []
    line = indent
    for item in items:
        if len(line) + len(item) + 2 > LINE and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    lines.append(line.rstrip(" ,"))
    return "\n".join(lines)


def array(name: str, data: Array, note: str) -> str:
    """`static const` definition of a dense array, its shape in a comment."""
    flat = data.reshape(-1).tolist()
    texts = (real(v) for v in flat) if data.dtype == np.float32 else (integer(int(v)) for v in flat)
    shape = "x".join(str(n) for n in data.shape) or "1"
    comment = f"/* {shape}{f': {note}' if note else ''} */"
    return f"{comment}\nstatic const {element_type(data)} {name}[{max(1, data.size)}] = {{\n{wrapped(texts)}}};\n"


def element_type(data: Array) -> str:
    """The C type of an array's elements; kernels' own tables may be unsigned where no tensor is."""
    return f"{data.dtype.name}_t" if data.dtype.name in ("uint16", "uint32") else DType.of(data).c


def struct(name: str, args: KernelArgs) -> str:
    """`static const` definition of a kernel's argument struct."""
    return f"static const {args.c_name} {name} = {{\n{wrapped(members(args))}}};\n"


def structs(name: str, args: Sequence[KernelArgs]) -> str:
    """`static const` definition of an array of them."""
    items = ",\n".join(f"    {{\n{wrapped(members(each), '     ')}}}" for each in args)
    return f"static const {args[0].c_name} {name}[{len(args)}] = {{\n{items}}};\n"


def members(args: KernelArgs) -> list[str]:
    """The initialisers of an argument struct."""
    return [f".{f.name} = {member(getattr(args, f.name))}" for f in fields(args)]  # type: ignore[arg-type]


def member(value: object) -> str:
    """One member's initialiser."""
    if isinstance(value, tuple):
        return "{" + ", ".join(scalar(v) for v in value) + "}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionError(f"{value!r} cannot be a member of an argument struct")
    return scalar(value)
