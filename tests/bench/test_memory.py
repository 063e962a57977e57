"""The table of RAM: real builds in four modes."""

from __future__ import annotations

from pathlib import Path

from netsuke.bench.memory import MODES, memory_sheet, needs
from netsuke.bench.models import named
from netsuke.exporters.tflite import write
from netsuke.ir import DType
from tests.cli.models import write_chain
from tests.codegen.builder import Builder


def test_models_that_can_and_cannot_take_rows(tmp_path: Path) -> None:
    b = Builder("flat", DType.INT8)
    flat = tmp_path / "flat.tflite"
    flat.write_bytes(write(b.graph(b.dense(b.input(1, 16), 4))))
    models = [named(write_chain(tmp_path)), named(flat)]
    rows = needs(models, "nucleo-l4r5zi", lambda what, share: None)
    assert all(row.exact for row in rows)
    whole, nearly, within, smallest, _ = rows[0].builds
    assert whole is not None
    assert nearly is not None
    assert nearly.arena_bytes <= whole.arena_bytes
    assert nearly.cycles is not None
    assert whole.cycles is not None
    assert nearly.cycles <= 1.03 * whole.cycles
    assert smallest is not None
    assert smallest.arena_bytes < whole.arena_bytes
    assert within is not None
    assert within.arena_bytes == whole.arena_bytes  # models of one's own have no limit
    assert rows[1].builds[4] is None  # its input is no image
    sheet = memory_sheet(rows, "nucleo-l4r5zi")
    titles = [line[0] for line in sheet.rows]
    assert titles[-5:] == [mode.title for mode in MODES]
    assert sheet.rows[-5][1] == f"{whole.arena_bytes:,}"
    assert sheet.rows[-2][1].startswith(f"{smallest.arena_bytes:,} (")
    assert sheet.rows[-1][2] == "–"


def test_limits_of_a_model() -> None:
    within = next(mode for mode in MODES if mode.limits)
    assert within.of("vww").ram == "12000"
    assert within.of("vww").push_rows
    assert within.of("kws").ram == "5800"
    assert within.of("mine") == within
