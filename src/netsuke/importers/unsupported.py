"""What a model needs and netsuke lacks: all of it at once, so that one look shows what is to be changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.errors import UnsupportedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """One operator that cannot be imported: its name in the file, where it stands, what was wrong and what
    would do.
    """

    op: str
    place: str
    """Such as "operator 12 of the main graph, 'model/gru/while'"."""
    hint: str

    def __str__(self) -> str:
        return f"{self.op} ({self.place}): {self.hint}"


SHOWN = 40
"""Lines of the message; the attribute has all."""


class UnsupportedOperators(UnsupportedModel):
    """A readable model with operators that netsuke cannot run; `operators` lists every one."""

    def __init__(self, name: str, operators: Sequence[Unsupported]) -> None:
        self.operators = tuple(operators)
        lines = "\n".join(f"  {operator}" for operator in self.operators[:SHOWN])
        if len(self.operators) > SHOWN:
            lines += f"\n  and {len(self.operators) - SHOWN} more"
        count = len(self.operators)
        super().__init__(
            f"{name} uses {count} operator{'s' * (count != 1)} that netsuke cannot run:\n{lines}"
        )
