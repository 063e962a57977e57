"""Images under stock QEMU."""

import pytest

from netsuke.boards import board, boards
from netsuke.emulate import find_qemu, run_qemu
from netsuke.errors import EmulationError

from .conftest import COMPILERS

QEMU_BOARDS = [one.name for one in boards() if one.qemu_machine]
needs_qemu = pytest.mark.skipif(find_qemu() is None, reason="qemu-system-arm is not on the PATH")


@needs_qemu
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", QEMU_BOARDS)
def test_main_checks_its_vectors(tiny_image, name, compiler):
    found, image = tiny_image(name, compiler, True)
    result = run_qemu(image, found)
    assert (result.exit_code, result.text) == (0, "tiny: all equal\n")
    assert result.emulator.startswith("QEMU emulator version")


@needs_qemu
def test_mismatches_are_the_exit_code(compile_c):
    found = board("mps2-an386")
    image = compile_c("int main(void) { return 3; }", board=found)
    assert run_qemu(image, found).exit_code == 3


@needs_qemu
def test_a_fault_ends_with_its_own_code(compile_c):
    found = board("mps2-an386")
    image = compile_c('int main(void) { __asm__ volatile("udf #0"); return 0; }', board=found)
    result = run_qemu(image, found)
    assert (result.exit_code, result.text) == (99, "fault\n")


@needs_qemu
def test_a_program_that_hangs_is_stopped(compile_c):
    found = board("mps2-an386")
    image = compile_c('int main(void) { for (;;) { __asm__ volatile(""); } }', board=found)
    with pytest.raises(EmulationError, match=r"did not finish .* within 1 s: it hangs"):
        run_qemu(image, found, timeout=1)


def test_without_qemu_it_says_how_to_get_it(monkeypatch, tiny_image):
    found, image = tiny_image("mps2-an386", "zig", True)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmulationError, match=r"not on the PATH; install it \(Debian: qemu-system-arm\)"):
        run_qemu(image, found)


def test_a_board_that_qemu_does_not_know(tiny_image):
    found, image = tiny_image("nucleo-l4r5zi")
    with pytest.raises(EmulationError, match=r"no machine for nucleo-l4r5zi, wanted one of .*mps2-an386"):
        run_qemu(image, found)
