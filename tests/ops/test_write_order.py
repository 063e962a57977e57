"""No kernel writes over a byte that it still has to read, as far as it claims: held against traces of its accesses."""

from __future__ import annotations

import pytest

from netsuke.boards import Isa
from netsuke.ops.registry import kernels
from tests.ops.write_order import claimed, measure, tightest


@pytest.mark.parametrize("name", sorted(claimed()))
def test_the_trace_allows_what_the_kernel_claims(name: str) -> None:
    sites = [site for site in claimed()[name] if Isa.MVE not in site[2].needs]
    if not sites:
        pytest.skip("only QEMU emulates this core; its claims are run at their tightest (test_conformance)")
    wrong = [m for m in (measure(*site) for site in sites) if not m.holds]
    assert not wrong, "\n".join(
        f"{m.case.id}: lead {m.claim.lead} is claimed (step {m.claim.step}), the trace wants {m.tightest}"
        for m in wrong
    )


def test_every_kernel_with_a_claim_is_traced() -> None:
    """But for those whose every case is too large or not of one node."""
    silent = {k.name for k in kernels()} - set(claimed())
    assert len(claimed()) > len(silent)


def test_a_trace_says_what_it_allows() -> None:
    read, write = (lambda *b: (False, range(*b))), (lambda *b: (True, range(*b)))
    assert tightest([read(0, 1), write(0, 1), read(1, 2), write(1, 2)], 1) == 0
    assert tightest([read(0, 4), write(0, 4)], 1) is None
    assert tightest([write(0, 1), read(0, 1)], 1) == 1
    assert tightest([read(0, 1), write(0, 1), write(1, 2), read(3, 4)], 1) == -1
    # Two channels, one after the other: in line they keep apart.
    assert tightest([read(0, 1), read(2, 3), write(0, 1), write(2, 3), read(1, 2), read(3, 4)], 1) == 2
    assert tightest([read(0, 1), read(2, 3), write(0, 1), write(2, 3), read(1, 2), read(3, 4)], 2) is None
