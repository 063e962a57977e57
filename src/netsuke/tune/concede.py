"""Less flash for the fewest cycles: which layers give up a fast kernel, or a copy of their own, when flash is short.

A layer can take each kernel in two forms, as `expand` has them: compiled into it, or shared. For so many bytes to be
saved the cheapest combination is found by dynamic programming over the layers. Bytes are estimates (what layers share
is left out); the build looks at the linked image, and asks for more where they were not enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from netsuke.tune.table import Candidate, Row

GRANULE = 64
"""Bytes are saved in steps of so many, or more: MOST_STEPS of them at most."""
MOST_STEPS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A kernel in one form for a layer, against what the layer has: `saved` bytes for `cycles` more.

    Where nothing was counted `cycles` is a guess from the order of preference.
    """

    candidate: Candidate
    expanded: bool
    saved: int
    cycles: int


Picks = tuple[Mapping[str, Candidate], frozenset[str]]
"""(candidate by layer, layers whose kernel is expanded)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concession:
    """A layer that takes another kernel, or the same one as a shared copy, to save flash."""

    layer: str
    kernel: str
    """What it gives up."""
    instead: str
    saved: int
    """Bytes of flash, by estimate."""
    cycles: int | None
    """How many more it needs; None where they were never counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conceded:
    """The kernels of all layers, which of them are expanded, and what changed for it."""

    picked: Mapping[str, Candidate]
    expanded: frozenset[str]
    concessions: tuple[Concession, ...]


def conceded(
    rows: Sequence[Row], picked: Mapping[str, Candidate], expanded: frozenset[str], wanted: int
) -> Conceded:
    """The choice that saves at least `wanted` bytes for the fewest cycles; the most bytes that can be saved where they
    are fewer."""
    offers = [offers_of(row, picked[row.name], row.name in expanded) for row in rows]
    wanted = min(wanted, sum(max((one.saved for one in some), default=0) for some in offers))
    taken = cheapest(offers, wanted)
    picks, forms = dict(picked), set(expanded)
    for row, offer in zip(rows, taken, strict=True):
        if offer is not None:
            picks[row.name] = offer.candidate
            forms = forms | {row.name} if offer.expanded else forms - {row.name}
    return against(rows, (picked, expanded), (picks, frozenset(forms)))


def against(rows: Sequence[Row], had: Picks, has: Picks) -> Conceded:
    """The choice `has` with what is smaller in it than in `had`."""
    found = []
    for row in rows:
        (old, copied), (new, copies) = ((some[row.name], row.name in forms) for some, forms in (had, has))
        saved = nbytes(old, copied) - nbytes(new, copies)
        if (new.kernel == old.kernel and copies == copied) or saved <= 0:
            continue
        more = None
        if old.cost is not None and new.cost is not None:
            more = max(0, cycles(row, new, copies) - cycles(row, old, copied))
        found.append(
            Concession(layer=row.name, kernel=old.kernel, instead=new.kernel, saved=saved, cycles=more)
        )
    return Conceded(picked=has[0], expanded=has[1], concessions=tuple(found))


def offers_of(row: Row, now: Candidate, expanded: bool) -> list[Offer]:
    """What a layer can take that is smaller than what it has; larger and slower than another one is left out."""
    found = []
    have, spent = nbytes(now, expanded), cycles(row, now, expanded)
    for one in row.candidates:
        # Beside kernels that were measured one that was not is passed over, as it is for speed.
        if now.cost is not None and one.cost is None:
            continue
        for form in {False, expanded}:
            saved = have - nbytes(one, form)
            if saved > 0:
                more = max(0, cycles(row, one, form) - spent)
                found.append(Offer(candidate=one, expanded=form, saved=saved, cycles=more))
    found.sort(key=lambda offer: (offer.cycles, -offer.saved))
    kept: list[Offer] = []
    for offer in found:
        if not kept or offer.saved > kept[-1].saved:
            kept.append(offer)
    return kept


def nbytes(one: Candidate, expanded: bool) -> int:
    """Flash that the layer takes by itself: constants, and what is known of its code."""
    if expanded and one.cost is not None:
        return one.constant_bytes + one.cost.code + one.cost.args
    glue = 0 if one.kernel_cost is None else one.kernel_cost.glue
    return one.constant_bytes + one.args_bytes + glue


def cycles(row: Row, one: Candidate, expanded: bool) -> int:
    """Of the layer; of a shared kernel in proportion to its sample layer.

    Without counts each kernel is taken to need half a cycle a MAC more than the one before it in the order of
    preference: which layers give way then goes by their MACs and bytes.
    """
    if one.cost is None:
        return one.step.macs * (1 + row.candidates.index(one)) // 2
    kernel = one.kernel_cost
    if expanded or kernel is None or not kernel.expanded:
        return one.cost.cycles
    return round(one.cost.cycles * max(1.0, kernel.cycles / kernel.expanded))


def cheapest(offers: Sequence[Sequence[Offer]], wanted: int) -> list[Offer | None]:
    """One offer a layer, or None, that together save `wanted` bytes for the fewest cycles; all can save so much."""
    granule = max(GRANULE, -(-wanted // MOST_STEPS))
    most = sum(max((one.saved // granule for one in some), default=0) for some in offers)
    steps = min(-(-wanted // granule), most)
    # costs[n]: of saving n granules or more with the layers so far; savings are rounded down.
    costs: Array = np.full(steps + 1, np.inf)
    costs[0] = 0
    choices: list[Array] = []
    for some in offers:
        best, choice = costs.copy(), np.full(steps + 1, -1)
        for number, offer in enumerate(some):
            found = costs[left(np.arange(steps + 1), offer, granule)] + offer.cycles
            choice = np.where(found < best, number, choice)
            best = np.minimum(found, best)
        choices.append(choice)
        costs = best
    taken: list[Offer | None] = []
    at = np.array(steps)
    for some, choice in zip(reversed(offers), reversed(choices), strict=True):
        number = int(choice[at])
        taken.append(None if number < 0 else some[number])
        at = at if number < 0 else left(at, some[number], granule)
    return taken[::-1]


def left(granules: Array, offer: Offer, granule: int) -> Array:
    """What is still to be saved of so many granules."""
    return np.asarray(np.maximum(granules - offer.saved // granule, 0))
