"""The table of RAM: real builds in three modes."""

from __future__ import annotations

from pathlib import Path

from netsuke.bench.memory import MODES, memory_sheet, needs
from netsuke.bench.models import named
from tests.cli.models import write_chain, write_two_pools


def test_models_that_can_and_cannot_take_rows(tmp_path: Path) -> None:
    models = [named(write_chain(tmp_path)), named(write_two_pools(tmp_path))]
    rows = needs(models, "nucleo-l4r5zi", lambda what, share: None)
    assert all(row.exact for row in rows)
    whole, smallest, _ = rows[0].builds
    assert whole is not None
    assert smallest is not None
    assert smallest.arena_bytes < whole.arena_bytes
    assert rows[1].builds[2] is None  # nothing stands behind its rows
    sheet = memory_sheet(rows, "nucleo-l4r5zi")
    titles = [line[0] for line in sheet.rows]
    assert titles[-3:] == [mode.title for mode in MODES]
    assert sheet.rows[-3][1] == f"{whole.arena_bytes:,}"
    assert sheet.rows[-2][1].startswith(f"{smallest.arena_bytes:,} (")
    assert sheet.rows[-1][2] == "–"
