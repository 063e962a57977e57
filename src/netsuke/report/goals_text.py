"""The three goals side by side in a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from netsuke.report.goals import GoalResult, LayerCandidates
from netsuke.report.words import count, plural, size

CELLS = 10
"""Characters of a bar."""


def goals_table(goals: tuple[GoalResult, ...]) -> Table:
    """RAM, flash and cycles of each goal, with bars against the largest of the three."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(" optimised for", no_wrap=True)
    for heading in ("RAM", "flash", "cycles"):
        table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    most = (
        max(g.ram_bytes for g in goals),
        max(g.flash_bytes for g in goals),
        max(g.cycles for g in goals),
    )
    for goal in goals:
        shown = (
            (size(goal.ram_bytes), goal.ram_bytes / most[0]),
            (size(goal.flash_bytes), goal.flash_bytes / most[1]),
            (count(goal.cycles), goal.cycles / most[2]),
        )
        name = Text(f" {'▸' if goal.chosen else ' '} {goal.goal}", style="bold" if goal.chosen else "")
        wrong = Text("" if goal.exact else " ✗ differs", style="bold red")
        cells = [part for words, share in shown for part in (Text(words), bar(share, chosen=goal.chosen))]
        table.add_row(name + wrong, *cells)
    return table


def bar(share: float, *, chosen: bool) -> Text:
    """CELLS characters for 1."""
    filled = max(1, round(share * CELLS))
    return Text.assemble(("━" * filled, "green" if chosen else "dim"), " " * (CELLS - filled))


def unmeasured_line(candidates: tuple[LayerCandidates, ...]) -> str:
    """What to say when kernels were chosen without counts; '' when there is nothing to say."""
    unknown = sum(1 for one in candidates if len(one.candidates) > 1 and not one.measured)
    if not unknown:
        return ""
    return (
        f"{plural(unknown, 'layer')} of {len(candidates)} never counted on this core: kernels by preference; "
        "--measure counts them once"
    )
