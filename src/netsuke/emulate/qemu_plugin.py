"""Counting instructions under QEMU: build the plugin of qemu_count.c, run with it, read what it found.

QEMU's plugin interface is versioned, and a QEMU takes some versions only; the functions that we use are the same in
all. So each version is tried in turn; where none works, the run goes uncounted.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.emulate.cache import cache_dir
from netsuke.emulate.compiler import find_compiler
from netsuke.emulate.counter import BlockCount, CountPlan
from netsuke.errors import CompileError, EmulationError

_SOURCE = Path(__file__).with_name("qemu_count.c")
_VERSIONS = (1, 2, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class QemuCounts:
    """Instructions of every counted run, and the blocks of the first."""

    runs: tuple[int, ...]
    blocks: tuple[BlockCount, ...]


@functools.cache
def plugin(version: int) -> Path | None:
    """The compiled plugin for a version of QEMU's interface, from the cache or built now; None where it cannot be."""
    if sys.platform == "win32":
        return None
    key = hashlib.sha256(_SOURCE.read_bytes() + (sys.platform + platform.machine()).encode()).hexdigest()[:16]
    library = cache_dir() / f"qemu-count-{version}-{key}.so"
    if not library.exists():
        # Another process may build it at the same moment: each links to a name of its own, the last rename wins.
        handle, name = tempfile.mkstemp(dir=library.parent, suffix=".so")
        os.close(handle)
        undefined = ("-undefined", "dynamic_lookup") if sys.platform == "darwin" else ()
        try:
            find_compiler(None).compile_and_link(
                [_SOURCE],
                Path(name),
                defines={"NK_PLUGIN_API": str(version)},
                flags=("-fPIC", "-shared", *undefined),
            )
            Path(name).replace(library)
        except CompileError:
            return None
        finally:
            Path(name).unlink(missing_ok=True)
    return library


def arguments(library: Path, plan: CountPlan, out: Path, skip: int) -> tuple[str, ...]:
    """What QEMU is told to load and count."""
    options = [
        str(library),
        f"begin={plan.begin}",
        f"end={plan.end}",
        f"invoke={plan.invoke[0]}-{plan.invoke[1]}",
        f"layers={'-'.join(map(str, plan.layers))}",
        f"skip={skip}",
        f"out={out}",
    ]
    return ("-plugin", ",".join(options))


def with_plugin(
    plan: CountPlan, folder: Path, skip: int, run: Callable[[Sequence[str]], str]
) -> tuple[str, QemuCounts | None]:
    """`run` (given QEMU's extra arguments) with the first version of the plugin that QEMU takes, else without any.

    `skip` runs are not counted. Returns what `run` returns, and the counts.

    Raises:
        EmulationError: what `run` raises without a plugin.
    """
    out = folder / "counts"
    for version in _VERSIONS:
        library = plugin(version)
        if library is None:
            break
        try:
            said = run(arguments(library, plan, out, skip))
        except EmulationError as error:
            if "plugin" not in str(error).lower():
                raise
            continue
        return said, read_counts(out)
    return run(()), None


def read_counts(out: Path) -> QemuCounts | None:
    """The plugin's file; None when it wrote none."""
    if not out.exists():
        return None
    runs: list[int] = []
    blocks: list[BlockCount] = []
    for line in out.read_text(encoding="ascii").splitlines():
        kind, *fields = line.split()
        numbers = [int(field) for field in fields]
        if kind == "run":
            runs.append(numbers[0])
        else:
            address, size, instructions, layer, executed, taken = numbers
            blocks.append(
                BlockCount(
                    address=address,
                    size=size,
                    instructions=instructions,
                    layer=layer,
                    executed=executed,
                    taken=taken,
                )
            )
    return QemuCounts(runs=tuple(runs), blocks=tuple(blocks)) if runs else None
