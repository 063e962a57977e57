"""Wake words in every mode: state apart from scratch, and the arena planned == linked == touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from netsuke.emulate import read_image
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from tests.models.test_streaming_models import sequence

MODES: dict[str, dict[str, str]] = {
    "speed": {},
    "size": {"optimize": "size"},
    "ram": {"optimize": "ram"},
    "min": {"ram": "min"},
}
STEPS = 15


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["okay_nabu", "hey_mycroft"])
def test_state_apart_from_scratch_in_every_mode(name: str, mode: str, tmp_path: Path) -> None:
    graph, steps, _ = sequence(name)
    options = BuildOptions(runs=0, inputs=steps[:STEPS], targets=(Target.EMULATOR,), **MODES[mode])  # type: ignore[arg-type]
    result = build(graph, board="nucleo-l4r5zi", out=tmp_path / "out", options=options)
    # Exact: also that what was linked and touched of the arena is what was planned, and that nothing was written
    # outside arena, state and stack.
    assert result.exact, result.first_difference
    image = read_image(next((tmp_path / "out" / "build").glob("*.elf")))
    assert image.objects["nk_arena"] == result.arena_bytes
    assert image.objects["nk_state"] == result.state_bytes
    wanted = sum(-(-state.type.nbytes // 4) * 4 for state in graph.states)
    assert wanted <= result.state_bytes < wanted + 8
    # A state is not in the arena: the arena is far smaller than both together.
    assert result.arena_bytes < 2048 < result.state_bytes
