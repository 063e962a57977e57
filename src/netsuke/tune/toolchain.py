"""What a measurement depends on beside the layer: core, its timing table, compiler and flags."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from netsuke.boards import Core
from netsuke.emulate import Compiler, find_compiler
from netsuke.emulate.compiler import WARNINGS

METHOD = 1
"""Goes up when the way of measuring changes: older measurements are then unknown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Toolchain:
    """A core, a compiler for it and an optimisation flag such as -O2."""

    core: Core
    compiler: Compiler
    optimize: str

    @classmethod
    def find(cls, core: Core, compiler: str | None, optimize: str) -> Toolchain:
        """With the compiler of that kind (None: the packaged one).

        Raises:
            CompileError: when it is not here.
        """
        return cls(core=core, compiler=find_compiler(core, compiler), optimize=optimize)

    @cached_property
    def key(self) -> str:
        """A digest of all of it."""
        flags = [flag for flag in self.compiler.flags if flag not in WARNINGS]
        parts = (METHOD, self.core.name, self.core.timing, self.compiler.version, flags, self.optimize)
        return hashlib.sha256("\n".join(map(repr, parts)).encode()).hexdigest()[:12]

    @property
    def title(self) -> str:
        """In words."""
        return f"{self.core.name}, {self.compiler.kind} {self.optimize}"
