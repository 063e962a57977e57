"""The C kernels as a library of their own: owned, current, short, formatted, clean under every compiler."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netsuke.emulate.compiler import WARNINGS, compiler_environment, zig_command
from netsuke.ops import registry
from netsuke.ops.headers import generated
from netsuke.ops.library import include_dir, source_dir

ROOT = Path(__file__).parents[2]
SOURCES = sorted(source_dir().glob("*.c"))
C_FILES = [*SOURCES, *sorted(include_dir().glob("*.h")), *sorted((ROOT / "tests").rglob("*.c"))]
MAX_LINES = 60
NOT_FAMILIES = {
    "__init__", "activation", "fixed_point", "geometry", "headers", "interpret", "kernel", "library",
    "operator", "program", "registry", "text",
}  # fmt: skip
"""Modules of ops that are about all operators."""

COMPILERS = {
    "gcc": ("gcc",),
    "clang": ("clang",),
    "packaged": zig_command(),
    "packaged-m0plus": (*zig_command(), "-target", "thumb-freestanding-eabi", "-mcpu=cortex_m0plus"),
    "packaged-rv32imc": (*zig_command(), "-target", "riscv32-freestanding-none", "-mcpu=generic_rv32+m+c"),
}


def functions(text: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function of a formatted C file; a line that begins with `}` ends it."""
    for match in re.finditer(
        r"^(?!typedef|#|static const)\w[\w \*\n]*?(\w+)\([^;{]*\) \{$", text, re.MULTILINE
    ):
        end = text.index("\n}", match.end() - 1)
        yield match[1], text.count("\n", match.start(), end) + 2


def test_every_c_file_is_a_kernel_of_some_operator() -> None:
    """And the other way round."""
    assert {path.name for path in SOURCES} == {kernel.source for kernel in registry.kernels()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_kernel_file_defines_its_kernel_and_nothing_else_that_is_public(path: Path) -> None:
    """One public function, called as its file; helpers are static."""
    text = path.read_text()
    public = re.findall(r"^NK_KERNEL void (\w+)\(", text, re.MULTILINE)
    assert public == [f"nk_{path.stem}"]
    others = [name for name, _ in functions(text) if name != f"nk_{path.stem}"]
    static = re.findall(r"^static [\w ]*?\*?(\w+)\(", text, re.MULTILINE)
    assert sorted(others) == sorted(static)


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: path.name)
def test_functions_are_short(path: Path) -> None:
    assert [(name, lines) for name, lines in functions(path.read_text()) if lines > MAX_LINES] == []


def test_the_measure_of_functions_measures() -> None:
    body = "  x++;\n" * 59
    assert list(functions(f"NK_KERNEL void nk_a(int x) {{\n{body}}}\n")) == [("nk_a", 61)]
    assert list(
        functions("static inline int32_t f(int x) {\n}\n\nvoid g(int y,\n       int z) {\n  f(y);\n}\n")
    ) == [
        ("f", 2),
        ("g", 4),
    ]
    seen = {name for path in SOURCES for name, _ in functions(path.read_text())}
    assert seen >= {kernel.name for kernel in registry.kernels()}


@pytest.mark.parametrize("path", sorted(generated()), ids=lambda path: path.name)
def test_generated_headers_are_current(path: Path) -> None:
    assert path.read_text() == generated()[path], "run `make generate`"


def test_every_family_is_registered() -> None:
    """A file of ops that makes operators is listed in FAMILIES; every listed one exists."""
    folder = Path(registry.__file__).parent
    making = {
        path.stem
        for path in folder.glob("*.py")
        if re.search(r"^OPERATORS\b", path.read_text(), re.MULTILINE)
    }
    assert making == set(registry.FAMILIES)
    assert not NOT_FAMILIES & making


def test_c_is_formatted() -> None:
    tool = Path(sys.executable).with_name("clang-format")
    command = str(tool) if tool.exists() else shutil.which("clang-format")
    if command is None:
        pytest.skip("clang-format is not installed (extra `lint`)")
    done = subprocess.run(
        [command, "--dry-run", "--Werror", f"--style=file:{ROOT / '.clang-format'}", *map(str, C_FILES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("name", COMPILERS)
def test_compiles_without_a_warning(name: str, tmp_path: Path) -> None:
    """All kernels in one command per compiler, with pedantry; headers need no other include before them."""
    compiler = COMPILERS[name]
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{name} is not installed")
    free = name.startswith("packaged-")
    includes = [f"-I{include_dir()}", *([f"-I{runtime_include()}"] if free else [])]
    flags = ["-std=c11", "-pedantic", *WARNINGS, "-O2", "-ffp-contract=off", *includes, "-c"]
    alone = tmp_path / "alone.c"
    headers = sorted(path.name for path in include_dir().glob("*.h"))
    for header in headers:
        alone.with_name(f"alone_{header}.c").write_text(f'#include "{header}"\n#include "{header}"\n')
    files = [*SOURCES, *sorted(tmp_path.glob("alone_*.c"))]
    done = subprocess.run(
        [*compiler, *flags, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=compiler_environment(),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(list(tmp_path.glob("*.o"))) == len(files)


def runtime_include() -> Path:
    """The declarations of memcpy and libm for compilers that have no C library."""
    from netsuke.emulate.compiler import RUNTIME

    return RUNTIME / "include"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_kernel_keeps_no_state_and_allocates_nothing(path: Path) -> None:
    """No variables outside functions but constants, no static ones inside, no heap, no input or output."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    ours = {path.name for path in include_dir().glob("*.h")}
    assert set(re.findall(r"#include \W([\w./]+)", text)) <= {*ours, "math.h"}
    assert re.findall(r"^\s*static (?!inline|const)[^(]*[;=]", text, re.MULTILINE) == []
    assert not re.search(r"\b(malloc|calloc|realloc|free|printf|alloca|errno|setjmp)\b", text)
