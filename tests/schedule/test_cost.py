"""Estimates of cycles: what was counted of a layer tells how far they are off, for its parts too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netsuke.boards import Isa, board
from netsuke.importers.loading import load
from netsuke.lower import lower
from netsuke.ops.kernel import Kernel
from netsuke.ops.program import Program, Step, bind
from netsuke.ops.registry import operator
from netsuke.schedule.cost import OF_PARTS, Rates, cycles, filled
from netsuke.stream import window_of
from netsuke.stream.forms import piece_at, site_of_piece
from netsuke.survey import SurveyOptions, survey
from netsuke.tune import Tuner
from tests.codegen.builder import Builder
from tests.models.places import mlperf
from tests.stream.nets import Images


def program() -> Program:
    return bind(lower(Images(3).graph(6)).graph, Isa.DSP)


def first(program: Program, op: str = "conv_2d") -> Step:
    return next(step for step in program.steps if step.node.op == op)


def test_without_counts_estimates_stay_what_they_are() -> None:
    rates = Rates(program())
    for step in program().steps:
        assert rates.cycles(step.site, step.kernel) == cycles(step.site, step.kernel) * filled(
            step.site, step.kernel
        )
        assert not rates.known(step.node.name)


def test_a_layer_that_was_counted_takes_what_was_counted() -> None:
    bare = program()
    step = first(bare)
    rates = Rates(replace(bare, counts={step.node.name: {step.kernel.name: 12345}}))
    assert rates.known(step.node.name)
    assert rates.cycles(step.site, step.kernel) == pytest.approx(12345)


def squares(channels: int = 16, size: int = 16) -> Program:
    """One convolution 3 x 3 that tiles of 4 x 4 fill, and a pointwise one."""
    b = Builder("squares")
    x = b.input(1, size, size, channels)
    y = b.conv(b.conv(x, channels, 3), channels, 1)
    return bind(b.graph(y), Isa.DSP)


def kernel_named(op: str, name: str) -> Kernel:
    return next(kernel for kernel in operator(op).kernels if kernel.name == name)


def part(step: Step, rows: int) -> float:
    """Cycles of its rows 4 .. 4 + rows - 1 with Winograd's tiles of 4 x 4, of which a whole layer takes 1,000."""
    kernel = kernel_named("conv_2d", "nk_conv_2d_s8_winograd_4x4")
    rates = Rates(replace(squares(), counts={step.node.name: {kernel.name: 1000}}))
    window = window_of(step.site)
    assert window is not None
    return rates.cycles(site_of_piece(step.site, piece_at(window, 4, rows)), kernel)


def test_rows_that_fill_no_tile_cost_a_whole_one() -> None:
    step = first(squares())
    assert part(step, 4) == pytest.approx(250, rel=0.01)
    assert part(step, 3) == pytest.approx(part(step, 4), rel=0.01)
    assert part(step, 6) == pytest.approx(part(step, 8), rel=0.01)


def test_a_kernel_that_was_counted_for_another_layer_is_thought_as_good_here() -> None:
    bare = program()
    one, other, *_ = (step for step in bare.steps if step.node.op == "conv_2d")
    kernel = kernel_named("conv_2d", "nk_conv_2d_s8")
    counts = {one.node.name: {kernel.name: 3 * round(cycles(one.site, kernel))}}
    rates = Rates(replace(bare, counts=counts))
    assert rates.cycles(other.site, kernel) == pytest.approx(3 * cycles(other.site, kernel), rel=0.01)


def test_what_was_never_counted_is_as_bad_as_the_worst_unless_it_is_made_for_parts() -> None:
    step = first(squares())
    good, bad, strange = (
        kernel_named("conv_2d", name) for name in ("nk_conv_2d_s8_duo", "nk_conv_2d_s8_dsp", "nk_conv_2d_s8")
    )
    whole = cycles(step.site, good)
    counts = {step.node.name: {good.name: round(2 * whole), bad.name: round(5 * whole)}}
    rates = Rates(replace(squares(), counts=counts))
    assert rates.cycles(step.site, strange) == pytest.approx(5 * cycles(step.site, strange), rel=0.01)
    of_parts = replace(strange, accepts=lambda site: False)
    assert rates.cycles(step.site, of_parts) == pytest.approx(
        2 * OF_PARTS * cycles(step.site, of_parts), rel=0.01
    )


@pytest.mark.parametrize("name", ["nucleo-l4r5zi"])
def test_estimates_of_schedules_are_near_what_is_counted(name: str) -> None:
    """All schedules of a model whose layers were counted: what comes with netsuke is enough to choose by."""
    found = survey(mlperf("str_ww_ref_model"), board=name, options=SurveyOptions())
    points = (*found.points, *found.dropped)
    assert len(points) > 3
    for point in points:
        assert point.counted is not None
        assert point.estimated_cycles == pytest.approx(point.counted.cycles, rel=0.1)


def test_a_tuned_program_has_the_counts_of_every_layer() -> None:
    graph = lower(load(mlperf("str_ww_ref_model"))).graph
    made = Tuner(graph, board("nucleo-l4r5zi").core).program("speed")
    counted = [step.node.name for step in made.steps if not step.view]
    assert counted
    for step in made.steps:
        if not step.view:
            assert made.counts[step.node.name][step.kernel.name] > 0
