"""The tables: bounds, ratios, peers, the gap between compilers."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from rich.console import Console

from netsuke.bench.as_json import to_json
from netsuke.bench.figures import HEADINGS, behind, board_sheet, notes, peers_sheet, sheets
from netsuke.bench.measure import BOARDS, Skipped, macs_per_cycle, stimulus
from netsuke.bench.models import TASKS
from netsuke.bench.peers import best_peer, engines
from netsuke.bench.sheet import markdown, markdown_table, rendered
from netsuke.boards import board as find_board
from netsuke.boards import cores
from netsuke.ir import DType, TensorType
from tests.bench.samples import measurement, session

M4 = "nucleo-l4r5zi"


def test_every_figure_of_a_peer_is_of_a_known_core_and_task() -> None:
    known = {core.name for core in cores()}
    for engine in engines():
        assert set(engine.cores) <= known
        assert {*engine.cycles, *engine.instructions, *engine.words} <= set(TASKS)
        assert engine.how.split(",")[0].split(";")[0] in ("measured", "published")
        assert all(value > 100_000 for value in (*engine.cycles.values(), *engine.instructions.values()))


@pytest.mark.parametrize(
    ("core", "task", "engine", "value"),
    [
        ("cortex-m4", "kws", "ST X-CUBE-AI 9.0 / 10.2", 5_182_466),
        ("cortex-m4", "ad", "Plumerai 2023.05", 486_196),
        ("cortex-m4", "sww", "TFLite Micro + CMSIS-NN, assembly requantisation", 2_564_000),
        ("cortex-m0plus", "vww", "Bosch HALE 1.0.175", 90_523_338),
        ("cortex-m55", "kws", "TFLite Micro + CMSIS-NN", 1_813_017),
    ],
)
def test_the_best_peer(core: str, task: str, engine: str, value: int) -> None:
    best = best_peer(core, task)
    assert best is not None
    assert (best.engine, best.value) == (engine, value)


def test_a_ratio_compares_the_same_unit() -> None:
    cycles, instructions = best_peer("cortex-m4", "kws"), best_peer("cortex-m55", "kws")
    assert cycles is not None
    assert instructions is not None
    assert cycles.ratio(5_182_466, 1) == 1.0
    assert instructions.ratio(1, 1_813_017) == 1.0
    assert best_peer("rv32imc", "kws") is None


@pytest.mark.parametrize(
    ("board", "most"), [(M4, 2), ("nucleo-g0b1re", 1), ("esp32-c3", 1), ("mps3-an547", 8)]
)
def test_the_bound_of_a_core(board: str, most: int) -> None:
    one = measurement("kws", board, "zig", 640)
    assert macs_per_cycle(one.board.core) == most
    assert one.share_of_bound == pytest.approx(1 / most)


def test_a_board_for_every_core_that_netsuke_compiles_for() -> None:
    shown = {find_board(name).core.isa for name in BOARDS}
    assert {
        core.isa for core in cores() if core.compiled and core.name not in ("cortex-m7", "cortex-m85")
    } <= shown


def test_how_far_a_compiler_is_behind() -> None:
    zig, gcc = measurement("kws", M4, "zig", 1_000), measurement("kws", M4, "gcc", 1_200)
    other = measurement("vww", M4, "zig", 10)
    among = [zig, gcc, other]
    assert behind(zig, among) == 0
    assert behind(gcc, among) == pytest.approx(0.2)
    assert behind(other, among) is None
    row = dict(zip(HEADINGS, board_sheet(among).rows[1], strict=True))
    assert row["behind"] == "+20.0 % ✗"
    assert any("kws on cortex-m4: gcc is 20.0 % behind" in note for note in notes(session(*among)))


def test_a_wrong_build_and_a_skipped_one_are_named() -> None:
    wrong = measurement("kws", M4, "zig", 1_000, exact=False)
    found = notes(session(wrong, skipped=(Skipped(what="mps3-an547", why="no QEMU"),)))
    assert any(note.startswith("✗ kws nucleo-l4r5zi zig: emulated cortex-m4") for note in found)
    assert "not measured: mps3-an547: no QEMU" in found
    assert board_sheet([wrong]).rows[0][-1] == "✗"


def test_the_table_beside_the_peers() -> None:
    table = markdown_table(peers_sheet([measurement("kws", M4, "zig", 4_030_000)]))
    lines = table.splitlines()
    assert lines[0] == "| engine | kws | vww | ic | ad | sww | how |"
    assert lines[1] == "|---|--:|--:|--:|--:|--:|---|"
    assert "| Plumerai 2023.05 | 5.73 | 11.85 | 20.13 | 0.486 | – | published" in table
    assert lines[-1].startswith("| **netsuke, packaged clang** | **4.03** | **–** |")
    assert len({line.count("|") for line in lines}) == 1


def test_terminal_markdown_and_json_hold_the_same_build() -> None:
    one = session(measurement("kws", M4, "zig", 1_234_567))
    text = io.StringIO()
    Console(file=text, width=110).print(rendered(sheets(one, layers=True), notes(one)))
    said = markdown(sheets(one, layers=True), notes(one))
    data = json.loads(to_json(one, layers=True))
    for shown in (text.getvalue(), said):
        assert "1,234,567" in shown
        assert "fully_connected" in shown
        assert "0.24" in shown  # of the best peer's 5.18 M
    (build,) = data["builds"]
    assert build["cycles"] == 1_234_567
    assert build["best_peer"]["ratio"] == pytest.approx(1_234_567 / 5_182_466)
    assert [layer["op"] for layer in build["layers"]] == ["fully_connected", "softmax"]
    assert any(peer["engine"] == "Bosch HALE 1.0.175" for peer in data["peers"]["cortex-m4"])


def test_the_table_fits_a_pipe() -> None:
    one = session(*(measurement("digits", b, c, 98_765_432) for b in BOARDS for c in ("zig", "gcc")))
    text = io.StringIO()
    Console(file=text, width=110).print(rendered(sheets(one), notes(one)))
    assert "…" not in text.getvalue()


def test_the_input_of_every_measurement() -> None:
    values = stimulus(TensorType(shape=(2, 5), dtype=DType.INT8))
    assert values.shape == (2, 5)
    assert values.reshape(-1).tolist()[:9] == [-121, -90, -59, -28, 3, 34, 65, 96, 127]
    assert values.reshape(-1).tolist()[9] == (9 * 31 + 7) % 256 - 128
    assert stimulus(TensorType(shape=(3,), dtype=DType.FLOAT32)).dtype == np.float32
