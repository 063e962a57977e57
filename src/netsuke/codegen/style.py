"""Lines of C broken where clang-format (Google style, 110 columns, 2 spaces) breaks them.

Only the forms that the generator writes: calls, declarations, conditions, short functions and comments. The
rule for a list in parentheses is clang-format's own: fill the lines under the first element, or break behind the
parenthesis and indent by 4 when that takes fewer lines (in a declaration: only when the other way does not fit).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

COLUMNS = 110


def comment(text: str) -> str:
    """A block comment; later lines are indented by 3. The text must not hold the end of a comment."""
    return textwrap.fill(
        f"/* {text} */",
        COLUMNS,
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def call(lead: str, arguments: Sequence[str], end: str = ");", between: str = ",") -> str:
    """A statement such as `  f(a, b);`, where `lead` is `  f(` and is indented already."""
    aligned = filled(lead, arguments, between, end)
    broken = hanging(lead, arguments, between, end)
    return "\n".join(broken if better(broken, aligned) else aligned)


def assignment(left: str, right: str) -> str:
    """`left = right;`, broken behind the sign when it is too long; `left` is indented already."""
    line = f"{left} = {right};"
    indent = " " * (len(left) - len(left.lstrip()) + 4)
    return line if fits([line]) else f"{left} =\n{indent}{right};"


def assigned_call(left: str, function: str, arguments: Sequence[str]) -> str:
    """`left = function(arguments);`, where a break behind the sign is taken when it saves another one."""
    indent = " " * (len(left) - len(left.lstrip()) + 4)
    together = call(f"{left} = {function}(", arguments).split("\n")
    apart = [f"{left} =", *call(f"{indent}{function}(", arguments).split("\n")]
    split = (excess(apart), len(apart) - 1) < (excess(together), len(together))
    return "\n".join(apart if split else together)


def declaration(lead: str, parameters: Sequence[str], end: str) -> str:
    """A function's head such as `int f(int a, int b) {`, where `lead` is `int f(` and `end` is `) {`."""
    aligned = filled(lead, parameters, ",", end)
    return "\n".join(aligned if fits(aligned) else hanging(lead, parameters, ",", end))


def function(lead: str, parameters: Sequence[str], body: Sequence[str]) -> str:
    """A function's definition. One statement that fits on the line of the head stands there."""
    given = parameters or ("void",)
    if len(body) == 1:
        short = f"{lead}{', '.join(given)}) {{ {body[0].strip()} }}"
        if fits([short]):
            return f"{short}\n"
    return "\n".join([declaration(lead, given, ") {"), *body, "}", ""])


def better(broken: Sequence[str], aligned: Sequence[str]) -> bool:
    """True when the first costs less: columns too many count most, then the number of lines."""
    return (excess(broken), len(broken)) < (excess(aligned), len(aligned))


def excess(lines: Sequence[str]) -> int:
    """Characters beyond the last column."""
    return sum(max(0, len(line) - COLUMNS) for line in lines)


def fits(lines: Sequence[str]) -> bool:
    """True when no line is too long."""
    return excess(lines) == 0


def filled(lead: str, items: Sequence[str], between: str, end: str) -> list[str]:
    """The items from behind `lead` on, further lines under the first item."""
    return lines_of(lead, " " * len(lead), items, between, end)


def hanging(lead: str, items: Sequence[str], between: str, end: str) -> list[str]:
    """The items on lines of their own, 4 columns further in than the statement."""
    indent = " " * (len(lead) - len(lead.lstrip()) + 4)
    return [lead, *lines_of(indent, indent, items, between, end)]


def lines_of(first: str, rest: str, items: Sequence[str], between: str, end: str) -> list[str]:
    """As many items a line as it holds."""
    lines: list[str] = []
    line = first
    empty = True
    for number, item in enumerate(items):
        text = item + (between if number < len(items) - 1 else end)
        if not empty and len(line) + 1 + len(text) > COLUMNS:
            lines.append(line)
            line, empty = rest, True
        line += text if empty else f" {text}"
        empty = False
    return [*lines, line]
