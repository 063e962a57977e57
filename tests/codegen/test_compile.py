"""Every project compiles clean, runs its own vectors, and needs nothing that a product has not got."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from netsuke.codegen import make_project
from netsuke.ops.program import bind
from netsuke.plan import make_plan
from tests.codegen.build import (
    STRICT,
    compiler,
    cross_object,
    run,
    sanitizers,
    undefined_symbols,
    writable_bytes,
    written,
)
from tests.codegen.nets import MODEL_NAMES, NETS, cnn, only_a_copy, project

RUNTIME_HELPER = re.compile(r"__(aeabi_|gnu_)?[a-z0-9_]+")
"""What a compiler calls where the core has no such instruction: soft float, 64-bit multiplication, division."""


def command(kind: str) -> tuple[str, ...]:
    """The compiler's command; the test is skipped without it."""
    found = compiler(kind)
    if found is None:
        pytest.skip(f"{kind} is not on the PATH")
    return found


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("kind", ["gcc", "clang"])
def test_it_compiles_clean_and_its_vectors_agree(net: str, kind: str, tmp_path: Path) -> None:
    made = project(net)
    folder = written(made, tmp_path)
    flags = [*STRICT, *sanitizers(kind), "-O1", "-DNK_STDIO"]
    run([*command(kind), *flags, *made.sources, "-o", "test"], folder)
    assert run([folder / "test"], folder) == f"{made.api.prefix}: all test vectors agree\n"


@pytest.mark.parametrize("net", NETS)
def test_the_packaged_compiler_has_no_complaint(net: str, tmp_path: Path) -> None:
    made = project(net)
    folder = written(made, tmp_path)
    for source in made.sources:
        run([*command("zig"), *STRICT, "-O2", "-c", source, "-o", f"{source}.o"], folder)


def test_wrong_vectors_are_counted(tmp_path: Path) -> None:
    """What makes the tests above able to fail."""
    made = project("stream", runs=3)
    folder = written(made, tmp_path)
    vectors = folder / "test_vectors.h"
    head, outputs = vectors.read_text().split("nk_vector_output_0")
    vectors.write_text(head + "nk_vector_output_0" + re.sub(r"\{\n {8}(\d+)", "{\n        1 ^ \\1", outputs))
    found = next(found for found in map(compiler, ("gcc", "clang", "zig")) if found)
    run([*found, *STRICT, "-DNK_STDIO", *made.sources, "-o", "test"], folder)
    said = run(["sh", "-c", "./test; echo $?"], folder)
    assert said == "stream: test vectors DIFFER\n3\n"


def test_a_project_without_vectors_compiles(tmp_path: Path) -> None:
    made = project("cnn", runs=0)
    folder = written(made, tmp_path)
    for flags in ([], ["-DNK_NO_VECTORS"]):
        run([*command("zig"), *STRICT, *flags, "-c", "main.c", "-o", "main.o"], folder)


def test_models_of_any_name_compile(tmp_path: Path) -> None:
    plan = make_plan(bind(only_a_copy()))
    found = next(found for found in map(compiler, ("gcc", "clang", "zig")) if found)
    for i, name in enumerate(MODEL_NAMES):
        made = make_project(plan, name=name)
        place = tmp_path / str(i)
        place.mkdir()
        folder = written(made, place)
        run([*found, *STRICT, "-I.", "-fsyntax-only", *made.sources], folder)


@pytest.mark.parametrize("net", ["cnn", "stream"])
def test_the_header_is_for_cpp_too(net: str, tmp_path: Path) -> None:
    made = project(net)
    folder = written(made, tmp_path)
    p, m = made.api.prefix, made.api.macro
    state = ", nullptr" if made.api.stateful else ""
    (folder / "app.cpp").write_text(
        f'#include "{p}.h"\n#include "{p}.h"\nalignas({m}_ARENA_ALIGNMENT) static uint8_t arena[{m}_ARENA_BYTES];\n'
        f"int main() {{ return {made.api.invoke}(arena{state}, nullptr, nullptr) == {m}_ERROR_ARGUMENT ? 0 : 1; }}\n"
    )
    cpp, c = command("g++"), next(found for found in map(compiler, ("gcc", "clang", "zig")) if found)
    run([*c, *STRICT, "-c", f"{p}.c", "-o", "model.o"], folder)
    run(
        [*cpp, "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "app.cpp", "model.o", "-o", "app"],
        folder,
    )
    run([folder / "app"], folder)


@pytest.mark.parametrize(("net", "name"), [("cnn_f32", None), ("stream", "test")])
def test_the_cmake_project_builds_and_its_test_passes(net: str, name: str | None, tmp_path: Path) -> None:
    if shutil.which("cmake") is None or (compiler("gcc") is None and compiler("clang") is None):
        pytest.skip("cmake or a host compiler is not on the PATH")
    folder = written(project(net, name), tmp_path)
    run(["cmake", "-B", "build"], folder)
    run(["cmake", "--build", "build"], folder)
    assert "100% tests passed, 0 tests failed out of 1" in run(["ctest", "--test-dir", "build"], folder)
    run(["cmake", "-B", "library", "-DNETSUKE_NO_TEST=ON"], folder)
    run(["cmake", "--build", "library"], folder)


@pytest.mark.parametrize("net", NETS)
def test_a_product_needs_memcpy_and_memset_and_no_ram_but_the_arena(net: str, tmp_path: Path) -> None:
    made = project(net)
    folder = written(made, tmp_path)
    for target in ("cortex-m0plus", "cortex-m4", "rv32imc"):
        path = cross_object(made, folder, target)
        assert writable_bytes(path) == {}
        needed = undefined_symbols(path) - {"memcpy", "memset"}
        assert all(RUNTIME_HELPER.fullmatch(symbol) for symbol in needed), needed


def test_a_variable_would_be_found(tmp_path: Path) -> None:
    """The check above sees a counter and a call of the library."""
    made = make_project(make_plan(bind(cnn())), name="cnn")
    folder = written(made, tmp_path)
    source = folder / "cnn.c"
    source.write_text(
        source.read_text() + "double sqrt(double);\nstatic double n = 2.0;\ndouble count(void);\n"
        "double count(void) { return n = sqrt(n); }\n"
    )
    path = cross_object(made, folder, "cortex-m0plus")
    assert sum(writable_bytes(path).values()) == 8
    assert "sqrt" in undefined_symbols(path)
