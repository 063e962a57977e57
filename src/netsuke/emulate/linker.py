"""A linker script from a board's memories, and the check that the linked image fits them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from netsuke.boards import Board, Memory, MemoryKind, Placement, home
from netsuke.emulate.image import Image
from netsuke.emulate.usage import STATE, WEIGHTS, arena_section, usage
from netsuke.errors import DoesNotFit

# The script offers far more room than the board has: an image that is too big then links, and we can say by
# how many bytes it is (linkers stop at the first section, and each in its own words).
_AMPLE = 0x0800_0000


def linker_script(board: Board, keep: Sequence[str] = (), placement: Placement | None = None) -> str:
    """Vectors, code, constants, data (copied from flash), bss, and the stack at the top of its RAM.

    What `placement` puts elsewhere gets sections of its own: arenas, states and weights.
    """
    where = placement or home(board)
    separate = where.constants != where.code
    regions = [_region("FLASH", "rx", where.code), _region("RAM", "rw", where.stack)]
    if separate:
        regions.append(_region("CONSTANTS", "r", where.constants))
    constants = "CONSTANTS" if separate else "FLASH"
    names = {where.code: "FLASH", where.stack: "RAM", where.constants: constants}
    for memory in where.memories:
        if memory not in names:
            # A name of its own: a board's memory may be called RAM, or have a blank in its name.
            names[memory] = f"M{len(names)}_{re.sub(r'[^A-Za-z0-9]', '_', memory.name)}"
            regions.append(_region(names[memory], "rw", memory))
    return _TEMPLATE.format(
        title=f"{board.title} ({board.chip})",
        regions="\n".join(regions),
        constants=constants,
        stack_top=where.stack.end,
        keep="\n".join(f'EXTERN("{name}")' for name in keep),
        weights="" if where.apart else " .nk_weights .nk_weights.*",
        apart="\n".join(_apart(where, names, constants)),
    )


def _region(name: str, access: str, memory: Memory) -> str:
    return f"  {name} ({access}) : ORIGIN = {memory.start:#010x}, LENGTH = {_AMPLE:#x}"


def _apart(where: Placement, names: dict[Memory, str], constants: str) -> list[str]:
    """Sections of what is neither with the stack nor with the constants."""
    lines = []
    for number, memory in enumerate(where.arena):
        if memory != where.stack:
            lines.append(
                _zeroed(arena_section(number), f"nk_arena{number + 1 if number else ''}", names[memory])
            )
    if where.state != where.stack:
        lines.append(_zeroed(STATE, "nk_state*", names[where.state]))
    if where.apart:
        at = f" AT> {constants}" if where.copied else ""
        lines.append(_WEIGHTS.format(section=WEIGHTS, memory=names[where.weights], at=at))
    return lines


def _zeroed(section: str, symbol: str, memory: str) -> str:
    return (
        f"  {section} (NOLOAD) : {{ . = ALIGN(8); *(.bss.{symbol} .sbss.{symbol}) . = ALIGN(8); }} > {memory}"
    )


_WEIGHTS = """\
  {section} :
  {{
    . = ALIGN(8);
    nk_weights_start = .;
    *(.nk_weights .nk_weights.*)
    . = ALIGN(4);
    nk_weights_end = .;
  }} > {memory}{at}
  nk_weights_load = LOADADDR({section});
"""


_TEMPLATE = """\
/* {title}. Lengths are ample on purpose: netsuke checks the linked sizes against the board's. */
MEMORY
{{
{regions}
}}

{keep}

SECTIONS
{{
  .vectors : {{ KEEP(*(.vectors)) }} > FLASH
  .text : {{ *(.text .text.*) . = ALIGN(4); }} > FLASH
  .rodata : {{ *(.rodata .rodata.* .srodata .srodata.*{weights}) . = ALIGN(4); }} > {constants}
{apart}

  .data :
  {{
    . = ALIGN(8);
    nk_data_start = .;
    *(.data .data.* .sdata .sdata.*)
    . = ALIGN(4);
    nk_data_end = .;
  }} > RAM AT> {constants}
  nk_data_load = LOADADDR(.data);

  .bss (NOLOAD) :
  {{
    . = ALIGN(4);
    nk_bss_start = .;
    *(.bss .bss.* .sbss .sbss.* COMMON)
    . = ALIGN(8);
    nk_bss_end = .;
  }} > RAM
  end = .;
  nk_stack_top = {stack_top:#010x};

  /DISCARD/ :
  {{
    *(.ARM.exidx .ARM.exidx.* .ARM.extab .ARM.extab.* .eh_frame .eh_frame_hdr)
    *(.note.* .comment .debug_*)
  }}
}}
"""


def check_fits(image: Image, board: Board, stack_bytes: int = 0, placement: Placement | None = None) -> None:
    """Raise DoesNotFit when the linked image needs more flash or RAM than the board, or one of its memories, has."""
    if placement is not None and placement != home(board):
        for use in usage(image, placement, stack_bytes):
            _check(use.memory.name, use.nbytes, use.memory, board, use.parts)
        return
    flash = board.flash
    _check(
        "flash",
        image.flash_bytes,
        flash,
        board,
        f"code {image.flash_code_bytes:,}, constants "
        f"{image.flash_rodata_bytes:,}, initial data {image.data_bytes:,}",
    )
    stack = f", stack {stack_bytes:,}" if stack_bytes else ", no stack yet"
    _check(
        "RAM",
        image.ram_bytes + stack_bytes,
        board.ram,
        board,
        f"data {image.data_bytes:,}, arena and other zeroed data {image.bss_bytes:,}{stack}",
    )


def _check(what: str, needed: int, memory: Memory, board: Board, parts: str) -> None:
    if needed > memory.usable:
        raise DoesNotFit(
            f"{what}: the image needs {needed:,} bytes ({parts}), {board.name} has {memory.usable:,} in "
            f"{memory.name}: {needed - memory.usable:,} bytes too many; choose a bigger board or a smaller "
            "model",
            flash_short=needed - memory.usable if memory.kind is MemoryKind.FLASH else 0,
        )
