"""The order in which kernels read their inputs and write their output, seen on an emulated core.

Input and output are apart, so that every access shows. What a trace allows is the tightest lead that a kernel may
claim for that site (netsuke.ops.overlap): smaller ones would write over bytes that it reads later.

    python -m tests.ops.write_order    lists, kernel by kernel, what is claimed and what would do
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from netsuke.emulate.machine import Access
from netsuke.ops.kernel import Kernel
from netsuke.ops.library import source_dir
from netsuke.ops.operator import site_of
from netsuke.ops.overlap import Overlap
from netsuke.ops.registry import kernels, operators
from tests.ops.batch import Job, head_and_block
from tests.ops.case import Case
from tests.ops.grid import by_operator
from tests.ops.layout import Layout, Variant, accepting
from tests.ops.targets import Emulated, Library
from tests.ops.vectors import reference

CASES = 5
"""Cases of a kernel that are traced."""
LOOKED_AT = 80
"""Cases of an operator among which they are chosen."""
MOST_BYTES = 6000
"""Of input and output together: a Python function sees every access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A claim at a site, and the smallest lead that the trace allows there (None: any)."""

    case: Case
    kernel: Kernel
    claim: Overlap
    tightest: int | None

    @property
    def holds(self) -> bool:
        """True when the claim is safe."""
        return self.tightest is None or self.claim.lead >= self.tightest

    @property
    def loose(self) -> int:
        """Bytes that it could be smaller by; claims with a step come in multiples of it."""
        spare = 0 if self.tightest is None else self.claim.lead - self.tightest
        return spare // self.claim.step * self.claim.step


@cache
def claimed() -> dict[str, tuple[tuple[Case, Overlap, Kernel], ...]]:
    """Kernel name → some sites at which it claims something: single nodes, small, of as many kinds as can be."""
    found: dict[str, dict[tuple[object, ...], tuple[Case, Overlap, Kernel]]] = {}
    for op in operators():
        cases = by_operator().get(op, ())
        for case in cases[:: 1 + len(cases) // LOOKED_AT]:
            if len(case.graph.nodes) != 1:
                continue
            node = case.graph.nodes[0]
            site = site_of(case.graph, node)
            nbytes = site.y().nbytes + sum(
                x.nbytes for x in site.inputs if x is not None and not x.is_constant
            )
            for kernel in accepting(case.graph, node):
                for claim in kernel.overlap(site) if nbytes <= MOST_BYTES else ():
                    if not site.x(claim.input).is_constant and readable(claim, site.y().shape):
                        kind = (
                            claim.input,
                            np.sign(claim.lead),
                            claim.step > 1,
                            sum(site.x().shape[-1:]) % 4,
                            nbytes // 600,
                        )
                        found.setdefault(kernel.name, {}).setdefault(kind, (case, claim, kernel))
    return {name: tuple(spread(list(kinds.values()))) for name, kinds in found.items()}


def readable(claim: Overlap, shape: tuple[int, ...]) -> bool:
    """False where a kernel reads whole words of channels of which it then uses a part: a trace cannot tell."""
    return claim.step == 1 or sum(shape[-1:]) % 4 == 0


def spread(found: Sequence[tuple[Case, Overlap, Kernel]]) -> list[tuple[Case, Overlap, Kernel]]:
    """At most CASES of them, evenly."""
    return [found[i * len(found) // CASES] for i in range(CASES)] if len(found) > CASES else list(found)


@cache
def core() -> Emulated:
    """A Cortex-M4 with the kernels that claim something; those for Helium run in plain C there."""
    called = {
        call.kernel.name
        for sites in claimed().values()
        for case, _, kernel in sites
        for call in kernel.bind(site_of(case.graph, case.graph.nodes[0]))
    }
    every = {kernel.name: kernel for kernel in kernels() if kernel.name in called}
    sources = {name: source_dir() / kernel.source for name, kernel in every.items()}
    return Emulated("m4", Library(kernels=tuple(every.values()), sources=sources))


def measure(case: Case, claim: Overlap, kernel: Kernel) -> Measured:
    """Runs the kernel on the case's first vector."""
    runner = core()
    node = case.graph.nodes[0]
    calls = tuple((0, call) for call in kernel.bind(site_of(case.graph, node)))
    variant = Variant(label=kernel.name, calls=calls, needs=kernel.needs)
    layout = Layout(case.graph, variant)
    vectors = list(reference(case))[:1]
    given, expected = layout.blocks(vectors)
    job = Job(case=case, variant=variant, layout=layout, given=given, expected=expected)
    stream, block = head_and_block(job, runner.entries)
    memory = runner.machine.image.symbol("nk_memory")
    read = layout.regions["tensor", node.inputs[claim.input]]
    written = layout.regions["tensor", node.outputs[0]]
    start, end = min(read.offset, written.offset), max(read.end, written.end)
    with runner.machine.traced(memory + block + start, memory + block + end) as seen:
        runner.run(stream)
    at = memory + block
    accesses = list(relevant(seen, at + read.offset, at + read.end, at + written.offset, at + written.end))
    return Measured(case=case, kernel=kernel, claim=claim, tightest=tightest(accesses, claim.step))


def relevant(
    seen: Sequence[Access], read: int, read_end: int, written: int, written_end: int
) -> Iterator[tuple[bool, range]]:
    """(is a write, bytes from the tensor's start) of reads of the input and writes of the output."""
    for access in seen:
        start, end = (written, written_end) if access.write else (read, read_end)
        first, last = max(access.address, start), min(access.address + access.size, end)
        if first < last:
            yield access.write, range(first - start, last - start)


def tightest(accesses: Sequence[tuple[bool, range]], step: int) -> int | None:
    """The smallest lead under which no byte is written that is read later; differences are multiples of `step`.

    Byte w of the output lies on byte r of the input where output offset - input offset = r - w. That may not be
    allowed when w is written before r is read: so the lead must be above w - r.
    """
    highest = [-1] * step
    found: int | None = None
    for write, octets in accesses:
        for octet in octets:
            place = octet % step
            if write:
                highest[place] = max(highest[place], octet)
            elif highest[place] >= 0:
                lead = highest[place] - octet + 1
                found = lead if found is None else max(found, lead)
    return found


def main() -> None:
    """The list."""
    for name, sites in sorted(claimed().items()):
        for site in sites:
            m = measure(*site)
            loose = f"  loose by {m.loose}" if m.loose > 3 else ""
            print(
                f"{name:40} {m.case.id:44} step {m.claim.step:3} lead {m.claim.lead:6} {m.tightest!s:>6}{loose}"
            )


if __name__ == "__main__":
    main()
