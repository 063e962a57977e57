"""One way of running a case in C, laid out in a block of memory with guards around everything.

Each tensor, state, constant, argument struct and scratch area is a region of its own. Tensors and states
stand at addresses that are multiples of 4 and never of 8: that is all that the planner promises, whatever the
element type. Scratch is aligned to 8, as promised. A constant is aligned as C aligns its elements and no
better, so that int8 weights stand at odd addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum, auto
from functools import cache
from math import lcm
from typing import get_args, get_type_hints

import numpy as np

from netsuke.boards import Isa
from netsuke.ir import Array, Graph, Node
from netsuke.ops.kernel import (
    Call,
    Constant,
    Input,
    Kernel,
    KernelArgs,
    Output,
    Pointer,
    Scratch,
    StatePointer,
)
from netsuke.ops.operator import site_of
from netsuke.ops.overlap import Overlap
from netsuke.ops.registry import operator
from netsuke.plan.plan import ALIGNMENT, SCRATCH_ALIGNMENT
from tests.ops.vectors import Vector

GUARD_BYTES = 32
GUARD, UNWRITTEN, RUBBISH = 0xA5, 0x5A, 0xC3
"""What guards, outputs and scratch hold before the call."""


class Role(Enum):
    """What a region's bytes are before and after the call."""

    TENSOR = auto()
    STATE = auto()
    FIXED = auto()
    SCRATCH = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """`name` is that of the tensor or state, or says what else it is."""

    name: str
    role: Role
    offset: int
    nbytes: int

    @property
    def end(self) -> int:
        return self.offset + self.nbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The calls that compute a case's nodes; `alias` names an output and the input that it lies over.

    The output begins `shift` bytes behind the input's start, or before it where that is negative.
    """

    label: str
    calls: tuple[tuple[int, Call], ...]
    """(node's position, call)."""
    needs: Isa
    alias: tuple[str, str] | None = None
    shift: int = 0


def variants(graph: Graph) -> Iterator[Variant]:
    """Every kernel that accepts a node, plainly and over its inputs; portable kernels in the other nodes."""
    choices = [accepting(graph, node) for node in graph.nodes]
    portable = [kernels[-1] for kernels in choices if kernels]
    if len(portable) < len(choices):
        return
    for i, (node, kernels) in enumerate(zip(graph.nodes, choices, strict=True)):
        for kernel in kernels:
            calls = tuple(_bound(graph, [*portable[:i], kernel, *portable[i + 1 :]]))
            yield Variant(label=kernel.name, calls=calls, needs=kernel.needs)
            site = site_of(graph, node)
            for claim in kernel.overlap(site):
                alias = (node.outputs[0], node.inputs[claim.input])
                for shift in shifts(claim, site.x(claim.input).nbytes, site.y().nbytes):
                    where = (
                        "in place of"
                        if shift == 0
                        else f"{abs(shift)} bytes {'after' if shift > 0 else 'before'}"
                    )
                    label = f"{kernel.name} {where} input {claim.input}"
                    yield Variant(label=label, calls=calls, alias=alias, shift=shift, needs=kernel.needs)


def shifts(claim: Overlap, x: int, y: int) -> list[int]:
    """Where the output may begin: as far behind the input's start as can be, and in place where that is allowed."""
    step = lcm(claim.step, ALIGNMENT)
    tightest = -claim.lead // step * step
    found = [min(tightest, x // step * step), *([0] if x == y and claim.allows(0) else [])]
    return sorted({shift for shift in found if -y < shift < x})


def accepting(graph: Graph, node: Node) -> list[Kernel]:
    """The kernels that compute a node, best first, portable ones last."""
    site = site_of(graph, node)
    return [k for k in operator(node.op).kernels if k.accepts(site)]


def _bound(graph: Graph, chosen: Sequence[Kernel]) -> Iterator[tuple[int, Call]]:
    for position, (node, kernel) in enumerate(zip(graph.nodes, chosen, strict=True)):
        for call in kernel.bind(site_of(graph, node)):
            yield position, call


class Layout:
    """Where everything of a variant lies; `given` and `expected` are the block before and after the calls."""

    def __init__(self, graph: Graph, variant: Variant) -> None:
        self.graph, self.variant = graph, variant
        self.regions: dict[tuple[str, object], Region] = {}
        self.fixed: dict[tuple[str, object], bytes] = {}
        self._end = 0
        scratch = [p.nbytes for _, call in variant.calls for p in call.pointers if isinstance(p, Scratch)]
        if scratch:
            self._place(("scratch", 0), "scratch", Role.SCRATCH, max(scratch), SCRATCH_ALIGNMENT)
        self.calls = [(call.kernel, tuple(self._calls_pointers(node, call))) for node, call in variant.calls]
        self.nbytes = -(-(self._end + GUARD_BYTES) // 8) * 8

    def _calls_pointers(self, node: int, call: Call) -> Iterator[int]:
        for pointer in call.pointers:
            yield self._pointer(node, pointer)
        yield self._constant("argument struct", packed(call.args))

    def _pointer(self, node: int, pointer: Pointer) -> int:
        match pointer:
            case Input(index=index, offset=offset):
                return self._tensor(self.graph.nodes[node].inputs[index], offset)
            case Output(index=index, offset=offset):
                return self._tensor(self.graph.nodes[node].outputs[index], offset)
            case StatePointer(name=name):
                nbytes = self.graph.state(name).type.nbytes
                return self._place(("state", name), name, Role.STATE, nbytes).offset
            case Scratch():
                return self.regions["scratch", 0].offset
            case Constant(label=label, data=data):
                return self._constant(label, little(data), data.dtype.itemsize)

    def _tensor(self, name: str, offset: int) -> int:
        tensor = self.graph.tensors[name]
        shared = self.regions_of(name)
        region = self._place(("tensor", shared[0]), shared[0], Role.TENSOR, shared[1])
        return region.offset + self.begins(name) + offset * tensor.dtype.size

    def regions_of(self, name: str) -> tuple[str, int]:
        """(the tensor that the region of `name` is called after, its bytes): two tensors may share one."""
        alias = self.variant.alias
        if alias is None or name not in alias:
            return name, self.graph.tensors[name].nbytes
        return alias[1], max(self.begins(one) + self.graph.tensors[one].nbytes for one in alias)

    def begins(self, name: str) -> int:
        """Bytes of its region before the tensor."""
        alias, shift = self.variant.alias, self.variant.shift
        if alias is None or name not in alias:
            return 0
        return max(0, shift if name == alias[0] else -shift)

    def _constant(self, label: str, data: bytes, alignment: int = ALIGNMENT) -> int:
        key = ("constant", (label, alignment, data))
        self.fixed[key] = data
        return self._place(key, label, Role.FIXED, len(data), alignment).offset

    def _place(
        self, key: tuple[str, object], name: str, role: Role, nbytes: int, align: int = ALIGNMENT
    ) -> Region:
        if key not in self.regions:
            start = -(-(self._end + GUARD_BYTES) // 8) * 8 + align % 8
            self.regions[key] = Region(name=name, role=role, offset=start, nbytes=nbytes)
            self._end = start + nbytes
        return self.regions[key]

    def guards(self) -> list[tuple[int, int]]:
        """(offset, length) of every byte that is nobody's."""
        edges = [0, *(edge for r in self.regions.values() for edge in (r.offset, r.end)), self.nbytes]
        return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]

    def blocks(self, vectors: Sequence[Vector]) -> tuple[Array, Array]:
        """(given, expected), each uint8[vectors, nbytes]. Scratch is whatever it was: see `compared`."""
        given = np.full((len(vectors), self.nbytes), GUARD, np.uint8)
        for key, data in self.fixed.items():
            region = self.regions[key]
            given[:, region.offset : region.end] = np.frombuffer(data, np.uint8)
        for region in self.regions.values():
            if region.role is Role.SCRATCH:
                given[:, region.offset : region.end] = RUBBISH
        expected = given.copy()
        for row, vector in enumerate(vectors):
            self._fill(given[row], expected[row], vector)
        return given, expected

    def _fill(self, given: Array, expected: Array, vector: Vector) -> None:
        ready = {*self.graph.inputs, *(t.name for t in self.graph.tensors.values() if t.is_constant)}
        for region in self.regions.values():
            part = slice(region.offset, region.end)
            if region.role is Role.STATE:
                given[part] = octets(vector.before[region.name])
                expected[part] = octets(vector.after[region.name])
            if region.role is Role.TENSOR:
                given[part] = UNWRITTEN
                if region.name in ready:
                    self._write(given, region, region.name, vector)
                expected[part] = given[part]
                self._write(expected, region, self._last(region.name), vector)

    def _write(self, block: Array, region: Region, name: str, vector: Vector) -> None:
        """The tensor's value at its place in its region."""
        data = octets(vector.tensors[name])
        start = region.offset + self.begins(name)
        block[start : start + len(data)] = data

    def _last(self, name: str) -> str:
        """The tensor that is written last in the region called after `name`."""
        alias = self.variant.alias
        return alias[0] if alias is not None and alias[1] == name else name

    def compared(self) -> Array:
        """True for every byte that must come out as expected: all but scratch."""
        mask = np.ones(self.nbytes, bool)
        for region in self.regions.values():
            if region.role is Role.SCRATCH:
                mask[region.offset : region.end] = False
        return mask


def little(data: Array) -> bytes:
    """An array's bytes as the target has them."""
    return np.ascontiguousarray(data, data.dtype.newbyteorder("<")).tobytes()


def octets(data: Array) -> Array:
    """The same as uint8."""
    return np.frombuffer(little(data), np.uint8)


def packed(args: KernelArgs) -> bytes:
    """An argument struct's bytes: members are int32_t and float, so that nothing is padded."""
    types = member_types(type(args))
    return b"".join(np.array(getattr(args, name), code).tobytes() for name, code in types.items())


@cache
def member_types(args: type[KernelArgs]) -> dict[str, str]:
    """Field → numpy's code of its elements."""
    hints = get_type_hints(args)
    codes = {int: "<i4", float: "<f4"}
    return {f.name: codes[(get_args(hints[f.name]) or (hints[f.name],))[0]] for f in fields(args)}  # type: ignore[arg-type]
