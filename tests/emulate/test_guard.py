"""Images with instructions that their core lacks."""

import pytest

from netsuke.boards import core
from netsuke.emulate import check_instructions
from netsuke.emulate.guard import _lacks, offences
from netsuke.errors import EmulationError

MAIN = "int main(void) { return 0; }\n"


def naked(body):
    function = f'__attribute__((naked)) void odd(void) {{ __asm__ volatile("{body}\\nbx lr"); }}'
    return f"void odd(void);\n{function}\n{MAIN}"


@pytest.mark.parametrize(
    ("built_for", "checked_on", "instruction", "lacks"),
    [
        ("cortex-m4", "cortex-m3", "smlad r0, r1, r2, r3", "DSP extension"),
        ("cortex-m4", "cortex-m3", "ssat16 r0, #8, r1", "DSP extension"),
        ("cortex-m4", "cortex-m3", "sxtb16 r0, r1", "DSP extension"),
        ("cortex-m4", "cortex-m3", "smlalbb r0, r1, r2, r3", "DSP extension"),
        ("cortex-m4", "cortex-m3", "smlald r0, r1, r2, r3", "DSP extension"),
        ("cortex-m4", "cortex-m3", "qadd r0, r1, r2", "DSP extension"),
        ("cortex-m4", "cortex-m3", "vadd.f32 s0, s1, s2", "FPU"),
        ("cortex-m3", "cortex-m0plus", "sdiv r0, r1, r2", "such encoding"),
        ("cortex-m3", "cortex-m0plus", "movw r0, #1234", "such encoding"),
        ("cortex-m3", "cortex-m0plus", "cbz r0, 1f\\nnop\\nnop\\n1:", "such encoding"),
        ("cortex-m7", "cortex-m4", "vadd.f64 d0, d1, d2", "double-precision FPU"),
        ("cortex-m7", "cortex-m7-sp", "vmul.f64 d0, d1, d2", "double-precision FPU"),
        ("cortex-m7", "cortex-m4", "vmaxnm.f32 s0, s1, s2", "FPv5"),
        ("cortex-m7", "cortex-m4", "vrinta.f32 s0, s1", "FPv5"),
    ],
)
def test_refused(compile_c, built_for, checked_on, instruction, lacks):
    image = compile_c(naked(instruction), built_for, keep=["odd"])
    name = instruction.split()[0]
    found = [one for one in offences(image, core(checked_on)) if one.address == image.symbol("odd")]
    assert [(one.text.split()[0], one.lacks.startswith(lacks)) for one in found] == [(name, True)]
    with pytest.raises(
        EmulationError, match=rf"{checked_on} has no .* in \w+\+0x\w+, 0x.*; compile for this core"
    ):
        check_instructions(image, core(checked_on))


@pytest.mark.parametrize(
    ("built_for", "checked_on", "instruction"),
    [
        ("cortex-m3", "cortex-m3", "smlal r0, r1, r2, r3"),
        ("cortex-m3", "cortex-m3", "ssat r0, #8, r1"),
        ("cortex-m4", "cortex-m33", "smlad r0, r1, r2, r3"),
        ("cortex-m7", "cortex-m4", "vldr d0, [r0]"),
        ("cortex-m0plus", "cortex-m0plus", "dmb"),
        ("cortex-m0plus", "cortex-m4", "muls r0, r1, r0"),
    ],
)
def test_accepted(compile_c, built_for, checked_on, instruction):
    check_instructions(compile_c(naked(instruction), built_for, keep=["odd"]), core(checked_on))


def test_build_image_refuses_at_once(compile_c):
    body = ".cpu cortex-m4\\nsmlad r0, r1, r2, r3"
    with pytest.raises(EmulationError, match="cortex-m3 has no DSP extension"):
        compile_c(naked(body), "cortex-m3", keep=["odd"], compiler="gcc")


def test_constants_in_code_are_not_taken_for_instructions(compile_c):
    # 0xfb20f002 is SMLAD when read as code.
    text = naked("b 1f\\n.p2align 2\\n.word 0xf002fb20\\n1: nop")
    check_instructions(compile_c(text, "cortex-m3", keep=["odd"]), core("cortex-m3"))


def test_riscv_extensions():
    imc = core("rv32imc")
    assert _lacks(imc, 4, "amoadd.w") == "atomic instructions"
    assert _lacks(imc, 4, "fadd.s") == "FPU"
    assert [_lacks(imc, 4, name) for name in ("mul", "fence", "lw")] == ["", "", ""]
    assert _lacks(imc, 2, "c.addi") == ""
