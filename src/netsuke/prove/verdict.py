"""Holds every form of a model against the reference, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from netsuke.boards import Board, Placement
from netsuke.codegen import Project, Vector
from netsuke.emulate import (
    Image,
    ModelIo,
    RunResult,
    build_image,
    run_emulated,
    run_host,
    run_project,
    run_qemu,
)
from netsuke.errors import EmulationError
from netsuke.ir import Array, TensorType
from netsuke.prove.trace import first_layer_that_differs


class Target(Enum):
    """Where the C runs."""

    HOST = "host"
    EMULATOR = "emulator"
    QEMU = "qemu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`ran_on` names what was compared; `difference` the first disagreement, None when there is none."""

    ran_on: tuple[str, ...]
    compared: int
    difference: str | None
    measured: RunResult | None
    """Counts of the emulated run; None when the emulator was not asked for."""

    @property
    def exact(self) -> bool:
        """True when every byte agreed everywhere."""
        return self.difference is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is proved: a project in a folder, its image for a board, and invocations with known outputs."""

    project: Project
    folder: Path
    image: Image
    board: Board
    vectors: Sequence[Vector]
    compiler: str | None
    flags: str
    shared_arena: int | None = None
    """Bytes of the arena that it shares with the other models of its image; None for a model by itself."""
    placement: Placement | None = None
    """How the image was linked; None: everything that changes in the board's first RAM."""
    traffic: bool = False
    """Data accesses to memories that make the core wait are counted, too."""

    @property
    def io(self) -> ModelIo:
        """What the runners must know."""
        return model_io(self.project)

    @property
    def linked_arena(self) -> int:
        """Bytes of arena that the image must have."""
        return self.project.plan.arena_bytes if self.shared_arena is None else self.shared_arena

    @property
    def sources(self) -> list[Path]:
        """The C files."""
        return [self.folder / name for name in self.project.sources]


def model_io(project: Project) -> ModelIo:
    """Where the generated project keeps its inputs, outputs, state and layers."""
    plan, api = project.plan, project.api
    return ModelIo(
        name=api.prefix,
        inputs=tuple((plan.places[t.name].offset, t.nbytes) for t in api.inputs),
        outputs=tuple((plan.places[t.name].offset, t.nbytes) for t in api.outputs),
        arena_bytes=plan.arena_bytes,
        state_bytes=plan.state_bytes,
        pushed=api.pushed,
        more_arenas=plan.arenas[1:],
        input_arenas=api.input_arenas,
        output_arenas=api.output_arenas,
        suffix=f"_{api.prefix}" if api.library else "",
        layers=tuple((x.node, x.symbol) for layer in project.layers for x in layer.every),
    )


def prove(case: Case, targets: Sequence[Target], progress: Callable[[float], None]) -> Verdict:
    """Runs all invocations on all targets; stops at the first that disagrees."""
    measured: RunResult | None = None
    ran_on: list[str] = []
    for number, target in enumerate(targets):
        share = number / len(targets)

        def tick(done: int, share: float = share) -> None:
            """Invocations done → share of the whole proof."""
            progress(share + done / (len(case.vectors) * len(targets)))

        where, outputs, run = RUNNERS[target](case, tick)
        measured = run or measured
        ran_on.append(where)
        difference = compare(case.project, case.vectors, outputs, where)
        if difference is not None:
            layer = first_layer_that_differs(
                case.project, case.folder, case.board, case.vectors, difference.invocation
            )
            text = difference.text if layer is None else f"{difference.text}; {layer}"
            return Verdict(
                ran_on=tuple(ran_on), compared=len(case.vectors), difference=text, measured=measured
            )
    broken = None if measured is None else broken_contract(case, measured)
    return Verdict(ran_on=tuple(ran_on), compared=len(case.vectors), difference=broken, measured=measured)


Outcome = tuple[str, Sequence[Sequence[bytes]] | None, RunResult | None]
"""(where it ran, outputs of every invocation or None when the program itself compared them, counts)"""


def on_host(case: Case, tick: Callable[[int], None]) -> Outcome:
    """The same C built for this machine."""
    inputs = raw_inputs(case.vectors)
    outputs = run_host(
        case.sources,
        case.io,
        inputs,
        out=case.folder / "build" / "host",
        include=(case.folder,),
        reset_each=case.io.state_bytes == 0,
    )
    tick(len(inputs))
    return "host", outputs, None


