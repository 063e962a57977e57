"""How far the output of a stream may lie over what it reads, for all streams that end with the same layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netsuke.ir import Array, Graph
from netsuke.ops.geometry import Window
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNode:
    """A step that goes by rows, in bands of some height."""

    site: Site[Any]
    window: Window
    scratch: int
    cycles: float
    sums: int
    kernels: tuple[Kernel, ...] = ()
    """Of each kind of band."""


class Backwards:
    """A stream walked from its end to its start: how far its output `output` may lie over what it reads."""

    def __init__(self, output: str | None, band: int) -> None:
        self.output, self.band = output, band
        self.first: RowNode | None = None
        self.ends: Array = np.zeros(0, dtype=np.int64)
        self.needed: dict[str, Array] = {}
        self.unread: dict[str, Array] = {}

    def add(self, node: RowNode) -> None:
        """The node before those that were added."""
        y, w = node.site.y(), node.window
        if y.name == self.output:
            self.first = node
            rows = 1 if node.sums else w.output
            self.ends = np.minimum(np.arange(self.band, rows + self.band, self.band), rows)
            self.needed[y.name] = np.full_like(self.ends, w.output) if node.sums else self.ends
        done = self.needed.get(y.name)
        if done is None:
            return
        rows = np.minimum((done - 1) * w.stride - w.before + w.reach, w.size)
        before = np.append(0, done[:-1]) if node is self.first and not node.sums else done
        lowest = np.where(before < w.output, np.maximum(before * w.stride - w.before, 0), w.size)
        whole = np.minimum(-(-np.maximum(rows, 0) // self.band) * self.band, w.size)
        for x in node.site.inputs:
            if x is not None and not x.is_constant:
                self.needed[x.name] = np.maximum(self.needed.get(x.name, whole), whole)
                self.unread[x.name] = np.minimum(self.unread.get(x.name, lowest), lowest)

    def leads(self, inputs: Sequence[str], graph: Graph) -> dict[str, int]:
        """For each input an upper bound of the lead that the stream will say, in bytes."""
        if self.first is None:
            return {}
        y = self.first.site.y()
        found = {}
        for name in inputs:
            if name in self.unread:
                x = graph.tensors[name]
                still = self.unread[name] < x.shape[1]
                ahead = self.ends * (y.nbytes // y.shape[1]) - self.unread[name] * (x.nbytes // x.shape[1])
                found[name] = int(ahead[still].max()) if still.any() else 0
        return found
