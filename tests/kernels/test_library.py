"""The C kernels as a library of their own: owned, current, short, formatted, clean under every compiler."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netsuke.emulate.compiler import WARNINGS, zig_command
from netsuke.ops import registry
from netsuke.ops.headers import generated
from netsuke.ops.library import include_dir, source_dir
from tests.ops.targets import complaint

ROOT = Path(__file__).parents[2]
SOURCES = sorted(source_dir().glob("*.c"))
C_FILES = [*SOURCES, *sorted(include_dir().glob("*.h")), ROOT / "tests" / "ops" / "runner.c"]
MAX_LINES = 60
NOT_FAMILIES = {
    "__init__", "activation", "fixed_point", "geometry", "headers", "interpret", "kernel", "library",
    "operator", "program", "registry", "text",
}  # fmt: skip
"""Modules of ops that are about all operators."""

COMPILERS = {"gcc": ("gcc", "-O2"), "clang": ("clang",) if shutil.which("clang") else zig_command()}
"""The packaged compiler is a clang. What GCC warns of depends on its optimiser.

The cross compilers are covered in tests/ops, which builds all kernels for every emulated core, warnings as errors.
"""


HEADING = r"^(?!typedef|#|static const)\w[\w \*\n]*?(\w+)\((?:(?!\n\n)[^;{])*\) \{"


def functions(text: str) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function of a formatted C file; a line that begins with `}` ends it."""
    for match in re.finditer(HEADING, text, re.MULTILINE):
        rest = text[match.end() :]
        end = 0 if rest.partition("\n")[0].endswith("}") else rest.index("\n}") + 1
        yield match[1], text.count("\n", match.start(), match.end()) + rest.count("\n", 0, end) + 1


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
    assert list(functions("void f(int x) { g(x); }\n\nvoid g(int x) {\n  f(x);\n}\n")) == [("f", 1), ("g", 3)]
    assert list(functions("MAKE(f, g)\n\nvoid h(int x) {\n}\n")) == [("h", 2)]
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
    """Every kernel and every header, with pedantry; a header needs nk_kernels.h before it at most."""
    compiler = COMPILERS[name]
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{name} is not installed")
    for header in include_dir().glob("*.h"):
        twice = f'#include "{header.name}"\n' * 2
        (tmp_path / f"{header.stem}.c").write_text(f'#include "nk_kernels.h"\n{twice}')
    command = [*compiler, "-std=c11", "-pedantic", *WARNINGS, f"-I{include_dir()}"]
    files = [*SOURCES, *sorted(tmp_path.glob("*.c"))]

    def compiled(path: Path) -> str:
        return complaint([*command, "-c", str(path), "-o", str(tmp_path / f"{path.stem}.o")])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = dict(zip(files, pool.map(compiled, files), strict=True))
    assert {path.name: text for path, text in said.items() if text} == {}


def test_a_warning_is_a_failure(tmp_path: Path) -> None:
    """Each compiler refuses an implicit narrowing; else the test above would say nothing."""
    bad = tmp_path / "bad.c"
    bad.write_text("signed char f(int x);\nsigned char f(int x) { return x; }\n")
    for compiler in COMPILERS.values():
        if shutil.which(compiler[0]) is not None:
            assert "onversion" in complaint(
                [*compiler, "-std=c11", *WARNINGS, "-c", str(bad), "-o", str(bad) + ".o"]
            )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_kernel_keeps_no_state_and_allocates_nothing(path: Path) -> None:
    """No variables outside functions but constants, no static ones inside, no heap, no input or output."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    ours = {path.name for path in include_dir().glob("*.h")}
    assert set(re.findall(r"#include \W([\w./]+)", text)) <= {*ours, "math.h", "stdbool.h"}
    assert re.findall(r"^\s*static (?!inline|const)[^(]*[;=]", text, re.MULTILINE) == []
    assert not re.search(r"\b(malloc|calloc|realloc|free|printf|alloca|errno|setjmp)\b", text)
