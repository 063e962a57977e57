"""The least flash of an image: constants of every layer, plus the code of the kernels that it ends up with.

A kernel is in the image once, shared by layers, or compiled into those that use it, or not at all; given that, every
layer takes the kernel and form that costs it the fewest bytes. The search is over what each kernel is: all ways where
they are few, else from several starts, changing one kernel and then two at a time, until nothing gets better.
Kernels that are far slower than a layer's fastest are left out: small, but not at any price.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from netsuke.tune.table import Candidate, Row, Table

MOST_TIMES = 2
"""A layer may take so many times the cycles of its fastest kernel, but for those that spend flash: a few hundred bytes
are not worth more."""
MOST_WAYS = 5000
"""So many combinations are all tried."""


class Form(Enum):
    """What a kernel is in the image. SHARED: there is a copy for any layer; a layer may still have one of its own."""

    SHARED = "shared"
    EXPANDED = "expanded"
    ABSENT = "absent"

    def offers(self, other: Form) -> bool:
        """True when a layer can have the kernel in the other form."""
        return self is Form.SHARED or self is other


Forms = Mapping[str, Form]
Picked = dict[str, Candidate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A kernel in one form for one layer: bytes that only this layer pays for."""

    candidate: Candidate
    form: Form
    nbytes: int


def least_flash(table: Table) -> tuple[Picked, frozenset[str]]:
    """(candidate by layer, layers whose kernel is expanded). Layers without a candidate of known size keep the
    operators' order, but for kernels that spend flash."""
    rows = [row for row in table.rows if offers(row)]
    picked = {row.name: preferred(row) for row in table.rows}
    if not rows:
        return picked, frozenset()
    best = search(rows)
    chosen = assigned(rows, best)
    assert chosen is not None
    picked.update({name: offer.candidate for name, offer in chosen.items()})
    expanded = {name for name, offer in chosen.items() if offer.form is Form.EXPANDED}
    return picked, frozenset(expanded)


def preferred(row: Row) -> Candidate:
    """The first that does not spend flash."""
    return next((c for c in row.candidates if not c.step.kernel.spends_flash), row.candidates[0])


def offers(row: Row) -> list[Offer]:
    """What a layer can choose from: kernels of known size that are not too slow, none that spends flash."""
    found = []
    some = [c for c in row.candidates if not c.step.kernel.spends_flash] or row.candidates
    fastest = min((c.cost.cycles for c in some if c.cost is not None), default=0)
    for one in some:
        if one.cost is not None and one.cost.cycles > MOST_TIMES * fastest:
            continue
        if one.kernel_cost is not None:
            own = one.constant_bytes + one.args_bytes + one.kernel_cost.glue
            found.append(Offer(candidate=one, form=Form.SHARED, nbytes=own))
        if one.cost is not None:
            own = one.constant_bytes + one.cost.code + one.cost.args
            found.append(Offer(candidate=one, form=Form.EXPANDED, nbytes=own))
    return found


class Search:
    """The rows with their offers, cheapest first, so that a choice is the first one that stands."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = [(row.name, sorted(offers(row), key=lambda offer: offer.nbytes)) for row in rows]
        self.kernels = list(dict.fromkeys(o.candidate.kernel for _, some in self.rows for o in some))

    def assigned(self, forms: Forms) -> dict[str, Offer] | None:
        """Every layer's cheapest offer; None when a layer has none."""
        chosen = {}
        for name, some in self.rows:
            found = next((o for o in some if forms[o.candidate.kernel].offers(o.form)), None)
            if found is None:
                return None
            chosen[name] = found
        return chosen


def shared_bytes(chosen: Iterable[Offer]) -> int:
    """Kernels that are shared, and the helpers of all; each once, at its largest."""
    functions: dict[str, int] = {}
    for offer in chosen:
        shared, own = offer.candidate.kernel_cost, offer.candidate.cost
        cost = shared if offer.form is Form.SHARED else own
        assert cost is not None
        if shared is not None and offer.form is Form.SHARED:
            functions[offer.candidate.kernel] = shared.code
        for name, size in cost.helpers.items():
            functions[name] = max(size, functions.get(name, 0))
    return sum(functions.values())


def assigned(rows: list[Row], forms: Forms) -> dict[str, Offer] | None:
    """Every layer's cheapest offer."""
    return Search(rows).assigned(forms)


def search(rows: list[Row]) -> dict[str, Form]:
    """What each kernel is in the smallest image that was found."""
    problem = Search(rows)
    if len(Form) ** len(problem.kernels) <= MOST_WAYS:
        ways = itertools.product(Form, repeat=len(problem.kernels))
        found = [dict(zip(problem.kernels, way, strict=True)) for way in ways]
        return min(found, key=lambda forms: rank(problem, forms))
    ends = [descend(problem, dict.fromkeys(problem.kernels, form)) for form in (Form.SHARED, Form.EXPANDED)]
    return min(ends, key=lambda forms: rank(problem, forms))


def rank(problem: Search, forms: Forms) -> tuple[bool, int, int]:
    """Smaller is better: bytes, then cycles; combinations that leave a layer without a kernel last."""
    chosen = problem.assigned(forms)
    if chosen is None:
        return True, 0, 0
    cycles = sum(o.candidate.cost.cycles for o in chosen.values() if o.candidate.cost is not None)
    return False, sum(o.nbytes for o in chosen.values()) + shared_bytes(chosen.values()), cycles


def descend(problem: Search, forms: dict[str, Form]) -> dict[str, Form]:
    """The best change of one kernel, again and again; then of two."""
    best = rank(problem, forms)
    while True:
        moves = min(
            (min(((rank(problem, m), i, m) for i, m in enumerate(some)), default=None, key=lambda x: x[:2])
             for some in (neighbours(problem, forms, 1), neighbours(problem, forms, 2))),
            key=lambda found: (found is None, found[:2] if found else ()),
        )  # fmt: skip
        if moves is None or moves[0] >= best:
            return forms
        best, _, forms = moves


def neighbours(problem: Search, forms: dict[str, Form], count: int) -> Iterator[dict[str, Form]]:
    """All ways in which so many kernels become something else."""
    for names in itertools.combinations(problem.kernels, count):
        for ways in itertools.product(Form, repeat=count):
            if all(forms[name] is not way for name, way in zip(names, ways, strict=True)):
                yield {**forms, **dict(zip(names, ways, strict=True))}
