"""Many cases in one run of C: jobs as a stream of bytes, and the comparison of what comes back.

The cases travel as data. `runner.c` has one entry per kernel; a job is the calls of one variant and a block
of memory for every input vector, run in place. So the C is compiled once per target, and not per case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Array
from tests.ops.case import Case
from tests.ops.layout import GUARD_BYTES, Layout, Region, Variant, variants
from tests.ops.targets import MEMORY_BYTES, Target
from tests.ops.vectors import Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One variant of a case with all its input vectors."""

    case: Case
    variant: Variant
    layout: Layout
    given: Array
    expected: Array

    @property
    def where(self) -> str:
        return f"{self.case.id} [{self.variant.label}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of the jobs of one leg: how many, and what was wrong with which."""

    jobs: int
    failures: tuple[str, ...]


def jobs_of(case: Case, vectors: Sequence[Vector]) -> Iterator[Job]:
    """Every variant of a case."""
    for variant in variants(case.graph):
        layout = Layout(case.graph, variant)
        given, expected = layout.blocks(vectors)
        yield Job(case=case, variant=variant, layout=layout, given=given, expected=expected)


def run_jobs(target: Target, jobs: Sequence[Job]) -> Outcome:
    """Runs the jobs in streams that fit the target's memory and compares every byte."""
    failures: list[str] = []
    for some in _streams(jobs, target.entries):
        stream, places = _encode(some, target.entries)
        after, complaints = target.run(stream)
        raw = np.frombuffer(after, np.uint8)
        for i, (job, at) in enumerate(zip(some, places, strict=True)):
            got = raw[at : at + job.given.size].reshape(job.given.shape)
            wrong = complaints.get(i) or difference(job, got)
            if wrong is not None:
                failures.append(f"{job.where}: {wrong}")
    return Outcome(jobs=len(jobs), failures=tuple(failures))


def _streams(jobs: Sequence[Job], entries: Mapping[str, int]) -> Iterator[list[Job]]:
    some: list[Job] = []
    room = MEMORY_BYTES
    for job in jobs:
        nbytes = len(_head(job, entries)) + job.given.nbytes
        assert nbytes + 8 <= MEMORY_BYTES, f"{job.where} takes {nbytes} bytes; make the case smaller"
        if nbytes + 8 > room:
            yield some
            some, room = [], MEMORY_BYTES
        some.append(job)
        room -= nbytes
    if some:
        yield some


def _head(job: Job, entries: Mapping[str, int]) -> bytes:
    guards = job.layout.guards()
    words = [len(job.layout.calls), len(job.given), job.layout.nbytes, len(guards)]
    for kernel, offsets in job.layout.calls:
        words += [entries[kernel.name], len(offsets), *offsets]
    words += [number for guard in guards for number in guard]
    words += [0] * (len(words) % 2)
    return np.array(words, "<u4").tobytes()


def _encode(jobs: Sequence[Job], entries: Mapping[str, int]) -> tuple[bytes, list[int]]:
    parts: list[bytes] = []
    places: list[int] = []
    at = 0
    for job in jobs:
        head = _head(job, entries)
        places.append(at + len(head))
        parts += [head, job.given.tobytes()]
        at += len(head) + job.given.nbytes
    return b"".join([*parts, bytes(8)]), places


def head_and_block(job: Job, entries: Mapping[str, int]) -> tuple[bytes, int]:
    """A stream of one job, and where in it the first vector's block begins."""
    stream, places = _encode([job], entries)
    return stream, places[0]


def difference(job: Job, got: Array) -> str | None:
    """What a job changed that it should not have, or got wrong; the first element of it."""
    wrong = (got != job.expected) & job.layout.compared()
    if not wrong.any():
        return None
    vector, byte = (int(i) for i in np.argwhere(wrong)[0])
    count = f"vector {vector}, {int(wrong.sum())} bytes differ in all: "
    for region in job.layout.regions.values():
        if region.offset <= byte < region.end:
            return count + _in_region(job, got[vector], job.expected[vector], byte, region)
        if region.end <= byte < region.end + GUARD_BYTES // 2:
            return count + f"wrote {byte - region.end + 1} bytes behind {region.name!r}"
    return count + "wrote outside every region"


def _in_region(job: Job, got: Array, wanted: Array, byte: int, region: Region) -> str:
    tensor = job.case.graph.tensors.get(region.name)
    dtype = tensor.dtype.numpy if tensor is not None else np.dtype(np.uint8)
    index = (byte - region.offset) // dtype.itemsize
    part = slice(region.offset + index * dtype.itemsize, region.offset + (index + 1) * dtype.itemsize)
    values = f"{got[part].view(dtype)[0]!r}, {wanted[part].view(dtype)[0]!r} was wanted"
    return f"{region.name!r} element {index} is {values}"