def on_emulator(case: Case, tick: Callable[[int], None]) -> Outcome:
    """The image on the emulated core; in QEMU where the built-in emulator has no such core."""
    if not case.board.core.unicorn_model:
        return on_qemu_with_inputs(case, tick)
    stateful = case.io.state_bytes > 0
    run = run_emulated(
        case.image,
        case.board,
        case.io,
        raw_inputs(case.vectors),
        reset_each=not stateful,
        progress=tick,
        placement=case.placement,
        traffic=case.traffic,
    )
    return f"emulated {case.board.core.name}", run.outputs, run


def on_qemu_with_inputs(case: Case, tick: Callable[[int], None]) -> Outcome:
    """The project with a driver under QEMU, on all inputs, counted."""
    run = run_project(
        case.sources,
        case.image,
        case.board,
        case.io,
        raw_inputs(case.vectors),
        out=case.folder / "build" / "qemu.elf",
        include=(case.folder,),
        optimize=case.flags,
        compiler=case.compiler,
        reset_each=case.io.state_bytes == 0,
        progress=tick,
        placement=case.placement,
    )
    return f"{run.emulator} {case.board.core.name}", run.outputs, run.measured


def on_qemu(case: Case, tick: Callable[[int], None]) -> Outcome:
    """The program with its shipped test vectors under stock QEMU, which compares by itself."""
    if not case.board.core.unicorn_model and not case.board.qemu_machine:
        return on_qemu_with_inputs(case, tick)
    image = build_image(
        case.sources,
        board=case.board,
        out=case.folder / "build" / "vectors.elf",
        include=(case.folder,),
        defines={"NK_SEMIHOSTING": ""},
        optimize=case.flags,
        compiler=case.compiler,
        placement=case.placement,
    )
    ran = run_qemu(image, case.board)
    tick(len(case.vectors))
    if ran.exit_code:
        raise EmulationError(
            f"{ran.emulator}: {ran.exit_code} of the shipped test vectors came out differently"
        )
    return f"{ran.emulator} {case.board.qemu_machine}", None, None


RUNNERS: dict[Target, Callable[[Case, Callable[[int], None]], Outcome]] = {
    Target.HOST: on_host,
    Target.EMULATOR: on_emulator,
    Target.QEMU: on_qemu,
}


def raw_inputs(vectors: Sequence[Vector]) -> list[list[bytes]]:
    """The invocations' inputs as the target's memory holds them."""
    return [[x.tobytes() for x in v.inputs] for v in vectors]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first invocation whose outputs disagree."""

    invocation: int
    text: str


def compare(
    project: Project, vectors: Sequence[Vector], outputs: Sequence[Sequence[bytes]] | None, where: str
) -> Difference | None:
    """Every output of every invocation."""
    for number, (vector, got) in enumerate(zip(vectors, outputs or (), strict=outputs is not None)):
        for tensor, wanted, raw in zip(project.api.outputs, vector.outputs, got, strict=True):
            if raw != wanted.tobytes():
                text = f"{where}, invocation {number}, output {tensor.name!r}: {first_element(tensor, wanted, raw)}"
                return Difference(invocation=number, text=text)
    return None


def first_element(kind: TensorType, wanted: Array, raw: bytes) -> str:
    """Where two values of a tensor part, in words."""
    got = np.frombuffer(raw, dtype=kind.dtype.numpy).reshape(kind.shape)
    # Compared as bytes: a NaN equals itself, and -0 is not 0.
    rows = wanted.size, kind.dtype.size
    unlike = (
        np.frombuffer(raw, np.uint8).reshape(rows) != np.frombuffer(wanted.tobytes(), np.uint8).reshape(rows)
    ).any(axis=1)
    at = int(np.argmax(unlike))
    place = tuple(int(i) for i in np.unravel_index(at, kind.shape)) if kind.shape else ()
    values = f"is {got.reshape(-1)[at]}, the reference has {wanted.reshape(-1)[at]}"
    return f"element {list(place)} {values} ({int(unlike.sum())} of {wanted.size} differ)"


def broken_contract(case: Case, run: RunResult) -> str | None:
    """Planned RAM == linked RAM == touched RAM, or what is not."""
    plan = case.project.plan
    wanted = [case.linked_arena] if not plan.parts else plan.arenas
    for name, planned, needed, (linked, touched) in zip(
        case.io.arenas, wanted, plan.arenas, run.arenas, strict=True
    ):
        what = f"the arena{'' if not plan.parts else f' ({name})'}"
        if linked != planned:
            return f"{what} was planned with {planned} bytes, the image links {linked}"
        if touched != needed:
            return f"{what} was planned with {needed} bytes, the run touched {touched}"
    if run.stray_writes:
        return f"the run wrote outside arena, state and stack: {run.stray_writes[0]}"
    return None
