"""Many small graphs as C in one library of the host, called in this process: byte for byte what the reference gave."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.codegen import make_project
from netsuke.emulate.compiler import find_compiler
from netsuke.errors import CompileError, NetsukeError
from netsuke.ir import Array, Graph
from netsuke.lower import lower
from netsuke.ops.program import bind
from netsuke.plan import make_plan

AT_ONCE = 32
"""Projects a library: one that does not compile fails alone, after its library was tried in parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostJob:
    """A graph without states, its inputs, and the reference's outputs."""

    name: str
    graph: Graph
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A job whose C is written."""

    job: HostJob
    prefix: str
    source: Path
    arena_bytes: int


def run_jobs(
    jobs: Sequence[HostJob], progress: Callable[[float], None] = lambda share: None
) -> dict[str, str]:
    """Job name → what was wrong, for those that were not right to the byte."""
    wrong: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="netsuke-onnx-") as name:
        made: list[Made] = []
        for number, job in enumerate(jobs):
            try:
                made.append(write(job, f"n{number}", Path(name) / f"n{number}"))
            except (NetsukeError, AssertionError) as error:
                wrong[job.name] = f"no C: {error}"
        for at in range(0, len(made), AT_ONCE):
            progress(at / len(made))
            wrong.update(run_some(made[at : at + AT_ONCE], Path(name) / f"lib{at}.so"))
    return wrong


def write(job: HostJob, prefix: str, folder: Path) -> Made:
    """The C of a job."""
    plan = make_plan(bind(lower(job.graph).graph))
    project = make_project(plan, name=prefix, vectors=[])
    folder.mkdir(parents=True)
    project.write(folder)
    return Made(
        job=job,
        prefix=project.api.prefix,
        source=folder / f"{project.api.prefix}.c",
        arena_bytes=plan.arena_bytes,
    )


def run_some(made: Sequence[Made], library: Path) -> dict[str, str]:
    """Compiles them together and calls each."""
    try:
        find_compiler(None).compile_and_link(
            [m.source for m in made], library, optimize="-O1", flags=("-shared", "-fPIC")
        )
    except CompileError as error:
        if len(made) == 1:
            return {made[0].job.name: str(error)[:300]}
        half = len(made) // 2
        first = run_some(made[:half], library.with_suffix(".a.so"))
        return first | run_some(made[half:], library.with_suffix(".b.so"))
    loaded = ctypes.CDLL(str(library))
    return {m.job.name: said for m in made if (said := call(loaded, m))}


def call(library: ctypes.CDLL, made: Made) -> str:
    """Runs one; '' when every output is the reference's to the byte."""
    arena = np.zeros(made.arena_bytes // 8 + 1, np.uint64)
    inputs = [np.asarray(value, order="C") for value in made.job.inputs]
    outputs = [np.zeros(value.shape, value.dtype) for value in made.job.outputs]  # C order, whatever theirs
    buffers = [arena, *inputs, *outputs]
    status = getattr(library, f"{made.prefix}_invoke")(*(ctypes.c_void_p(b.ctypes.data) for b in buffers))
    if status:
        return f"the C returned {status}"
    for number, (got, wanted) in enumerate(zip(outputs, made.job.outputs, strict=True)):
        same = got.reshape(-1).view(np.uint8) == np.ascontiguousarray(wanted).reshape(-1).view(np.uint8)
        both_nan = got.dtype.kind == "f" and np.array_equal(got, wanted, equal_nan=True)
        if not same.all() and not both_nan:
            return (
                f"the C differs from the reference in output {number}: {int((got != wanted).sum())} elements"
            )
    return ""
