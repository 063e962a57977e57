"""Several models in one image: each its own interface and weights; kernels and arena are shared.

`models.c` includes every model's C file, so that the compiler sees them as one and keeps one copy of each kernel;
`models.h` has the size of the arena that fits any of them. The models run one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netsuke.codegen.bundle_guide import cmake_text, readme_text
from netsuke.codegen.bundle_main import main_text, vectors_text
from netsuke.codegen.call_rows import CallRows, call_rows
from netsuke.codegen.expansion import expanded_kernels, shared_functions
from netsuke.codegen.harness import Vector
from netsuke.codegen.header import Api, header_text, make_api
from netsuke.codegen.names import Names, project_name
from netsuke.codegen.project import Project
from netsuke.codegen.source import (
    LAYER_MACRO,
    direct_constants,
    kernels_text,
    make_layers,
    reserved_names,
    source_text,
)
from netsuke.codegen.style import comment
from netsuke.plan import Plan

LIBRARY = "models"
"""Prefix of what the models have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """`models` are the projects in the order in which they were given; `files` is all text, theirs too."""

    models: tuple[Project, ...]
    files: Mapping[str, str]

    @property
    def arena_bytes(self) -> int:
        """The one arena: that of the model which needs most."""
        return max(model.plan.arena_bytes for model in self.models)

    @property
    def state_bytes(self) -> int:
        """The states of all models: each keeps its own while others run."""
        return sum(model.plan.state_bytes for model in self.models)

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files to compile."""
        return self.models[0].sources

    def write(self, folder: Path) -> None:
        """Writes every file into a folder that exists."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")


def make_prefixes(names: Sequence[str]) -> tuple[str, ...]:
    """A prefix for each model; of equal ones, and of those whose files would have one name, the later ones get a
    number."""
    files = {*model_files(LIBRARY), "test_vectors.h"}
    found: list[str] = []
    for name in names:
        base = project_name(name)
        text, number = base, 2
        while files & set(model_files(text)):
            text, number = f"{base}_{number}", number + 1
        files |= set(model_files(text))
        found.append(text)
    return tuple(found)


def model_files(prefix: str) -> tuple[str, ...]:
    """What files a model may have."""
    return f"{prefix}.h", f"{prefix}.c", f"{prefix}_weights.h", f"{prefix}_kernels.h"


def make_bundle(
    plans: Sequence[Plan], *, prefixes: Sequence[str], vectors: Sequence[Sequence[Vector]] = ()
) -> Bundle:
    """Generates the project of several models.

    Args:
        plans: of each model.
        prefixes: of each model's C names, as `make_prefixes` gives them.
        vectors: the test vectors of each model, as many for each; none by default.
    """
    plans = beside_each_other(plans)
    apis = [replace(make_api(p, name), library=LIBRARY) for p, name in zip(plans, prefixes, strict=True)]
    pairs = list(zip(plans, apis, strict=True))
    # All are compiled as one file: what is static in one must not have a name of another's.
    names = Names(set().union(*(reserved_names(plan, api) for plan, api in pairs)))
    rows = call_rows(plans)
    files: dict[str, str] = {}
    models = []
    for plan, api in pairs:
        layers, weights = make_layers(plan, api, names, rows)
        own = {
            f"{api.prefix}.h": header_text(plan, api),
            f"{api.prefix}.c": part_text(source_text(plan, api, layers, rows)),
            f"{api.prefix}_weights.h": weights,
        }
        files |= own
        models.append(
            Project(
                api=api,
                plan=plan,
                layers=layers,
                direct_constants=tuple(direct_constants(plan)),
                files=own,
                unit=f"{LIBRARY}.c",
            )
        )
    files |= {
        f"{LIBRARY}.h": together_header(plans, apis),
        f"{LIBRARY}.c": unit_text(plans, apis, rows),
        f"{LIBRARY}_kernels.h": kernels_text(plans, f"{LIBRARY.upper()}_KERNELS_H", rows),
        "main.c": main_text(LIBRARY, apis),
        "test_vectors.h": vectors_text(apis, vectors or [()] * len(apis)),
        "CMakeLists.txt": cmake_text(LIBRARY),
        "README.md": readme_text(LIBRARY, plans, apis),
    }
    return Bundle(models=tuple(models), files=files)


def beside_each_other(plans: Sequence[Plan]) -> list[Plan]:
    """The plans, each told which kernels the others expand: it calls a shared copy of those."""
    expanded = frozenset().union(*(expanded_kernels(plan.program) for plan in plans))
    return [replace(plan, program=replace(plan.program, beside=expanded)) for plan in plans]


def part_text(source: str) -> str:
    """A model's C file: empty unless the file that compiles all of them includes it."""
    guard = f"{LIBRARY.upper()}_C"
    about = f"/* A part of {LIBRARY}.c; by itself it is empty, so that a build may compile every C file it finds. */"
    return f"{about}\n#ifdef {guard}\n\n{source}\n#endif\n"


def unit_text(plans: Sequence[Plan], apis: Sequence[Api], rows: Mapping[str, CallRows]) -> str:
    """Text of `models.c`."""
    parts = [
        comment(
            f"All models, generated by netsuke: compile this file with your application and include {LIBRARY}.h. "
            "Being one file, they share one copy of each kernel."
        ),
        f"#define {LIBRARY.upper()}_C",
        f'#include "{LIBRARY}.h"\n\n#include "{LIBRARY}_kernels.h"\n',
        LAYER_MACRO,
        *shared_functions(*plans, but=rows),
        *(f'#include "{name}"' for name in sorted(f"{api.prefix}.c" for api in apis)),
    ]
    return "\n".join(parts) + "\n"


def together_header(plans: Sequence[Plan], apis: Sequence[Api]) -> str:
    """Text of `models.h`."""
    macro = LIBRARY.upper()
    includes = "\n".join(f'#include "{name}"' for name in sorted(f"{api.prefix}.h" for api in apis))
    pushed = [api.prefix for api in apis if api.pushed]
    waiting = (
        f" From {' or '.join(f'{p}_begin' for p in pushed)} to its finish the arena holds rows: no other model may run "
        "in it, and none may begin, until then. Models that take rows at the same time need an arena each."
    )
    about = comment(
        "Bytes of working memory, aligned to 8, for any one of the models: they may share it, since only one runs at a "
        "time and none keeps anything in it. A state is its model's own." + (waiting if pushed else "")
    )
    most = max(plan.arena_bytes for plan in plans)
    return (
        f"#ifndef {macro}_H\n#define {macro}_H\n\n{includes}\n\n{about}\n"
        f"#define {macro}_ARENA_BYTES {most}\n\n#endif /* {macro}_H */\n"
    )
