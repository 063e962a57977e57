"""Where measurements are kept: a read-only file a core inside the package, and a file of the user's own.

The user's file is one line a measurement, appended as it comes, so that an interrupted session loses nothing. A line
that is damaged, or only half written, is passed over: what it held is then measured again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from pathlib import Path

from netsuke.boards import Core
from netsuke.emulate.cache import cache_dir
from netsuke.ops.kernel import Kernel
from netsuke.ops.program import Step
from netsuke.tune.costs import Cost, DamagedEntry, KernelCost, LayerCost, from_line, to_line
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.toolchain import Toolchain

Key = tuple[str, str]
"""(toolchain's key, layer's or kernel's key)."""


def user_file() -> Path:
    """The user's measurements, in netsuke's cache folder."""
    return cache_dir() / "layer-costs.jsonl"


def shipped_name(core: Core) -> str:
    """The file of a core in the package's data folder."""
    return f"{core.name}.jsonl"


@cache
def shipped(core: Core) -> Mapping[Key, Cost]:
    """The measurements that come with netsuke; none for a core without a file."""
    file = resources.files("netsuke.tune") / "data" / shipped_name(core)
    return dict(entries(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def entries(content: str) -> Iterator[tuple[Key, Cost]]:
    """The measurements in a file's text; damaged lines are passed over. `# key words` heads lines without a key."""
    toolchain = ""
    for line in content.splitlines():
        if line.startswith("#"):
            toolchain = line[1:].split()[0] if line[1:].split() else ""
            continue
        try:
            yield from_line(line, toolchain)
        except DamagedEntry:
            continue


def shipped_text(found: Mapping[Toolchain, Mapping[str, Cost]]) -> str:
    """The text of a core's file: a heading a toolchain, its measurements sorted."""
    parts = []
    for toolchain, costs in found.items():
        parts.append(f"# {toolchain.key} {toolchain.title}, {toolchain.compiler.version}\n")
        parts += [to_line(key, costs[key]) for key in sorted(costs)]
    return "".join(parts)


class Costs:
    """What is known about a toolchain's layers; `add` keeps more, in memory and in the user's file."""

    def __init__(self, toolchain: Toolchain, *, file: Path | None = None, use_shipped: bool = True) -> None:
        self.toolchain = toolchain
        self.file = file or user_file()
        self.known: dict[Key, Cost] = dict(shipped(toolchain.core)) if use_shipped else {}
        self.known.update(entries(self._content()))

    def _content(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    @cached_property
    def standing(self) -> frozenset[str]:
        """The helpers that no expanded kernel takes in: seen as functions beside some layer."""
        own = (cost for (toolchain, _), cost in self.known.items() if toolchain == self.toolchain.key)
        return frozenset(name for cost in own if isinstance(cost, LayerCost) for name in cost.helpers)

    def layer(self, step: Step) -> LayerCost | None:
        """The layer's cost, None when it was never measured."""
        found = self.known.get((self.toolchain.key, layer_key(step)))
        return found if isinstance(found, LayerCost) else None

    def kernel(self, kernel: Kernel) -> KernelCost | None:
        """The kernel's size, None when it was never measured."""
        found = self.known.get((self.toolchain.key, kernel_key(kernel)))
        return found if isinstance(found, KernelCost) else None

    def add(self, found: Mapping[str, Cost]) -> None:
        """Keeps measurements. A cache folder that cannot be written costs the next build time, no more."""
        lines = [to_line(key, cost, self.toolchain.key) for key, cost in found.items()]
        self.known.update({(self.toolchain.key, key): cost for key, cost in found.items()})
        try:
            append(self.file, "".join(lines))
        except OSError:
            return


def append(file: Path, lines: str) -> None:
    """In one write, behind a whole line: another process may append at the same moment, or have died in the middle."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    handle = os.open(file, flags, 0o644)
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            lines = lines if os.read(handle, 1) == b"\n" else f"\n{lines}"
        os.write(handle, lines.encode())
    finally:
        os.close(handle)
