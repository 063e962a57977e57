"""The least flash of an image: constants of every layer, plus the code of the kernels that it ends up with.

A kernel is in the image once, shared by layers, or compiled into those that use it, or not at all; given that, every
layer takes the kernel and form that costs it the fewest bytes. Layers that share a kernel give it rows of what differs
between them (codegen/call_rows.py). The search is over what each kernel is: all ways where they are few, else from
several starts, changing one kernel and then two at a time, until nothing gets better.
Kernels that are far slower than a layer's fastest are left out: small, but not at any price.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import MappingProxyType

from netsuke.codegen.call_rows import CallRows, worthwhile
from netsuke.ops.kernel import Kernel
from netsuke.ops.library import source_dir
from netsuke.tune.costs import LayerCost
from netsuke.tune.table import Candidate, Row, Table

MOST_TIMES = 2
"""A layer may take so many times the cycles of its fastest kernel, but for those that spend flash: a few hundred bytes
are not worth more."""
MOST_WAYS = 5000
"""So many combinations are all tried."""
ROW_GLUE = 12
"""Code of a layer that gives a shared kernel its row."""
CORE = re.compile(r"NK_KERNEL void nk_\w+\([^)]*\) \{\s+(nk_\w+)\([^;]*\);\s+\}")
CORE_GLUE = 12
"""Code of a kernel that only calls such a function."""


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
    """A kernel in one form for one layer. `nbytes`: what only this layer pays for, at most; a shared kernel's rows are
    smaller the fewer layers differ."""

    candidate: Candidate
    form: Form
    nbytes: int


def least_flash(table: Table) -> tuple[Picked, frozenset[str]]:
    """(candidate by layer, layers whose kernel is expanded). Layers without a candidate of known size keep the
    operators' order, but for kernels that spend flash.

    A kernel that only one layer uses is not called expanded: the compiler puts it there by itself, and leaves alone
    what other kernels are made of.
    """
    rows = [row for row in table.rows if offers(row)]
    picked = {row.name: preferred(row) for row in table.rows}
    if not rows:
        return picked, frozenset()
    best = search(rows)
    chosen = assigned(rows, best)
    assert chosen is not None
    picked.update({name: offer.candidate for name, offer in chosen.items()})
    users = Counter(made_of(one) for one in picked.values())
    expanded = {
        name for name, o in chosen.items() if o.form is Form.EXPANDED and users[made_of(o.candidate)] > 1
    }
    return picked, frozenset(expanded)


def made_of(one: Candidate) -> str:
    """What a kernel is: itself, or the function that it calls."""
    return core_of(one.step.kernel) or one.kernel


def preferred(row: Row) -> Candidate:
    """The first that does not spend flash."""
    return next((c for c in row.candidates if not c.step.kernel.spends_flash), row.candidates[0])


def usable(row: Row) -> list[Candidate]:
    """Kernels that are not too slow, none that spends flash."""
    some = [c for c in row.candidates if not c.step.kernel.spends_flash] or list(row.candidates)
    fastest = min((c.cost.cycles for c in some if c.cost is not None), default=0)
    return [one for one in some if one.cost is None or one.cost.cycles <= MOST_TIMES * fastest]


def offers(row: Row, rows: Mapping[str, CallRows] = MappingProxyType({})) -> list[Offer]:
    """What a layer can choose from: kernels of known size. `rows`: how it would share one with all that could."""
    found = []
    for one in usable(row):
        if one.kernel_cost is not None:
            found.append(
                Offer(candidate=one, form=Form.SHARED, nbytes=shared_layer(one, rows.get(one.kernel)))
            )
        if one.cost is not None:
            found.append(Offer(candidate=one, form=Form.EXPANDED, nbytes=expanded_layer(one, one.cost)))
    return found


def expanded_layer(one: Candidate, cost: LayerCost) -> int:
    """Bytes of a layer with the kernel compiled into it."""
    return one.constant_bytes - one.folded_bytes + cost.code + cost.args


def shared_layer(one: Candidate, rows: CallRows | None) -> int:
    """Bytes of a layer that calls the kernel, with a row or an argument struct of its own."""
    assert one.kernel_cost is not None
    if rows is None:
        return one.constant_bytes + one.args_bytes + one.kernel_cost.glue
    return one.constant_bytes + len(one.step.calls) * (rows.row_bytes + ROW_GLUE)


class Search:
    """The rows with their offers, cheapest first, so that a choice is the first one that stands."""

    def __init__(self, rows: list[Row]) -> None:
        sharing: dict[str, list[Candidate]] = {}
        for row in rows:
            for one in usable(row):
                sharing.setdefault(one.kernel, []).append(one)
        alike = {
            kernel: found for kernel, some in sharing.items() if (found := sharing_rows(some)) is not None
        }
        self.rows = [(row.name, sorted(offers(row, alike), key=lambda offer: offer.nbytes)) for row in rows]
        self.kernels = list(dict.fromkeys(o.candidate.kernel for _, some in self.rows for o in some))
        self.known: dict[tuple[str, ...], Shared] = {}

    def assigned(self, forms: Forms) -> dict[str, Offer] | None:
        """Every layer's cheapest offer; None when a layer has none."""
        chosen = {}
        for name, some in self.rows:
            found = next((o for o in some if forms[o.candidate.kernel].offers(o.form)), None)
            if found is None:
                return None
            chosen[name] = found
        return chosen

    def nbytes(self, chosen: Mapping[str, Offer]) -> int:
        """Flash of the layers: their own, and what they share, once, at its largest."""
        total = 0
        functions: dict[str, int] = {}
        sharing: dict[str, list[str]] = {}
        for name, offer in chosen.items():
            if offer.form is Form.SHARED:
                sharing.setdefault(offer.candidate.kernel, []).append(name)
                continue
            assert offer.candidate.cost is not None
            total += offer.nbytes
            keep_largest(functions, offer.candidate.cost.helpers)
        for kernel, names in sharing.items():
            key = (kernel, *names)
            if key not in self.known:
                self.known[key] = shared([chosen[name].candidate for name in names])
            total += self.known[key].nbytes
            keep_largest(functions, self.known[key].functions)
        return total + sum(functions.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A kernel that layers share: bytes that only it takes, and functions that it shares with others."""

    nbytes: int
    functions: Mapping[str, int]


def shared(some: Sequence[Candidate]) -> Shared:
    """What the kernel that all of the layers have costs with them.

    What they give it alike makes it smaller: the more of that, the nearer it comes to what it is where it knows all.
    """
    first = some[0]
    assert first.kernel_cost is not None
    rows = sharing_rows(some)
    functions: dict[str, int] = {}
    for one in some:
        keep_largest(functions, one.helpers)
    code, caller = first.kernel_cost.code, 0
    own = max((one.cost.code for one in some if one.cost is not None), default=code)
    if rows is not None:
        code -= round(max(0, code - own) * rows.alike)
        caller = round(rows.caller_bytes * (1 - rows.alike))
    core = core_of(first.step.kernel)
    functions |= {first.kernel: code} if core is None else {core: code, first.kernel: CORE_GLUE}
    return Shared(nbytes=caller + sum(shared_layer(one, rows) for one in some), functions=functions)


def keep_largest(functions: dict[str, int], more: Mapping[str, int]) -> None:
    """Adds functions and their sizes."""
    for name, size in more.items():
        functions[name] = max(size, functions.get(name, 0))


@cache
def core_of(kernel: Kernel) -> str | None:
    """The function of which a kernel's one statement is a call, where there is no more to it: kernels that are made so
    share it."""
    found = CORE.search((source_dir() / kernel.source).read_text(encoding="utf-8"))
    return None if found is None else found[1]


def sharing_rows(some: Sequence[Candidate]) -> CallRows | None:
    """How layers would share the kernel that all of them have; None where they would call it as it is."""
    calls = [call for one in some for call in one.step.calls]
    return worthwhile(calls) if len(some) > 1 else None


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
    return False, problem.nbytes(chosen), cycles


def descend(problem: Search, forms: dict[str, Form]) -> dict[str, Form]:
    """The best change of one kernel, again and again; of two where none of one helps."""
    best = rank(problem, forms)
    while True:
        for count in (1, 2):
            found = min(
                ((rank(problem, some), i, some) for i, some in enumerate(neighbours(problem, forms, count))),
                key=lambda one: one[:2],
                default=None,
            )
            if found is not None and found[0] < best:
                best, _, forms = found
                break
        else:
            return forms


def neighbours(problem: Search, forms: dict[str, Form], count: int) -> Iterator[dict[str, Form]]:
    """All ways in which so many kernels become something else."""
    for names in itertools.combinations(problem.kernels, count):
        for ways in itertools.product(Form, repeat=count):
            if all(forms[name] is not way for name, way in zip(names, ways, strict=True)):
                yield {**forms, **dict(zip(names, ways, strict=True))}
