"""HTML and SVG elements whose texts are always escaped.

A model's tensor names are hostile input. Children of an element are `Markup`, which `text` and `tag` make: a
bare str cannot reach the page, because the type checker refuses it.
"""

from __future__ import annotations

from html import escape
from typing import NewType

from netsuke.report.words import printable

Markup = NewType("Markup", str)

VOID = frozenset({"line", "path", "rect", "circle", "input"})
"""Elements that are written without an end tag."""


def text(words: str) -> Markup:
    """Words as they are to be read."""
    return Markup(escape(printable(words)))


def joined(*parts: Markup) -> Markup:
    """Parts one after the other."""
    return Markup("".join(parts))


def tag(element: str, /, *children: Markup, **attributes: str | float | None) -> Markup:
    """An element; in attribute names '_' stands for '-', a last '_' is dropped, None leaves one out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if element in VOID and not children:
        return Markup(f"<{element}{written}/>")
    return Markup(f"<{element}{written}>{''.join(children)}</{element}>")


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(printable(value))
    return str(value) if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".")
