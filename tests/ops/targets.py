"""What runs streams of jobs: the host under sanitizers, and the emulated cores (see `runner.c`)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir, mkdtemp
from typing import Protocol

from netsuke.boards import Isa
from netsuke.boards import core as find_core
from netsuke.boards.testbench import testbench_board
from netsuke.emulate.build import build_image
from netsuke.emulate.compiler import WARNINGS, compiler_environment, zig_command
from netsuke.emulate.machine import Machine
from netsuke.errors import CompileError, EmulationError
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
WORKSHOP = TemporaryDirectory(prefix="netsuke-conformance-")
"""What this process builds; gone when it ends."""
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

    def header(self) -> Path:
        """nk_entries.h, in a folder named by its text: a compiler with a cache sees the same command."""
        table = ", ".join(f"run_{kernel.name}" for kernel in self.kernels)
        lines = [entry_text(kernel) for kernel in self.kernels]
        text = "\n".join([*lines, f"static const nk_entry nk_entries[] = {{{table}}};", ""])
        folder = Path(gettempdir()) / f"netsuke-conformance-{sha256(text.encode()).hexdigest()[:16]}"
        folder.mkdir(exist_ok=True)
        # Other processes may be reading it: it is replaced as a whole.
        half = folder / f"{os.getpid()}.half"
        half.write_text(text)
        return half.replace(folder / "nk_entries.h")

    def files(self) -> list[Path]:
        """The C files to compile."""
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
    isa = Isa.DSP | Isa.MVE | Isa.RV_M | Isa.FP32  # their kernels have twins in C

    def __init__(self, library: Library) -> None:
        self.entries = library.entries
        self.folder = Path(mkdtemp(dir=WORKSHOP.name))
        runner = host_object(RUNNER, ("-DNK_HOST", f"-I{library.header().parent}"))
        made = [runner, *host_objects(library.sources[kernel.name] for kernel in library.kernels)]
        refused = "\n".join(said for _, said in made if said) or complaint(
            [
                *host_compiler(),
                *sanitizers(),
                *(str(path) for path, _ in made),
                "-lm",
                "-o",
                str(self.folder / "host"),
            ]
        )
        if refused:
            raise CompileError(refused)

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
        folder = Path(mkdtemp(dir=WORKSHOP.name))
        board = testbench_board(find_core(CORES[name]))
        self.isa = board.core.isa
        image = build_image(
            library.files(),
            board=board,
            out=folder / "image.elf",
            include=[include_dir(), library.header().parent],
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
def sanitizers() -> tuple[str, ...]:
    """The flags of the sanitizers; none where the compiler cannot link them."""
    empty = Path(mkdtemp(dir=WORKSHOP.name)) / "empty.c"
    empty.write_text("int main(void) { return 0; }\n")
    failed = complaint([*host_compiler(), *SANITIZE, str(empty), "-o", str(empty.with_suffix(""))])
    return () if failed else SANITIZE


@cache
def host_object(path: Path, flags: tuple[str, ...] = ()) -> tuple[Path, str]:
    """Compiles a file for the host: the object, and what the compiler said when it failed."""
    made = Path(mkdtemp(dir=WORKSHOP.name)) / f"{path.stem}.o"
    command = [*host_compiler(), *STRICT, *sanitizers(), "-O1", "-g1", f"-I{include_dir()}", *flags]
    return made, complaint([*command, "-c", str(path), "-o", str(made)])


def host_objects(files: Iterable[Path]) -> list[tuple[Path, str]]:
    """The same for many, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(host_object, files))


@cache
def broken() -> Mapping[str, str]:
    """Kernel name → why it does not compile. It is left out, so that the others can still be tested."""
    found = list(kernels())
    missing = {k.name: "its file is missing" for k in found if not (source_dir() / k.source).exists()}
    there = [k for k in found if k.name not in missing]
    made = host_objects(source_dir() / k.source for k in there)
    return missing | {k.name: said for k, (_, said) in zip(there, made, strict=True) if said}


@cache
def netsuke_library() -> Library:
    """The kernels of all operators, but for the broken ones."""
    good = tuple(k for k in sorted(kernels(), key=lambda k: k.name) if k.name not in broken())
    return Library(kernels=good, sources={k.name: source_dir() / k.source for k in good})


@cache
def target(name: str) -> Target | CompileError:
    """ "host", or one of CORES here or in `qemu_target`, built once; the error, where it cannot be built."""
    from tests.ops.qemu_target import CORES as QEMU_CORES
    from tests.ops.qemu_target import UnderQemu

    try:
        if name in QEMU_CORES:
            return UnderQemu(name, netsuke_library())
        return Host(netsuke_library()) if name == "host" else Emulated(name, netsuke_library())
    except CompileError as error:
        return error
