"""Compiling and running generated projects."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from netsuke.boards import core
from netsuke.codegen import Project
from netsuke.emulate.compiler import WARNINGS, compiler_environment, find_compiler, zig_command
from netsuke.emulate.host import has_sanitizers
from netsuke.ir import Array
from netsuke.plan import Place

STRICT = ("-std=c11", *WARNINGS, "-ffp-contract=off")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def run(command: Sequence[str | Path], folder: Path) -> str:
    """What a command prints; it must succeed, and a compiler must not say anything on stderr."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=compiler_environment(),
        timeout=120,
    )
    assert done.returncode == 0, f"exit code {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@cache
def compiler(kind: str) -> tuple[str, ...] | None:
    """The command of gcc, clang or zig; None where it is not found."""
    if kind == "zig":
        return zig_command()
    path = shutil.which(kind)
    return None if path is None else (path,)


def sanitizers(kind: str) -> tuple[str, ...]:
    """Their flags, where the compiler can link them."""
    return SANITIZE if has_sanitizers(kind) else ()


def written(project: Project, folder: Path) -> Path:
    """The project in a new folder of its name's hash."""
    place = folder / project.api.prefix
    place.mkdir()
    project.write(place)
    return place


def cross_object(project: Project, folder: Path, target: str) -> Path:
    """The model alone, compiled for a core."""
    out = folder / f"{target}.o"
    source = folder / f"{project.api.prefix}.c"
    find_compiler(core(target)).compile_and_link([source], out, flags=("-c",))
    return out


def undefined_symbols(path: Path) -> set[str]:
    """What an object needs from elsewhere."""
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {s.name for s in table.iter_symbols() if s["st_shndx"] == "SHN_UNDEF" and s.name}


def writable_bytes(path: Path) -> dict[str, int]:
    """Sections of an object that would take up RAM, and their sizes."""
    with path.open("rb") as file:
        return {
            s.name: s["sh_size"]
            for s in ELFFile(file).iter_sections()
            if s["sh_flags"] & SH_FLAGS.SHF_WRITE and s["sh_size"]
        }


def shared_library(projects: Sequence[Project], folder: Path) -> ctypes.CDLL:
    """The projects' models as one library in this process."""
    sources = [written(project, folder) / f"{project.api.prefix}.c" for project in projects]
    out = folder / "models.so"
    find_compiler(None).compile_and_link(sources, out, optimize="-O1", flags=("-shared", "-fPIC"))
    return ctypes.CDLL(str(out))


class Instance:
    """A model with an arena, a state block and ports of its own, each between guards."""

    def __init__(self, library: ctypes.CDLL, project: Project, *, ports_inside: bool) -> None:
        self.project, self.library = project, library
        self.arena = aligned(project.plan.arena_bytes)
        self.state = aligned(project.plan.state_bytes)
        self.inputs = [self.port(t.name, t.nbytes, ports_inside) for t in project.api.inputs]
        self.outputs = [self.port(t.name, t.nbytes, ports_inside) for t in project.api.outputs]
        if project.api.stateful:
            assert getattr(library, f"{project.api.prefix}_init")(self.pointers()[1]) == 0

    def port(self, tensor: str, nbytes: int, inside: bool) -> Array:
        place: Place = self.project.plan.places[tensor]
        return self.arena[place.offset : place.offset + nbytes] if inside else aligned(nbytes)

    def pointers(self) -> list[ctypes.c_void_p]:
        blocks = [
            self.arena,
            *([self.state] if self.project.api.stateful else []),
            *self.inputs,
            *self.outputs,
        ]
        return [ctypes.c_void_p(block.ctypes.data) for block in blocks]

    def invoke(self, inputs: Sequence[Array]) -> list[bytes]:
        """The bytes of the outputs."""
        for port, value in zip(self.inputs, inputs, strict=True):
            port[:] = np.frombuffer(value.tobytes(), np.uint8)
        assert getattr(self.library, self.project.api.invoke)(*self.pointers()) == 0
        return [port.tobytes() for port in self.outputs]


def aligned(nbytes: int) -> Array:
    """Memory at a multiple of 8, filled with rubbish."""
    block = np.full(nbytes // 8 + 1, 0x5A5A5A5A5A5A5A5A, np.uint64)
    return block.view(np.uint8)[:nbytes]
