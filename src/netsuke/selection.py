"""The schedule for a budget of RAM, and all others beside it."""

from __future__ import annotations

import operator

from netsuke.boards import Board
from netsuke.errors import InputError
from netsuke.ops.program import Program
from netsuke.plan import Plan, make_plan
from netsuke.report.points import point, survey_of
from netsuke.report.schedules import Survey
from netsuke.schedule import parse_budget, pick, schedules
from netsuke.stream import Forms

Budget = str | int
"""Bytes of arena and states: a number, or what a user writes (`16384`, `16k`, `16KiB`, `min`)."""


def budget_bytes(given: Budget | None) -> int | None:
    """Bytes; 0 for `min`; None when no budget is named.

    Raises:
        InputError: for anything that is not a positive number of bytes.
    """
    return given if given is None else number_of(given, "ram")


def number_of(given: Budget, what: str) -> int:
    """Bytes; `what` is the option's name in errors."""
    if isinstance(given, str):
        return parse_budget(given, f"--{what}")
    try:
        nbytes = operator.index(given)
    except TypeError:
        nbytes = 0
    if nbytes < 1 or isinstance(given, bool):
        least = " or 'min'" if what == "ram" else ""
        raise InputError(
            f"got {what}={given!r}; a positive number of bytes, or a text such as '16k'{least}, was wanted"
        )
    return nbytes


def flash_bytes(given: Budget | None) -> int | None:
    """Bytes of flash that an image may take; None when no limit is named.

    Raises:
        InputError: for anything that is not a positive number of bytes.
    """
    return given if given is None else number_of(given, "flash")


def planned(
    program: Program, board: Board, budget: int | None, *, small: bool, push: bool
) -> tuple[Plan, Survey | None]:
    """The plan as it is, or the one of a schedule where there is a budget or rows are pushed: see `within`."""
    if budget is None and not push:
        return make_plan(program), None
    return within(program, board, budget, small=small, push=push)


def within(
    program: Program, board: Board, budget: int | None, *, small: bool = False, push: bool = False
) -> tuple[Plan, Survey]:
    """The plan of the fastest schedule of at most `budget` bytes (0: of the smallest; None: of any size), and the
    estimates of all.

    push: the caller gives the input row by row.

    Raises:
        DoesNotFit: by how many bytes the smallest misses the budget, and which layer is the wall.
        UnsupportedModel: when the input cannot come row by row.
    """
    forms = Forms(isa=board.core.isa, small=small)
    found = list(schedules(program, forms, push=push))
    points = [point(schedule) for schedule in found]
    survey = survey_of(program.graph.name, board, found, points, budget)
    if budget is None:
        return found[0].plan, survey
    return pick(found, budget).plan, survey
