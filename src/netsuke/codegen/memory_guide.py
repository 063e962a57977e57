"""The part of a project's README that says which memory holds what, and how a linker is told."""

from __future__ import annotations

import re

from netsuke.boards import Memory, Placement
from netsuke.codegen.header import Api
from netsuke.plan import Plan


def memory_section(plan: Plan, api: Api, placement: Placement) -> str:
    """Text of the section."""
    code = "\n".join([*attributes(api, plan, placement)])
    script = "\n".join(script_lines(placement))
    return f"""
## Where things lie

This build was planned, linked and run so:

{table(plan, api, placement)}

Nothing in the C depends on it but the sizes: the arena is where the pointers that you pass say. With GCC or clang:

```c
{code}
```

and in the linker script, in `SECTIONS` before `.bss`, with these memories under `MEMORY`:

```
{script}
```
{set_up(placement)}{weights_words(api, placement)}"""


def table(plan: Plan, api: Api, placement: Placement) -> str:
    """What lies where."""
    rows = [
        (f"`{name}`", f"{nbytes:,}", memory)
        for name, nbytes, memory in zip(api.arena_names, plan.arenas, placement.arena, strict=True)
    ]
    if api.stateful:
        rows.append(("`state`", f"{plan.state_bytes:,}", placement.state))
    rows.append(("stack and variables", "", placement.stack))
    copied = f", copied from {placement.constants.name} at start" if placement.copied else ""
    lines = [f"| {what} | {size} | {described(memory)} |" for what, size, memory in rows]
    lines.append(f"| weights | | {described(placement.weights)}{copied} |")
    return "\n".join(["| what | bytes | memory |", "|---|--:|---|", *lines])


def described(memory: Memory) -> str:
    """Name, address and size."""
    return f"{memory.name}, {memory.usable // 1024:,} KiB at {memory.start:#010x}"


def section(memory: Memory) -> str:
    """Name of the section that goes into a memory."""
    return f".{region_name(memory).lower()}"


def region_name(memory: Memory) -> str:
    """What a linker script calls it."""
    return re.sub(r"[^A-Za-z0-9]", "_", memory.name)


def attributes(api: Api, plan: Plan, placement: Placement) -> list[str]:
    """The definitions, each with its section."""
    names = [
        *zip(api.arena_names, placement.arena, strict=True),
        *([("state", placement.state)] if plan.state_bytes else []),
    ]
    return [
        f"static _Alignas(8) uint8_t {name}[{api.macro}_{name.upper()}_BYTES] "
        f'__attribute__((section("{section(memory)}")));'
        for name, memory in names
    ]


def script_lines(placement: Placement) -> list[str]:
    """The output sections."""
    held = dict.fromkeys((*placement.arena, placement.state))
    lines = [
        f"{section(memory)} (NOLOAD) : {{ . = ALIGN(8); *({section(memory)}) }} > {region_name(memory)}"
        for memory in held
    ]
    if placement.copied:
        lines += [
            ".nk_weights : {",
            "  . = ALIGN(8); _sweights = .; *(.nk_weights .nk_weights.*) . = ALIGN(4); _eweights = .;",
            f"}} > {region_name(placement.weights)} AT> {region_name(placement.constants)}",
            "_siweights = LOADADDR(.nk_weights);",
        ]
    elif placement.apart:
        lines.append(
            f".nk_weights : {{ . = ALIGN(8); *(.nk_weights .nk_weights.*) }} > {region_name(placement.weights)}"
        )
    return lines


def set_up(placement: Placement) -> str:
    """What must be done before memory outside the chip is used."""
    outside = [one for one in placement.memories if one.external]
    words = "".join(f"\n- **{one.name}** ({one.note})" for one in outside)
    return f"\nSet these up before the first call:\n{words}\n" if outside else ""


def weights_words(api: Api, placement: Placement) -> str:
    """How the weights come to their place."""
    if not placement.apart:
        return ""
    macro = f"{api.macro}_WEIGHTS"
    words = f"""
The weights' arrays in `{api.prefix}_weights.h` carry the macro `{macro}`, which puts them into section
`.nk_weights.{api.prefix}`; define it yourself (`-D{macro}=...`) for another compiler or section.
"""
    return words + (COPIED.format(constants=placement.constants.name) if placement.copied else ELSEWHERE)


ELSEWHERE = """The file for the programmer then has a second range of addresses, which wants a loader for that memory.
"""
COPIED = """They are initialised data: in {constants} at first, copied before `main`. CMSIS's start-up code does it when
the script's copy table has one more entry:

```
LONG(LOADADDR(.nk_weights)) LONG(ADDR(.nk_weights)) LONG(SIZEOF(.nk_weights) / 4)
```

Start-up code that copies `.data` alone (STM32Cube's) leaves it to you, before the first call:

```c
extern uint32_t _sweights[], _eweights[], _siweights[];
memcpy(_sweights, _siweights, (size_t)((uint8_t *)_eweights - (uint8_t *)_sweights));
```
"""
