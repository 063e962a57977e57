"""C identifiers from names that come out of a model file, which may be anything at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

C_WORDS = frozenset(
    (
        "auto break case char const continue default do double else enum extern float for goto if "
        "inline int long register restrict return short signed sizeof static struct switch typedef "
        "union unsigned void volatile while bool true false asm main memcpy memset memmove memcmp a x "
        "y arena state scratch "
    ).split()
)
LONGEST = 40


def identifier(name: str) -> str:
    """A lower-case C identifier made of the name's ASCII letters and digits; never a keyword, never empty.

    Leading digits get an `n` before them; runs of other characters become one underscore; 40 characters at most.
    """
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST].rstrip("_")
    if not text:
        text = "unnamed"
    if text[0].isdigit():
        text = f"n{text}"
    return f"{text}_" if text in C_WORDS or text.startswith(("nk_", "bench_")) else text


def unique_identifiers(names: Iterable[str]) -> dict[str, str]:
    """Name → identifier, no two the same; a later double gets the first free number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        base = text = identifier(name)
        number = 2
        while text in taken:
            text, number = f"{base}_{number}", number + 1
        taken.add(text)
        found[name] = text
    return found
