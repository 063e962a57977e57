"""What was measured, as values and as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netsuke.errors import NetsukeError


class DamagedEntry(NetsukeError):  # noqa: N818
    """A line that is no measurement; whoever reads a file passes over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """One layer by itself, its kernel expanded into it. Sizes are bytes of code.

    `code` is the layer's own function, `args` what remains of argument structs, `helpers` the functions it calls, which
    other layers may share.
    """

    cycles: int
    instructions: int
    code: int
    args: int
    helpers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelCost:
    """One kernel as a function for any layer. `glue` is the code of a layer that calls it; `cycles` and `expanded` are
    what one and the same layer takes with it and with the kernel expanded."""

    code: int
    glue: int
    cycles: int
    expanded: int
    helpers: Mapping[str, int] = field(default_factory=dict)


Cost = LayerCost | KernelCost


def to_line(key: str, cost: Cost, toolchain: str | None = None) -> str:
    """One line of a cache file; without a toolchain where a heading names it."""
    helpers = [item for pair in sorted(cost.helpers.items()) for item in pair]
    if isinstance(cost, LayerCost):
        fields = ["layer", key, [cost.cycles, cost.instructions, cost.code, cost.args], helpers]
    else:
        fields = ["kernel", key, [cost.code, cost.glue, cost.cycles, cost.expanded], helpers]
    line = fields if toolchain is None else [toolchain, *fields]
    return json.dumps(line, separators=(",", ":")) + "\n"


def from_line(line: str, toolchain: str = "") -> tuple[tuple[str, str], Cost]:
    """((toolchain, key), cost) of a line.

    Raises:
        DamagedEntry: when it is none.
    """
    try:
        fields = json.loads(line)
        if len(fields) == 5:
            toolchain, *fields = fields
        kind, key, numbers, helpers = fields
        return (text(toolchain), text(key)), cost_of(text(kind), numbers, helpers)
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedEntry(f"got {line[:80]!r}, wanted a measurement: {error}") from None


def cost_of(kind: str, numbers: list[Any], helpers: list[Any]) -> Cost:
    """The value."""
    first, second, third, fourth = [whole(n) for n in numbers]
    shared = {text(name): whole(size) for name, size in zip(helpers[::2], helpers[1::2], strict=True)}
    if kind == "kernel":
        return KernelCost(code=first, glue=second, cycles=third, expanded=fourth, helpers=shared)
    if kind != "layer":
        raise ValueError(f"{kind!r} is no kind of measurement")
    return LayerCost(cycles=first, instructions=second, code=third, args=fourth, helpers=shared)


def whole(value: object) -> int:
    """A whole number of at least 0, else ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def text(value: object) -> str:
    """A str, else ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no name")
    return value
