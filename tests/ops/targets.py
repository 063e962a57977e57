"""What runs streams of jobs: the host under sanitizers, and the emulated cores (see `runner.c`)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Protocol

from netsuke.boards import Isa
from netsuke.boards import core as find_core
from netsuke.boards.testbench import testbench_board
from netsuke.emulate.build import build_image
from netsuke.emulate.compiler import WARNINGS, compiler_environment, zig_command
from netsuke.emulate.machine import Machine
from netsuke.errors import EmulationError
from netsuke.ops.headers import prototype_of
from netsuke.ops.kernel import Kernel
from netsuke.ops.library import include_dir, source_dir
from netsuke.ops.registry import kernels

RUNNER = Path(__file__).parent / "runner.c"
MEMORY_BYTES = 4 << 20
"""Room for one stream."""
CORES = {
    "m0plus": "cortex-m0plus",
    "m3": "cortex-m3",
    "m4": "cortex-m4",
    "m7": "cortex-m7",
    "m33": "cortex-m33",
    "rv32imc": "rv32imc",
}
STRICT = ("-std=c11", "-ffp-contract=off", *WARNINGS)
SANITIZE = ("-fsanitize=address,undefined", "-fsanitize-recover=address,undefined", "-DNK_ASAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Kernels with the files they are in."""

    sources: Mapping[str, Path]
    kernels: tuple[Kernel, ...]

    @property
    def entries(self) -> dict[str, int]:
        """Kernel name → its place in nk_entries."""
        return {kernel.name: i for i, kernel in enumerate(self.kernels)}

    def write(self, folder: Path) -> list[Path]:
        """Writes nk_entries.h into the folder; the C files to compile with it."""
        table = ", ".join(f"run_{kernel.name}" for kernel in self.kernels)
        lines = [entry_text(kernel) for kernel in self.kernels]
        text = "\n".join([*lines, f"static const nk_entry nk_entries[] = {{{table}}};", ""])
        (folder / "nk_entries.h").write_text(text)
        return [RUNNER, *(self.sources[kernel.name] for kernel in self.kernels)]


def entry_text(kernel: Kernel) -> str:
    """The C function that calls a kernel with pointers into a block, and a check of its struct's size."""
    pointers = [f"({p.ctype} *)(void *)(block + at[{i}])" for i, p in enumerate(kernel.params)]
    args = kernel.args.c_name
    words = " + ".join(str(f.metadata.get("length", 1)) for f in fields(kernel.args))  # type: ignore[arg-type]
    given = ", ".join([*pointers, f"(const {args} *)(void *)(block + at[{len(pointers)}])"])
    return (
        f"{prototype_of(kernel)};\n"
        f'_Static_assert(sizeof({args}) == 4 * ({words}), "{args} is padded");\n'
        f"static void run_{kernel.name}(uint8_t *block, const uint32_t *at) {{\n  {kernel.name}({given});\n}}"
    )


class Target(Protocol):
    """Something that runs a stream of jobs."""

    name: str
    isa: Isa
    entries: Mapping[str, int]

    def run(self, stream: bytes) -> tuple[bytes, dict[int, str]]:
        """The stream as it is afterwards, and complaints by job."""


class Host:
    """A process of its own, under the address and undefined-behaviour sanitizers if the compiler has them."""

    name = "host"
    isa = Isa.NONE

    def __init__(self, library: Library) -> None:
        self.entries = library.entries
        self.folder = Path(mkdtemp(prefix="netsuke-conformance-"))
        files = [*map(str, library.write(self.folder)), "-lm", "-o", str(self.folder / "host")]
        includes = [f"-I{include_dir()}", f"-I{self.folder}"]
        command = [*host_compiler(), *STRICT, "-O1", "-g", "-DNK_HOST", *includes]
        self.sanitized = not complaint([*command, *SANITIZE, *files])
        if not self.sanitized:
            said = complaint([*command, *files])
            assert not said, said

    def run(self, stream: bytes) -> tuple[bytes, dict[int, str]]:
        given, made = self.folder / "stream", self.folder / "result"
        given.write_bytes(stream)
        made.unlink(missing_ok=True)
        done = subprocess.run(
            [str(self.folder / "host"), str(given), str(made), str(len(stream))],
            capture_output=True,
            text=True,
            check=False,
            env={"ASAN_OPTIONS": "halt_on_error=0:detect_leaks=0", "UBSAN_OPTIONS": "halt_on_error=0"},
        )
        if not made.exists():
            last = [int(number) for number in re.findall(r"^@(\d+)$", done.stderr, re.MULTILINE)][-1:]
            return stream, {last[0] if last else 0: f"exit code {done.returncode}: {done.stderr[-2000:]}"}
        return made.read_bytes(), sanitizer_reports(done.stderr)


def sanitizer_reports(text: str) -> dict[int, str]:
    """What the sanitizers said, by the job whose number stands before it."""
    found: dict[int, str] = {}
    parts = re.split(r"^@(\d+)\n", text, flags=re.MULTILINE)
    for number, said in zip(parts[1::2], parts[2::2], strict=True):
        match = re.search(r"\S+ runtime error: .*|ERROR: AddressSanitizer: .*(?:\n.*){0,4}", said)
        if match is not None:
            found[int(number)] = match.group().strip()
    return found


class Emulated:
    """A core of the test bench."""

    def __init__(self, name: str, library: Library) -> None:
        self.name, self.entries = name, library.entries
        folder = Path(mkdtemp(prefix="netsuke-conformance-"))
        board = testbench_board(find_core(CORES[name]))
        self.isa = board.core.isa
        image = build_image(
            library.write(folder),
            board=board,
            out=folder / "image.elf",
            include=[include_dir(), folder],
            defines={"NK_MEMORY_BYTES": f"{MEMORY_BYTES}u"},
        )
        shutil.rmtree(folder)
        self.machine = Machine(image, board)

    def run(self, stream: bytes) -> tuple[bytes, dict[int, str]]:
        memory, current = (self.machine.image.symbol(name) for name in ("nk_memory", "nk_current"))
        self.machine.write(memory, stream)
        complaints = {}
        try:
            self.machine.call("nk_run", memory)
        except EmulationError as error:
            job = int.from_bytes(self.machine.read(current, 4), "little")
            complaints[job] = str(error)
        return self.machine.read(memory, len(stream)), complaints


# -- what there is


@cache
def host_compiler() -> tuple[str, ...]:
    """gcc or clang where there is one, for their sanitizers; else the packaged compiler."""
    path = next((path for path in map(shutil.which, ("gcc", "clang")) if path), None)
    return (path,) if path is not None else zig_command()


def complaint(command: Sequence[str]) -> str:
    """What a compiler says when it fails; empty when it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=compiler_environment())
    return done.stderr.strip() or f"exit code {done.returncode}" if done.returncode else ""


@cache
def broken() -> Mapping[str, str]:
    """Kernel name → why it does not compile. It is left out, so that the others can still be tested."""
    check = (*host_compiler(), *STRICT, f"-I{include_dir()}", "-fsyntax-only")
    said = {kernel.name: complaint([*check, str(source_dir() / kernel.source)]) for kernel in kernels()}
    return {name: text for name, text in said.items() if text}


@cache
def netsuke_library() -> Library:
    """The kernels of all operators, but for the broken ones."""
    good = tuple(k for k in sorted(kernels(), key=lambda k: k.name) if k.name not in broken())
    return Library(kernels=good, sources={k.name: source_dir() / k.source for k in good})


@cache
def target(name: str) -> Target:
    """ "host" or one of CORES, built once."""
    return Host(netsuke_library()) if name == "host" else Emulated(name, netsuke_library())
