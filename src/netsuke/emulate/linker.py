"""A linker script from a board's memories, and the check that the linked image fits them."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.boards import Board, Memory
from netsuke.emulate.image import Image
from netsuke.errors import DoesNotFit

# The script offers far more room than the board has: an image that is too big then links, and we can say by
# how many bytes it is (linkers stop at the first section, and each in its own words).
_AMPLE = 0x0800_0000


def linker_script(board: Board, keep: Sequence[str] = ()) -> str:
    """Vectors, code, constants, data (copied from flash), bss, and the stack at the top of the RAM."""
    constants = board.constants_memory
    separate = constants is not board.flash
    regions = [_region("FLASH", "rx", board.flash), _region("RAM", "rw", board.ram)]
    if separate:
        regions.append(_region("CONSTANTS", "r", constants))
    return _TEMPLATE.format(
        title=f"{board.title} ({board.chip})",
        regions="\n".join(regions),
        constants="CONSTANTS" if separate else "FLASH",
        stack_top=board.ram.end,
        keep="\n".join(f'EXTERN("{name}")' for name in keep),
    )


def _region(name: str, access: str, memory: Memory) -> str:
    return f"  {name} ({access}) : ORIGIN = {memory.start:#010x}, LENGTH = {_AMPLE:#x}"


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
  .rodata : {{ *(.rodata .rodata.* .srodata .srodata.*) . = ALIGN(4); }} > {constants}

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


def check_fits(image: Image, board: Board, stack_bytes: int = 0) -> None:
    """Raise DoesNotFit when the linked image needs more flash or RAM than the board has."""
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
            "model"
        )
