"""The C project as files, and what a runner must know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.boards import Placement
from netsuke.codegen.guide import cmake_text, readme_text
from netsuke.codegen.harness import Vector, main_text, vectors_text
from netsuke.codegen.header import Api, header_text, make_api
from netsuke.codegen.layers import Layer
from netsuke.codegen.names import project_name
from netsuke.codegen.source import direct_constants, make_sources
from netsuke.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`files` maps a file name (never a path) to its text."""

    api: Api
    plan: Plan
    layers: tuple[Layer, ...]
    direct_constants: tuple[str, ...]
    """Constant tensors of the graph that kernels read as they are, shared between layers."""
    files: Mapping[str, str]
    unit: str = ""
    """The C file of an image of several models, which includes them all; empty for a model by itself."""

    @property
    def source(self) -> str:
        """The C file that defines the model."""
        return self.unit or f"{self.api.prefix}.c"

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile."""
        if self.unit:
            return ("main.c", self.unit)
        return tuple(sorted(name for name in self.files if name.endswith(".c")))

    def write(self, folder: Path) -> None:
        """Writes every file into a folder that exists."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")


def make_project(
    plan: Plan, *, name: str, vectors: Sequence[Vector] = (), placement: Placement | None = None
) -> Project:
    """Generates the project. `name` is made an identifier first and becomes the prefix of everything public.

    `placement`: the memories that the project is meant for, where they are not the board's first RAM and its flash.
    """
    api = make_api(plan, project_name(name))
    made = make_sources(plan, api, placement)
    prefix = api.prefix
    files = {
        f"{prefix}.h": header_text(plan, api),
        f"{prefix}.c": made.source,
        f"{prefix}_weights.h": made.weights,
        f"{prefix}_kernels.h": made.kernels,
        "main.c": main_text(api),
        "test_vectors.h": vectors_text(api, vectors),
        "CMakeLists.txt": cmake_text(api),
        "README.md": readme_text(plan, api, placement),
    }
    return Project(
        api=api, plan=plan, layers=made.layers, direct_constants=tuple(direct_constants(plan)), files=files
    )
