"""Which layers get a kernel of their own, compiled with their sizes as constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netsuke.tune.table import Candidate

MOST_ADDED = 10240
"""Bytes of code that this may add to an image that is built for speed."""
MOST_CODE = 22528
"""Bytes of code from which on it adds no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What expansion does for a layer: bytes of code that it adds (negative: saves), cycles that it saves."""

    layer: str
    kernel: str
    added: int
    saved: int

    @property
    def worth(self) -> float:
        """Cycles a byte; what costs nothing comes first."""
        return self.saved / self.added if self.added > 0 else float("inf")


def expanded_for_speed(picked: Sequence[Candidate]) -> frozenset[str]:
    """Names of the layers: the most cycles a byte first, until MOST_ADDED is spent or the image has MOST_CODE.

    The one copy that layers share is a cost too: a kernel that all its layers expand does without.
    """
    gains = [gain for one in picked if (gain := gain_of(one)) is not None]
    copies = {one.kernel: one.kernel_cost.code for one in picked if one.kernel_cost is not None}
    users = {name: sum(1 for one in picked if one.kernel == name) for name in copies}
    room = min(MOST_ADDED, MOST_CODE - shared_bytes(picked))
    found: list[Gain] = []
    spent = 0
    for gain in sorted(gains, key=lambda gain: (-gain.worth, gain.added, gain.layer)):
        last = sum(1 for one in found if one.kernel == gain.kernel) == users[gain.kernel] - 1
        added = gain.added - (copies[gain.kernel] if last else 0)
        if added <= 0 or spent + added <= room:
            found.append(gain)
            spent += added
    return frozenset(gain.layer for gain in found)


def shared_bytes(picked: Sequence[Candidate]) -> int:
    """The code of all layers when none is expanded: a copy of each kernel and helper, and the calls."""
    sizes: dict[str, int] = {}
    calls = 0
    for one in picked:
        if one.kernel_cost is not None:
            sizes[one.kernel] = one.kernel_cost.code
            sizes.update(one.kernel_cost.helpers)
            calls += one.kernel_cost.glue
    return calls + sum(sizes.values())


def gain_of(one: Candidate) -> Gain | None:
    """What it does for a layer; None for a kernel that was never measured.

    Cycles of the shared form are those of the kernel's sample layer, in proportion. A layer that was never measured is
    taken to be as large as the shared copy, and to need a cycle a MAC.
    """
    kernel = one.kernel_cost
    if kernel is None:
        return None
    cycles, code = (one.step.macs, kernel.code) if one.cost is None else (one.cost.cycles, one.cost.code)
    share = kernel.cycles / kernel.expanded - 1 if kernel.expanded else 0.0
    return Gain(
        layer=one.step.node.name,
        kernel=one.kernel,
        added=code - kernel.glue - one.args_bytes,
        saved=max(0, round(cycles * share)),
    )
