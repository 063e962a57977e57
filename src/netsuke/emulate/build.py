"""C sources to a linked, checked image for a board."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from netsuke.boards import Board, Placement
from netsuke.emulate.compiler import RUNTIME, find_compiler
from netsuke.emulate.guard import check_instructions
from netsuke.emulate.image import Image, read_image
from netsuke.emulate.linker import check_fits, linker_script

_STARTUP = {"arm": "startup_cortex_m.c", "riscv": "startup_riscv.c"}

# What the runner looks for; the linker would drop what main does not call.
_KEPT = ("nk_run", "nk_reset", "nk_arena", "nk_state", "bench_begin", "bench_end")
# Start-up code then copies the weights to RAM.
_COPY = "NK_COPY_WEIGHTS"


def build_image(
    sources: Sequence[Path],
    *,
    board: Board,
    out: Path,
    include: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    optimize: str = "-O2",
    compiler: str | None = None,
    keep: Sequence[str] = (),
    flags: Sequence[str] = (),
    placement: Placement | None = None,
) -> Image:
    """Compile and link `sources` with netsuke's start-up code into the ELF file `out`.

    `keep` names functions to link although nothing calls them; `flags` go to the compiler too; `placement` says which
    memories hold what, by default the first RAM and the flash. Raises CompileError (the
    C was refused), DoesNotFit (too big for the board) or EmulationError (an instruction that the core lacks).
    """
    board.require_supported()
    chosen = find_compiler(board.core, compiler)
    out.parent.mkdir(parents=True, exist_ok=True)
    script = out.with_suffix(".ld")
    script.write_text(linker_script(board, (*_KEPT, *keep), placement), encoding="utf-8")
    runtime = [RUNTIME / _STARTUP[board.core.architecture], RUNTIME / "semihost.c", RUNTIME / "mem.c"]
    chosen.compile_and_link(
        [*sources, *runtime],
        out,
        include=include,
        defines={**(defines or {}), **({_COPY: ""} if placement is not None and placement.copied else {})},
        optimize=optimize,
        flags=flags,
        link_flags=("-Wl,--gc-sections", f"-Wl,-T,{script}", "-Wl,-e,Reset_Handler"),
    )
    image = dataclasses.replace(read_image(out), compiler=chosen.version)
    check_fits(image, board, placement=placement)
    check_instructions(image, board.core)
    return image
