"""The sections of the page about the three goals and about the kernels that layers were chosen from."""

from __future__ import annotations

from netsuke.report.goals import CandidateResult, GivenUp, GoalResult, LayerCandidates
from netsuke.report.goals_text import given_up_line, unmeasured_line
from netsuke.report.markup import Markup, joined, tag, text
from netsuke.report.words import count, size

NOTHING = Markup("")


def goals_section(goals: tuple[GoalResult, ...]) -> Markup:
    """A group of bars for each of RAM, flash and cycles; nothing when only one goal was built."""
    if len(goals) < 2:
        return NOTHING
    groups = (
        group("RAM", [(g, g.ram_bytes, size(g.ram_bytes)) for g in goals]),
        group("Flash", [(g, g.flash_bytes, size(g.flash_bytes)) for g in goals]),
        group("Cycles", [(g, g.cycles, count(g.cycles)) for g in goals]),
    )
    words = "The model built for each goal, run on the emulated core and compared with the reference."
    return tag(
        "section",
        tag("h2", text("Speed, size or RAM")),
        tag("p", text(words), class_="words"),
        tag("div", *groups, class_="goals"),
    )


def group(title: str, rows: list[tuple[GoalResult, int, str]]) -> Markup:
    """One quantity: a bar a goal, against the largest."""
    most = max(value for _, value, _ in rows) or 1
    return tag("div", tag("h3", text(title)), *(goal_bar(g, v / most, words) for g, v, words in rows))


def goal_bar(goal: GoalResult, share: float, words: str) -> Markup:
    """One bar with its words."""
    wrong = [tag("strong", text("differs"), class_="bad")] if not goal.exact else []
    return tag(
        "p",
        tag("span", text(goal.goal)),
        tag("b", tag("i", style=f"width:{100 * share:.2f}%"), class_="goal-bar"),
        tag("em", text(words)),
        *wrong,
        class_="goal chosen" if goal.chosen else "goal",
    )


def candidates_section(layers: tuple[LayerCandidates, ...], given_up: GivenUp | None = None) -> Markup:
    """Every layer with more than one kernel to choose from, folded; above them what was given up to save flash."""
    shown = [layer for layer in layers if len(layer.candidates) > 1]
    if not shown:
        return NOTHING
    note = unmeasured_line(layers)
    words = f"Each count is of the layer by itself, its kernel compiled for it alone. {note}"
    short = given_up_line(given_up)
    return tag(
        "section",
        tag("h2", text("Kernels to choose from")),
        tag("p", text(words.strip()), class_="words"),
        *([tag("p", text(short), class_="words")] if short else []),
        *(layer_details(layer) for layer in shown),
    )


def layer_details(layer: LayerCandidates) -> Markup:
    """One layer's candidates as a table."""
    chosen = next((one for one in layer.candidates if one.chosen), layer.candidates[0])
    summary = tag(
        "summary",
        tag("span", text(layer.layer), class_="name"),
        text(" "),
        tag("code", text(chosen.kernel)),
        text(" of " + str(len(layer.candidates))),
    )
    names = ("kernel", "cycles", "instructions", "code B", "constants B", "scratch B")
    head = tag("tr", *(tag("th", text(n), class_=None if n == "kernel" else "n") for n in names))
    rows = joined(*(candidate_row(one) for one in layer.candidates))
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return tag("details", summary, tag("div", table, class_="scroll"), class_="candidates")


def candidate_row(one: CandidateResult) -> Markup:
    """One kernel."""
    numbers = (one.cycles, one.instructions, one.code_bytes, one.constant_bytes, one.scratch_bytes)
    name = tag("td", tag("code", text(one.kernel)))
    cells = (tag("td", text(count(number)), class_="n") for number in numbers)
    return tag("tr", name, *cells, class_="chosen" if one.chosen else None)
