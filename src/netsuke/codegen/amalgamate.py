"""The kernels a program uses, as one header of static functions: nothing else of the library is shipped."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netsuke.codegen.expansion import DEFINITION, expanded_text
from netsuke.ops import kernels as all_kernels
from netsuke.ops.headers import struct_of
from netsuke.ops.kernel import Kernel
from netsuke.ops.library import include_dir, source_dir

INCLUDE = re.compile(r'^#include "(nk_\w+\.h)"\n', re.MULTILINE)
STRUCT = re.compile(r"\bnk_\w+_args\b")
SYSTEM = re.compile(r"^#include <(\w+\.h)>\n", re.MULTILINE)
PREAMBLE = frozenset({"nk_kernels.h", "nk_args.h", "nk_prototypes.h"})
"""Headers whose contents the amalgam gives in its own way: only the structs it needs."""


def amalgamate(
    kernels: Iterable[Kernel],
    guard: str,
    extra: Iterable[str] = (),
    expanded: frozenset[str] = frozenset(),
    end: str = "",
) -> str:
    """Text of `<name>_kernels.h`: system headers, support headers, argument structs, kernels; each once.

    `extra` names more support headers. Kernels are static, so that the compiler sees every call's constants and drops
    what is not needed; those named in `expanded` are inlined where they are called. `end` is text to stand behind them.
    """
    used = sorted({k.name: k for k in kernels}.values(), key=lambda k: k.name)
    supports: dict[str, str] = {}
    for name in ("nk_fixed_point.h", *extra):
        add_support(name, supports)
    bodies = [with_supports((source_dir() / k.source).read_text(), supports) for k in used]
    bodies = [expanded_text(b) if k.name in expanded else b for k, b in zip(used, bodies, strict=True)]
    supports.update(expanded_supports(k for k in used if k.name in expanded))
    code = "\n".join([*supports.values(), *bodies])
    # Support code shared by a family may name a struct of one of its other kernels.
    named = set(STRUCT.findall(code))
    structs = {k.args.c_name: struct_of(k.args) for k in all_kernels() if k.args.c_name in named}
    text = "\n".join([*(f"{s}\n" for _, s in sorted(structs.items())), code])
    system = sorted({"stddef.h", "stdint.h", "string.h", *SYSTEM.findall(text)})
    includes = "".join(f"#include <{name}>\n" for name in system)
    define = "#ifndef NK_KERNEL\n#define NK_KERNEL static\n#endif\n" + (DEFINITION if expanded else "")
    body = re.sub(r"\n{3,}", "\n\n", SYSTEM.sub("", text)).strip()
    end = f"\n\n{end.strip()}" if end else ""
    return f"#ifndef {guard}\n#define {guard}\n\n{includes}\n{define}\n{body}{end}\n\n#endif\n"


def expanded_supports(kernels: Iterable[Kernel]) -> dict[str, str]:
    """The headers that expanded kernels are made of, expanded too."""
    found: dict[str, str] = {}
    for kernel in kernels:
        with_supports((source_dir() / kernel.source).read_text(), found)
    return {name: expanded_text(text) for name, text in found.items()}


def add_support(name: str, supports: dict[str, str]) -> None:
    """Adds a header of kernels/include after the ones it includes itself."""
    if name in PREAMBLE or name in supports:
        return
    text = with_supports((include_dir() / name).read_text(), supports)
    supports[name] = without_guard(text)


def with_supports(text: str, supports: dict[str, str]) -> str:
    """The text without its includes of ours, which are added to `supports` first."""
    for name in INCLUDE.findall(text):
        add_support(name, supports)
    return INCLUDE.sub("", text)


def without_guard(text: str) -> str:
    """A header's text without its include guard."""
    text = re.sub(r"^#ifndef (NK_\w+_H)\n#define \1\n", "", text, count=1, flags=re.MULTILINE)
    return re.sub(r"\n#endif\s*\Z", "\n", text)
