"""The int8 MLPerf Tiny models: LiteRT's reference == our reference == C on the host == C on every emulated core."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from netsuke.importers.loading import load
from netsuke.ir import Array, Graph
from netsuke.ops import interpret
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from tests.models.oracle import Oracle, spread_inputs
from tests.models.places import INT8, SHARED, mlperf

INPUTS = 100
BOARDS = ("nucleo-g0b1re", "nucleo-l4r5zi", "nucleo-f746zg", "nucleo-u575zi-q", "esp32-c3")
TFLM_RAM = {
    "kws_ref_model": 22_820,
    "vww_96_int8": 100_708,
    "pretrainedResnet_quant": 54_996,
    "ad01_int8": 3_024,
    "str_ww_ref_model": 16_596,
}
"""Arena that TFLite Micro needs, without its stack and statics (shared/peers/README.md)."""
CODE_BYTES = 24 * 1024


@cache
def prepared(name: str) -> tuple[Graph, list[tuple[Array, ...]], list[tuple[Array, ...]]]:
    """The graph, inputs, and what the oracle makes of them."""
    path = mlperf(name)
    graph, oracle = load(path), Oracle(path)
    inputs = spread_inputs(graph, oracle, INPUTS)
    return graph, inputs, [oracle(x) for x in inputs]


@pytest.mark.parametrize("name", INT8)
def test_reference_is_litert_to_the_bit(name: str) -> None:
    graph, inputs, wanted = prepared(name)
    for x, outputs in zip(inputs, wanted, strict=True):
        for got, y in zip(interpret(graph, x).outputs, outputs, strict=True):
            np.testing.assert_array_equal(got, y)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", INT8)
def test_c_is_exact_and_small(name: str, board: str, tmp_path: Path) -> None:
    graph, inputs, _ = prepared(name)
    targets = (Target.HOST, Target.EMULATOR) if board == "nucleo-l4r5zi" else (Target.EMULATOR,)
    result = build(
        graph,
        board=board,
        out=tmp_path / "out",
        options=BuildOptions(runs=0, inputs=inputs, targets=targets),
    )
    assert result.exact, result.first_difference
    assert result.inputs_compared == INPUTS
    assert result.ram_bytes < TFLM_RAM[name]
    if board == "nucleo-l4r5zi":
        assert result.flash_code_bytes <= CODE_BYTES


def test_keyword_spotting_on_the_official_inputs(tmp_path: Path) -> None:
    """All 500 inputs on the emulated Cortex-M4: 452 right (90.4 %), as with LiteRT's reference."""
    graph = load(mlperf("kws_ref_model"))
    data = np.load(SHARED / "data" / "kws01" / "kws01_even500.npz")
    inputs = [(x[None],) for x in data["x"]]
    options = BuildOptions(runs=0, inputs=inputs, targets=(Target.EMULATOR,))
    result = build(graph, board="nucleo-l4r5zi", out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.inputs_compared == 500
    # The outputs are the reference's, byte for byte, so its answers are the chip's.
    answers = [int(np.argmax(interpret(graph, x).outputs[0])) for x in inputs]
    assert sum(a == int(y) for a, y in zip(answers, data["y"], strict=True)) == 452
