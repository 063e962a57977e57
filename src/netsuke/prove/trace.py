"""After a disagreement: which layer is the first whose output differs from the reference?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from netsuke.boards import Board
from netsuke.codegen import Project, Vector
from netsuke.codegen.trace import trace_text
from netsuke.emulate import Machine, build_image
from netsuke.errors import NetsukeError
from netsuke.ops import initial_states, interpret
from netsuke.plan import Space


def first_layer_that_differs(
    project: Project, folder: Path, board: Board, vectors: Sequence[Vector], invocation: int
) -> str | None:
    """Runs the model on the emulated core once for each layer, stopped behind it, and compares what it wrote.

    None when every layer agrees there (the disagreement is then the host's own), or when the board's memories cannot
    hold the larger program, or its core is one that only QEMU emulates.
    """
    if not board.core.unicorn_model:
        return None
    source = folder / "trace.c"
    source.write_text(trace_text(project), encoding="utf-8")
    try:
        image = build_image([source], board=board, out=folder / "build" / "trace.elf", include=(folder,))
    except NetsukeError:
        return None
    finally:
        source.unlink()
    return search(project, Machine(image, board), vectors, invocation)


def search(project: Project, machine: Machine, vectors: Sequence[Vector], invocation: int) -> str | None:
    """The first layer whose output is not the reference's, in words."""
    plan = project.plan
    graph = plan.program.graph
    memory = initial_states(graph)
    for vector in vectors[:invocation]:
        interpret(graph, vector.inputs, memory)
    values = interpret(graph, vectors[invocation].inputs, dict(memory)).tensors
    for count, step in enumerate(plan.steps, start=1):
        replay(project, machine, vectors, invocation)
        machine.call("nk_trace", count)
        for name in step.node.outputs:
            place, wanted = plan.places[name], values[name]
            if place.space is Space.STATE:
                continue
            raw = machine.read(arena_start(machine, place.arena) + place.offset, wanted.nbytes)
            if bytes(raw) != wanted.tobytes():
                got = np.frombuffer(raw, dtype=wanted.dtype).reshape(wanted.shape)
                wrong = int((got != wanted).sum())
                return (
                    f"the first layer that differs is {step.node.name!r} ({step.node.op}, kernel {step.kernel.name}): "
                    f"{wrong} of {wanted.size} elements of {name!r}"
                )
    return None


def arena_start(machine: Machine, part: int) -> int:
    """The address of a part of the arena."""
    return machine.image.symbol(f"nk_arena{part + 1 if part else ''}")


def replay(project: Project, machine: Machine, vectors: Sequence[Vector], invocation: int) -> None:
    """Brings states to where the invocation finds them, and puts its inputs into the arena."""
    plan, api = project.plan, project.api
    first = invocation
    if api.stateful:
        machine.call("nk_reset")
        first = 0
    for number in range(first, invocation + 1):
        for tensor, value in zip(api.inputs, vectors[number].inputs, strict=True):
            place = plan.places[tensor.name]
            start = machine.image.symbol("nk_input") if api.pushed else arena_start(machine, place.arena)
            machine.write(start + place.offset, value.tobytes())
        if number < invocation:
            machine.call("nk_trace", len(plan.steps))
