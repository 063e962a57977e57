"""RAM as a contract, schedule by schedule: planned == linked == the highest byte touched, with memory painted.

`test_ram_contract` holds what a user asks for; here every kind of schedule is made by hand, so that none is left out
because another happens to be better: two small networks, one like a keyword spotter (separable convolutions), one like
a residual image classifier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from netsuke import pipeline
from netsuke.boards import Board, Isa
from netsuke.ir import DType, Graph
from netsuke.ops.add import AddSub
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.geometry import Padding
from netsuke.ops.operator import site_of
from netsuke.ops.pool import Pool2d
from netsuke.ops.program import Program, Step
from netsuke.ops.stream import Home
from netsuke.pipeline import build
from netsuke.plan import Plan, make_plan
from netsuke.prove import Case, Target, Verdict, prove
from netsuke.stream import Compactness, Forms, make_patches, make_stream, window_of
from tests.codegen.builder import Builder
from tests.models.test_ram_contract import ONE, Built, hold

BOARD = "nucleo-l4r5zi"


def averaged(b: Builder, x: str) -> str:
    _, height, width, _ = b.shape(x)
    return b.op("average_pool_2d", [x], Pool2d(kernel=(height, width), stride=(1, 1)))[0]


def kws_like() -> Graph:
    b = Builder("kws_like", DType.INT8, 1)
    x = b.conv(b.input(1, 25, 10, 1), 16, 4, 2)
    for _ in range(2):
        x = b.conv(b.depthwise(x), 16, 1)
    return b.graph(b.softmax(b.dense(averaged(b, x), 12)))


def ic_like() -> Graph:
    b = Builder("ic_like", DType.INT8, 2)
    x = b.conv(b.input(1, 16, 16, 3), 16, 3)
    (x,) = b.op("add", [b.conv(b.conv(x, 16, 3), 16, 3), x], AddSub())
    (x,) = b.op("add", [b.conv(b.conv(x, 16, 3, 2), 16, 3), b.conv(x, 16, 1, 2)], AddSub())
    return b.graph(b.dense(averaged(b, x), 10))


def wake_like() -> Graph:
    """Its last window is as high as the image: streams keep sums of it."""
    b = Builder("wake_like", DType.INT8, 3)
    x = b.conv(b.input(1, 20, 1, 16), 32, 1)
    for kernel in (5, 16):
        w = b.weights([1, kernel, 1, 32], 3, 32)
        (x,) = b.op("depthwise_conv_2d", [x, *w], DepthwiseConv2d(padding=Padding.VALID))
        x = b.conv(x, 32, 1)
    return b.graph(b.dense(x, 3))


NETWORKS: dict[str, Callable[[], Graph]] = {"kws-like": kws_like, "ic-like": ic_like, "wake-like": wake_like}


def run_of(program: Program) -> int:
    """The steps from the first on that go by rows."""
    windows = [window_of(site_of(program.graph, step.node)) for step in program.steps]
    return windows.index(None)


def streamed(
    band: int, compact: Compactness | None, *, pushed: bool = False
) -> Callable[[Program], tuple[Step, ...]]:
    def steps(program: Program) -> tuple[Step, ...]:
        end = run_of(program)
        nodes = [step.node for step in program.steps[:end]]
        taken = program.graph.inputs[0] if pushed else None
        made = make_stream(program.graph, nodes, Forms(isa=Isa.DSP), band, compact=compact, pushed=taken)
        assert made.stream is not None
        assert len(made.stream.layers) > 4
        assert (made.stream.taken is not None) == pushed
        assert (made.stream.room is not None) == (compact is not None)
        assert pushed or any(line.home is Home.INPUT for line in made.stream.lines)
        return (made, *program.steps[end:])

    return steps


def patched(program: Program) -> tuple[Step, ...]:
    """Patches of all layers before the one that sees the whole image."""
    ops = [step.node.op for step in program.steps]
    end = ops.index("average_pool_2d") if "average_pool_2d" in ops else 3
    nodes = [step.node for step in program.steps[:end]]
    made = make_patches(program.graph, nodes, Forms(isa=Isa.DSP), (2, 2 if end > 3 else 1))
    assert made.patches is not None
    return (made, *program.steps[end:])


def plain(program: Program) -> tuple[Step, ...]:
    return program.steps


KINDS: dict[str, Callable[[Program], tuple[Step, ...]]] = {
    "plain": plain,
    "rows in line buffers": streamed(1, None),
    "rows in line buffers, two at a time": streamed(2, None),
    "compact": streamed(1, Compactness()),
    "compact, with slack, three at a time": streamed(3, Compactness(slack=64)),
    "compact, output over the room": streamed(1, Compactness(growing=True)),
    "compact, room over the input": streamed(1, Compactness(draining=True)),
    "compact, both": streamed(2, Compactness(growing=True, draining=True)),
    "pushed rows in line buffers": streamed(1, None, pushed=True),
    "pushed rows, compact": streamed(1, Compactness(growing=True), pushed=True),
    "patches": patched,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_kind_of_schedule(
    network: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Case, Verdict]] = []
    plans: list[Plan] = []

    def planned(
        program: Program, board: Board, budget: int | None, *, small: bool, push: bool
    ) -> tuple[Plan, None]:
        del board, budget, small, push
        plans.append(make_plan(replace(program, steps=KINDS[kind](program))))
        return plans[-1], None

    def spy(case: Case, targets: tuple[Target, ...], progress: pipeline.Progress) -> Verdict:
        seen.append((case, prove(case, targets, progress)))  # type: ignore[arg-type]
        return seen[-1][1]

    monkeypatch.setattr(pipeline, "planned", planned)
    monkeypatch.setattr(pipeline, "prove", spy)
    result = build(
        NETWORKS[network](), board=BOARD, out=tmp_path / "out", options=replace(ONE, compare=False)
    )
    ((case, verdict),) = seen
    assert case.project.plan.arena_bytes == plans[0].arena_bytes
    name = plans[0].program.pushed
    pushed = 0 if name is None else plans[0].program.graph.tensors[name].nbytes
    hold(Built(result=result, case=case, verdict=verdict), pushed=pushed)
