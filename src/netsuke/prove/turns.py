"""Models of one image in turn, a, b, a, b: each must give what it gives by itself, its state kept meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from netsuke.emulate.interleave import Outputs, Turn, take_turns, take_turns_on_host
from netsuke.prove.verdict import Case, Target, first_element, raw_inputs


def prove_turns(cases: Sequence[Case], targets: Sequence[Target]) -> tuple[tuple[str, ...], str | None]:
    """(where they ran in turn, the first difference in words).

    The invocations of all models, one of each after the other; on the host and on the built-in emulator, as far as the
    targets ask for them.
    """
    order = [
        (i, v)
        for v in range(max(len(c.vectors) for c in cases))
        for i, c in enumerate(cases)
        if v < len(c.vectors)
    ]
    inputs = [raw_inputs(case.vectors) for case in cases]
    turns = [Turn(model=i, inputs=tuple(inputs[i][v])) for i, v in order]
    ran_on = []
    for target in targets:
        if target not in RUNNERS or (target is Target.EMULATOR and not cases[0].board.core.unicorn_model):
            continue
        where = "host" if target is Target.HOST else f"emulated {cases[0].board.core.name}"
        ran_on.append(where)
        difference = compared(cases, order, RUNNERS[target](cases, turns))
        if difference is not None:
            return tuple(ran_on), f"{where}, models in turn: {difference}"
    return tuple(ran_on), None


def on_host(cases: Sequence[Case], turns: Sequence[Turn]) -> Outputs:
    """All models in one program of this machine."""
    folder = cases[0].folder
    return take_turns_on_host(
        cases[0].sources,
        [case.io for case in cases],
        turns,
        out=folder / "build" / "host_turns",
        include=(folder,),
    )


def on_emulator(cases: Sequence[Case], turns: Sequence[Turn]) -> Outputs:
    """All models in the image, on one core."""
    return take_turns(cases[0].image, cases[0].board, [case.io for case in cases], turns)


RUNNERS: dict[Target, Callable[[Sequence[Case], Sequence[Turn]], Outputs]] = {
    Target.HOST: on_host,
    Target.EMULATOR: on_emulator,
}


def compared(cases: Sequence[Case], order: Sequence[tuple[int, int]], outputs: Outputs) -> str | None:
    """The first output that is not the reference's, in words."""
    for (model, number), got in zip(order, outputs, strict=True):
        api, vector = cases[model].project.api, cases[model].vectors[number]
        for tensor, wanted, raw in zip(api.outputs, vector.outputs, got, strict=True):
            if raw != wanted.tobytes():
                words = first_element(tensor, wanted, raw)
                return f"{api.prefix}, invocation {number}, output {tensor.name!r}: {words}"
    return None
