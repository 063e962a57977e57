"""The three goals side by side in a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from netsuke.report.goals import ConcessionResult, GivenUp, GoalResult, LayerCandidates
from netsuke.report.words import count, plural, printable, size

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


NAMED = 2
"""Layers that the line of what was given up names."""


def given_up_line(given_up: GivenUp | None) -> str:
    """By how much flash was short, and which layers gave way for it, those first that lose most; '' when it was not."""
    if given_up is None or not given_up.short:
        return ""
    layers = sorted(given_up.concessions, key=lambda one: -(one.cycles or 0))
    parts = [concession_words(one) for one in layers[:NAMED]]
    if len(layers) > NAMED:
        parts.append(f"and {plural(len(layers) - NAMED, 'more layer')}")
    known = [one.cycles for one in layers if one.cycles is not None]
    total = f"; {cycles_more(sum(known))} in all" if len(known) > 1 else ""
    limit = "" if given_up.limit is None else f" (limit {count(given_up.limit)})"
    flash = f"{count(given_up.short)} bytes of flash{limit} short"
    return f"{flash}: {', '.join(parts) or 'streams gave way'}{total}"


def concession_words(one: ConcessionResult) -> str:
    """One layer."""
    takes = f"takes {one.instead}" if one.instead != one.kernel else "shares its kernel"
    more = "" if one.cycles is None else f", {cycles_more(one.cycles)}"
    return f"layer {printable(one.layer)} {takes} instead{more}"


def cycles_more(cycles: int) -> str:
    """'+0.96 M cycles'."""
    return f"+{cycles / 1e6:.2f} M cycles" if cycles >= 10_000 else f"+{count(cycles)} cycles"
