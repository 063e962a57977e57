"""Finding a compiler, and what it is told."""

import pytest

from netsuke.boards import core
from netsuke.emulate import available_compilers, find_compiler
from netsuke.emulate.compiler import run_compiler
from netsuke.errors import CompileError


def test_the_packaged_compiler_is_the_default_for_cores():
    found = find_compiler(core("cortex-m4"))
    assert found.kind == "zig"
    assert "clang version" in found.version
    assert available_compilers(core("cortex-m4"))[0] == "zig"


def test_traps_of_the_packaged_compiler_are_avoided():
    # A bare cortex_m4 has no FPU, a bare cortex_m33 no DSP; zig adds sanitizers and -ffreestanding.
    assert "-mcpu=cortex_m4+vfp4d16sp" in find_compiler(core("cortex-m4")).flags
    assert "-mcpu=cortex_m33+dsp+fp_armv8d16sp" in find_compiler(core("cortex-m33")).flags
    assert {"-fno-sanitize=all", "-fhosted", "-fbuiltin"} <= set(find_compiler(core("rv32imc")).flags)


def test_an_unknown_kind_is_refused():
    with pytest.raises(CompileError, match="got the compiler 'icc', wanted one of zig, gcc, clang"):
        find_compiler(core("cortex-m4"), "icc")


def test_a_missing_gcc_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CompileError, match=r"looked for arm-none-eabi-gcc .*Debian: gcc-arm-none-eabi"):
        find_compiler(core("cortex-m4"), "gcc")
    with pytest.raises(CompileError, match="for the host, wanted one that is on the PATH"):
        find_compiler(None, "clang")
    assert available_compilers(core("cortex-m4")) == ("zig",)


def test_a_core_that_is_only_known_has_no_compiler():
    with pytest.raises(CompileError, match="no compiler for the core 'arc-em9d'"):
        find_compiler(core("arc-em9d"))


def test_warnings_are_errors(compile_c):
    with pytest.raises(CompileError, match=r"(?s)refused the C.*implicit conversion.*the command was: "):
        compile_c("int main(void) { int wide = 300; char c = wide + 1; return c; }")


def test_a_program_that_does_not_link_is_refused(compile_c):
    with pytest.raises(CompileError, match="undefined symbol: missing"):
        compile_c("int missing(void); int main(void) { return missing(); }")


def test_a_command_that_is_not_there():
    with pytest.raises(CompileError, match="cannot run /nowhere/cc"):
        run_compiler(["/nowhere/cc"])
