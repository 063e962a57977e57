"""Linker scripts, images, and images that do not fit."""

import pytest

from netsuke.boards import board, boards
from netsuke.emulate import check_fits, linker_script, read_image
from netsuke.errors import DoesNotFit, EmulationError

EMPTY_MAIN = "int main(void) { return 0; }"


@pytest.mark.parametrize("one", [b for b in boards() if b.supported], ids=lambda b: b.name)
def test_a_script_names_the_boards_memories(one):
    text = linker_script(one)
    assert f"ORIGIN = {one.flash.start:#010x}" in text
    assert f"nk_stack_top = {one.ram.end:#010x};" in text
    assert ("CONSTANTS (r)" in text) == bool(one.constants)


@pytest.mark.parametrize("name", ["nucleo-l4r5zi", "raspberry-pi-pico", "esp32-c3", "mps2-an505"])
def test_sections_are_where_the_board_wants_them(name, compile_c):
    found = board(name)
    text = "static const volatile int weights[4] = {1, 2}; static volatile int start = 3; int bss[3];"
    image = compile_c(
        "extern int bss[];" + text + "int main(void) { return weights[1] + start + bss[2]; }", board=found
    )
    assert (
        min(segment.address for segment in image.segments if found.flash.holds(segment.address))
        == found.flash.start
    )
    assert found.flash.holds(image.symbol("main"))
    assert found.constants_memory.holds(image.symbol("weights"))
    assert found.ram.holds(image.symbol("start"))
    assert found.ram.holds(image.symbol("bss"))
    assert (image.data_bytes, image.bss_bytes) == (4, 12)


@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_ram_is_exact_to_the_byte(compile_c, compiler):
    target = board("nucleo-l4r5zi")
    text = "uint8_t nk_arena[{}]; int main(void) {{ return nk_arena[3]; }}"
    fits = compile_c(text.format(655_360), board=target, compiler=compiler)
    assert fits.ram_bytes == target.ram_bytes
    with pytest.raises(
        DoesNotFit, match=r"RAM: the image needs 655,368 bytes .* 655,360 in RAM: 8 bytes too many"
    ):
        compile_c(text.format(655_361), board=target, compiler=compiler)
    with pytest.raises(DoesNotFit, match=r"stack 100\), .* 100 bytes too many"):
        check_fits(fits, target, 100)


@pytest.mark.parametrize("compiler", ["zig", "gcc"])
def test_flash_is_exact_to_the_byte(compile_c, compiler):
    target = board("nucleo-g0b1re")
    text = "const uint8_t table[{}] = {{1}}; int main(void) {{ return table[*(volatile int *)nk_at]; }}"
    text = "extern int *nk_at; int *nk_at;\nextern const uint8_t table[];\n" + text
    small = compile_c(text.format(1000), board=target, compiler=compiler)
    room = target.flash_bytes - small.flash_bytes + 1000
    full = compile_c(text.format(room), board=target, compiler=compiler)
    assert full.flash_bytes == target.flash_bytes
    with pytest.raises(
        DoesNotFit, match=r"flash: the image needs 524,292 .*: 4 bytes too many; choose a bigger"
    ):
        compile_c(text.format(room + 4), board=target, compiler=compiler)


def test_an_image_far_too_big_still_says_by_how_much(compile_c):
    text = "extern uint8_t big[]; uint8_t big[100000000]; int main(void) { return big[7]; }"
    with pytest.raises(DoesNotFit, match=r"100,000,000 in|99,852,5\d\d bytes too many"):
        compile_c(text, board=board("nucleo-g0b1re"))


def test_nothing_bloats_flash(tiny_image):
    _, image = tiny_image("cortex-m4")
    assert image.flash_code_bytes < 1200
    # Folded into the code, but for two tables.
    assert image.flash_rodata_bytes < 100
    assert image.data_bytes == 0


def test_what_an_image_knows(tiny_image):
    _, image = tiny_image("cortex-m4")
    conv = image.function("tiny_conv")
    assert conv is not None
    assert image.function_at(conv.address + 4) == conv
    assert image.where(conv.address + 4) == "tiny_conv+0x4"
    assert image.where(0xFFFF_0000) == "no function"
    assert image.objects["nk_arena"] == 384
    assert len(image.read(conv.address, 4)) == 4
    assert image.read(0xFFFF_0000, 4) == b""
    with pytest.raises(EmulationError, match="no symbol 'nothing'"):
        image.symbol("nothing")


def test_data_in_code_is_told_apart(tiny_image):
    _, image = tiny_image("cortex-m0plus", "gcc")
    spans = sum(end - start for start, end in image.code)
    # Literal pools: ARMv6-M has no MOVW.
    assert 0 < spans < image.flash_code_bytes


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"not an ELF file at all", b"\x7fELF" + bytes(200)])
def test_a_file_that_is_no_image_is_refused(tmp_path, content):
    path = tmp_path / "broken.elf"
    path.write_bytes(content)
    with pytest.raises(EmulationError, match=r"broken\.elf"):
        read_image(path)
