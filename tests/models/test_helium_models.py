"""The int8 MLPerf Tiny models on a Cortex-M55 under QEMU: exact on many inputs, and within their budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.boards import core
from netsuke.emulate import available_compilers, find_qemu
from netsuke.importers.loading import load
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from tests.models.places import mlperf, wake_word

RUNS = 20
# Instructions of one inference, at most: what is reached by either compiler, and a little.
BUDGETS = {
    "kws_ref_model": 900_000,
    "vww_96_int8": 2_050_000,
    "pretrainedResnet_quant": 2_600_000,
    "ad01_int8": 58_000,
    "str_ww_ref_model": 211_000,
}

pytestmark = pytest.mark.skipif(find_qemu() is None, reason="qemu-system-arm is not on the PATH")


@pytest.mark.parametrize("compiler", ["zig", "gcc"])
@pytest.mark.parametrize("name", BUDGETS)
def test_exact_and_within_the_budget(name: str, compiler: str, tmp_path: Path) -> None:
    if compiler not in available_compilers(core("cortex-m55")):
        pytest.skip(f"{compiler} for the Cortex-M55 is not on the PATH")
    options = BuildOptions(runs=RUNS, compiler=compiler, targets=(Target.EMULATOR,))
    result = build(load(mlperf(name)), board="mps3-an547", out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
    assert result.inputs_compared == RUNS
    if result.instructions is not None:
        assert result.instructions <= BUDGETS[name]


def test_states_live_through_a_sequence(tmp_path: Path) -> None:
    """A streaming model, its invocations one sequence, on a core that has no machine of its own in QEMU."""
    options = BuildOptions(runs=RUNS, targets=(Target.HOST, Target.EMULATOR))
    result = build(wake_word("okay_nabu"), board="ek-ra8m1", out=tmp_path / "out", options=options)
    assert result.exact, result.first_difference
