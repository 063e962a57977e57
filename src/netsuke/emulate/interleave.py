"""Models of one image that take turns: one arena, states apart, on the emulated core and on the host."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from netsuke.boards import Board
from netsuke.emulate.compiler import RUNTIME, find_compiler
from netsuke.emulate.image import Image
from netsuke.emulate.machine import Machine
from netsuke.emulate.result import ModelIo
from netsuke.emulate.run import run_one
from netsuke.errors import EmulationError

_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One run of model number `model` on `inputs`."""

    model: int
    inputs: tuple[bytes, ...]


Outputs = list[tuple[bytes, ...]]
"""Of every turn, the bytes of every output."""


def take_turns(image: Image, board: Board, models: Sequence[ModelIo], turns: Sequence[Turn]) -> Outputs:
    """Runs the turns on one emulated core, in order; every state is initialised once, before the first.

    Raises:
        EmulationError: when the core faults, or the packaged emulator has no such core.
    """
    found: Outputs = []
    with Machine(image, board) as machine:
        for io in models:
            if image.has(io.reset) and machine.call(io.reset):
                raise EmulationError(f"{io.reset} failed; see the project's header")
        for turn in turns:
            found.append(run_one(machine, models[turn.model], turn.inputs, reset=False))
    return found


def take_turns_on_host(
    sources: Sequence[Path],
    models: Sequence[ModelIo],
    turns: Sequence[Turn],
    *,
    out: Path,
    include: Sequence[Path] = (),
    optimize: str = "-O2",
    compiler: str | None = None,
    defines: Mapping[str, str] | None = None,
) -> Outputs:
    """The same on the host, for which the project is compiled into the executable `out`."""
    listed = " ".join(f"NK_{kind_of(io)}({io.suffix[1:]})" for io in models)
    out.parent.mkdir(parents=True, exist_ok=True)
    find_compiler(None, compiler).compile_and_link(
        [*sources, RUNTIME / "models_driver.c"],
        out,
        include=include,
        defines={
            "NK_NO_VECTORS": "",
            "main": "nk_project_main",
            "NK_MODELS": listed,
            **(defines or {}),
        },
        optimize=optimize,
    )
    stdin = b"".join(encoded(models[turn.model], turn) for turn in turns)
    try:
        done = subprocess.run(
            [str(out.resolve())], input=stdin, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmulationError(f"cannot run {out} on the host: {error}") from error
    if done.returncode:
        raise EmulationError(
            f"{out.name} failed on the host (exit code {done.returncode}); it said:\n"
            f"{done.stderr.decode(errors='replace').strip()[:4000]}"
        )
    return decoded(done.stdout, models, turns)


def kind_of(io: ModelIo) -> str:
    """What the driver calls such a model."""
    if io.pushed:
        return "PUSHED_STATEFUL" if io.state_bytes else "PUSHED"
    return "STATEFUL" if io.state_bytes else "MODEL"


def encoded(io: ModelIo, turn: Turn) -> bytes:
    """A turn as the driver reads it (see runtime/models_driver.c)."""
    words = [turn.model]
    for ports in (io.inputs, io.outputs):
        words += [len(ports), *(number for port in ports for number in port)]
    return np.array(words, "<u4").tobytes() + b"".join(turn.inputs)


def decoded(raw: bytes, models: Sequence[ModelIo], turns: Sequence[Turn]) -> Outputs:
    """What the driver wrote."""
    wanted = sum(size for turn in turns for _, size in models[turn.model].outputs)
    if len(raw) != wanted:
        raise EmulationError(f"the program on the host wrote {len(raw):,} bytes, wanted {wanted:,}")
    found: Outputs = []
    at = 0
    for turn in turns:
        outputs = []
        for _, size in models[turn.model].outputs:
            outputs.append(raw[at : at + size])
            at += size
        found.append(tuple(outputs))
    return found
