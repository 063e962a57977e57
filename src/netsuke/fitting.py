"""A build whose image has to go into so much flash: layers give up fast kernels until it does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from netsuke.emulate import Image
from netsuke.errors import DoesNotFit
from netsuke.ops.kernel import Constant
from netsuke.ops.program import Program, Step
from netsuke.report.goals import ConcessionResult, GivenUp
from netsuke.tune import Concession

MOST_TRIES = 8
"""Images that are linked before the smallest is tried; the first or second fits, sizes being known by then."""
LARGEST = 3
"""Layers that an error names."""

Made = TypeVar("Made")
Chosen = TypeVar("Chosen", Program, tuple[Program, ...])
"""The program of a model, or those of all models of an image."""
Chosen_co = TypeVar("Chosen_co", Program, tuple[Program, ...], covariant=True)


class Chooser(Protocol[Chosen_co]):
    """A `Tuner`, or `Together` for several models."""

    def program(self, goal: str) -> Chosen_co:
        """The best kernels."""

    def smaller(self, goal: str, nbytes: int) -> tuple[Chosen_co, tuple[Concession, ...]]:
        """Those that save so many bytes for the fewest cycles."""

    def sized(self, goal: str) -> tuple[Chosen_co, tuple[Concession, ...]]:
        """Small ones, none of them slow."""

    def smallest(self, goal: str) -> tuple[Chosen_co, tuple[Concession, ...]]:
        """The smallest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted(Generic[Made, Chosen]):
    """What was made, of which program; `short`: the bytes by which the fastest kernels missed, or 0."""

    made: Made
    program: Chosen
    short: int
    concessions: tuple[Concession, ...]


def fitted(
    tuner: Chooser[Chosen],
    goal: str,
    make: Callable[[Chosen, bool], Made],
    first: Chosen | None = None,
) -> Fitted[Made, Chosen]:
    """Makes it with the fastest kernels; where flash is short, with those that save so much for the fewest cycles, or
    those of the goal "size" where they fit and are faster: estimates of what is saved leave out what layers share.

    Args:
        tuner: of the graph, or of all graphs of an image.
        goal: for "size" there is nothing to give up.
        make: from a program an image. Where its second argument is True streams pass over kernels that spend flash too.
        first: the program for the goal, where there is one already.

    Raises:
        DoesNotFit: whatever `make` raises of it but for flash; for flash when nothing is left to give up, and then it
            names the largest layers.
    """
    program = tuner.program(goal) if first is None else first
    concessions: tuple[Concession, ...] = ()
    missed: list[tuple[DoesNotFit, Chosen]] = []
    smallest = goal == "size"
    sized: tuple[Chosen, tuple[Concession, ...]] | None = None
    while True:
        try:
            made = make(program, bool(missed))
        except DoesNotFit as error:
            if not error.flash_short:
                raise
            missed.append((error, program))
        else:
            short = missed[0][0].flash_short if missed else 0
            return Fitted(made=made, program=program, short=short, concessions=concessions)
        if smallest:
            raise refusal(*min(missed, key=lambda one: one[0].flash_short), goal) from None
        if len(missed) == 1:
            sized = that_fits(tuner.sized(goal), make)
        before = program
        program, concessions = tuner.smaller(goal, sum(error.flash_short for error, _ in missed))
        if len(missed) == MOST_TRIES or same(before, program):
            smallest = True
            program, concessions = tuner.smallest(goal)
        if sized is not None and (smallest or expected(program) > expected(sized[0])):
            program, concessions = sized


def that_fits(
    chosen: tuple[Chosen, tuple[Concession, ...]], make: Callable[[Chosen, bool], Made]
) -> tuple[Chosen, tuple[Concession, ...]] | None:
    """The choice, if flash is enough for it."""
    try:
        make(chosen[0], True)
    except DoesNotFit as error:
        if not error.flash_short:
            raise
        return None
    return chosen


def expected(chosen: Program | tuple[Program, ...]) -> float:
    """Cycles by what was counted; infinite where some layer was not, with its kernel."""
    return sum(
        program.counts.get(step.node.name, {}).get(step.kernel.name, math.inf)
        for program in programs(chosen)
        for step in program.steps
        if not step.view
    )


def given_up(found: Fitted[Made, Chosen], limit: int | None) -> GivenUp:
    """What was given up, for the report; `limit` in bytes, where the user named one."""
    concessions = tuple(
        ConcessionResult(
            layer=one.layer,
            kernel=one.kernel,
            instead=one.instead,
            saved_bytes=one.saved,
            cycles=one.cycles,
        )
        for one in found.concessions
    )
    return GivenUp(limit=limit, short=found.short, concessions=concessions)


def programs(chosen: Program | tuple[Program, ...]) -> tuple[Program, ...]:
    """All of them."""
    return chosen if isinstance(chosen, tuple) else (chosen,)


def same(one: Program | tuple[Program, ...], other: Program | tuple[Program, ...]) -> bool:
    """True when the C is the same."""
    return all(
        [s.kernel for s in a.steps] == [s.kernel for s in b.steps] and a.expanded == b.expanded
        for a, b in zip(programs(one), programs(other), strict=True)
    )


def refusal(error: DoesNotFit, chosen: Program | tuple[Program, ...], goal: str) -> DoesNotFit:
    """The error, with what takes most."""
    steps = [step for program in programs(chosen) for step in program.steps]
    sizes = sorted(((constant_bytes(step), step.node.name) for step in steps), reverse=True)
    named = ", ".join(f"{name!r} {size:,}" for size, name in sizes[:LARGEST] if size)
    hint = (
        "" if goal == "size" else ". These are the smallest kernels; --optimize size also compiles for size"
    )
    return DoesNotFit(f"{error}{hint}. Most flash: {named or 'code'}", flash_short=error.flash_short)


def constant_bytes(step: Step) -> int:
    """Bytes of a step's constants, each array once."""
    found = {
        id(p.data): p.data.nbytes for c in step.every_call for p in c.pointers if isinstance(p, Constant)
    }
    return sum(found.values())


def check_flash(image: Image, most: int | None) -> None:
    """Holds the image against the bytes of flash that the user allows; None is no limit.

    Raises:
        DoesNotFit: by how many it has too many.
    """
    if most is not None and image.flash_bytes > most:
        raise DoesNotFit(
            f"flash: the image needs {image.flash_bytes:,} bytes (code {image.flash_code_bytes:,}, constants "
            f"{image.flash_rodata_bytes:,}, initial data {image.data_bytes:,}), --flash allows {most:,}: "
            f"{image.flash_bytes - most:,} bytes too many",
            flash_short=image.flash_bytes - most,
        )
