"""The boards and cores that ship with netsuke."""

import pytest

from netsuke.boards import Isa, MemoryKind, board, boards, core, cores, testbench_board
from netsuke.errors import BoardError

SUPPORTED = [one for one in boards() if one.supported]
KNOWN = [one for one in boards() if not one.supported]


# name, chip, core, clock in MHz, flash start and KiB, RAM start and KiB: as the datasheets give them
MAPS = [
    ("nucleo-l4r5zi", "STM32L4R5ZIT6", "cortex-m4", 120, 0x0800_0000, 2048, 0x2000_0000, 640),
    ("nucleo-f746zg", "STM32F746ZGT6", "cortex-m7-sp", 216, 0x0800_0000, 1024, 0x2000_0000, 320),
    ("stm32f746g-disco", "STM32F746NGH6", "cortex-m7-sp", 216, 0x0800_0000, 1024, 0x2000_0000, 320),
    ("nucleo-h7a3zi-q", "STM32H7A3ZIT6Q", "cortex-m7", 280, 0x0800_0000, 2048, 0x2400_0000, 1024),
    ("nucleo-u575zi-q", "STM32U575ZIT6Q", "cortex-m33", 160, 0x0800_0000, 2048, 0x2000_0000, 768),
    ("nucleo-g0b1re", "STM32G0B1RET6", "cortex-m0plus", 64, 0x0800_0000, 512, 0x2000_0000, 144),
    ("arduino-nano-33-ble", "nRF52840", "cortex-m4", 64, 0x0001_0000, 960, 0x2000_0000, 256),
    ("nrf5340-dk", "nRF5340", "cortex-m33", 128, 0x0000_0000, 1024, 0x2000_0000, 512),
    ("raspberry-pi-pico", "RP2040", "cortex-m0plus", 133, 0x1000_0100, 2047.75, 0x2000_0000, 264),
    ("raspberry-pi-pico-2", "RP2350A", "cortex-m33", 150, 0x1000_0000, 4096, 0x2000_0000, 520),
    ("esp32-c3", "ESP32-C3FH4", "rv32imc", 160, 0x4200_0000, 4096, 0x3FC8_0000, 384),
    ("b-l475e-iot01", "STM32L475VGT6", "cortex-m4", 80, 0x0800_0000, 1024, 0x2000_0000, 96),
    ("apollo3-blue-evb", "AMA3B1KK", "cortex-m4", 48, 0x0000_C000, 976, 0x1000_0000, 384),
    ("alif-e3", "AE302F80F55D5LE", "cortex-m55", 400, 0x8000_0000, 5632, 0x2000_0000, 1024),
    ("ek-ra8m1", "R7FA8M1AHECBD", "cortex-m85", 480, 0x0200_0000, 2016, 0x2200_0000, 896),
    ("mps3-an547", "Arm MPS3 AN547, Corstone SSE-300", "cortex-m55", 32, 0x0000_0000, 512, 0x0100_0000, 2048),
    ("mps2-an385", "Arm MPS2 AN385", "cortex-m3", 25, 0x0000_0000, 4096, 0x2000_0000, 4096),
    ("mps2-an386", "Arm MPS2 AN386", "cortex-m4", 25, 0x0000_0000, 4096, 0x2000_0000, 4096),
    ("mps2-an500", "Arm MPS2 AN500", "cortex-m7", 25, 0x0000_0000, 4096, 0x2000_0000, 4096),
    ("mps2-an505", "Arm MPS2 AN505", "cortex-m33", 20, 0x1000_0000, 4096, 0x3800_0000, 4096),
]


@pytest.mark.parametrize(("name", "chip", "core_name", "mhz", "flash", "flash_kib", "ram", "ram_kib"), MAPS)
def test_memory_maps(name, chip, core_name, mhz, flash, flash_kib, ram, ram_kib):
    found = board(name)
    assert (found.chip, found.core.name, found.clock_hz) == (chip, core_name, mhz * 1_000_000)
    assert (found.flash.start, found.flash_bytes) == (flash, flash_kib * 1024)
    assert (found.ram.start, found.ram_bytes) == (ram, ram_kib * 1024)


def test_every_supported_board_is_in_the_table():
    assert {row[0] for row in MAPS} == {one.name for one in SUPPORTED}


def test_names_and_aliases_are_unique():
    names = [name for one in boards() for name in (one.name, *one.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("one", SUPPORTED, ids=lambda one: one.name)
def test_aliases_and_any_case_find_the_board(one):
    for name in (one.name, *one.aliases):
        assert board(name.upper()) is one
    assert one.require_supported() is one
    assert one.source


@pytest.mark.parametrize("name", ["esp32", "coral-edge-tpu", "ndp120", "himax-we-i-plus", "gap8"])
def test_known_boards_say_why_they_are_not_compiled_for(name):
    known = board(name)
    assert known in KNOWN
    with pytest.raises(BoardError, match="known but netsuke does not compile for it") as error:
        known.require_supported()
    assert known.why_not in str(error.value)


def test_an_unknown_board_gets_the_nearest_names():
    with pytest.raises(BoardError, match=r"unknown board 'nucleo-l4r5z'; did you mean nucleo-l4r5zi"):
        board("nucleo-l4r5z")


def test_a_name_like_no_other_gets_the_list():
    with pytest.raises(BoardError, match=r"known: .*nucleo-l4r5zi"):
        board("zzzzqqqq")


def test_an_unknown_core_gets_the_nearest_names():
    with pytest.raises(BoardError, match="unknown core 'cortex-m5'; did you mean cortex-m"):
        core("cortex-m5")


def test_cores_have_what_their_kernels_ask_for():
    assert core("cortex-m0plus").isa is Isa.THUMB
    assert not core("cortex-m3").has(Isa.DSP)
    assert core("cortex-m4").has(Isa.DSP | Isa.FP32)
    assert not core("cortex-m4").has(Isa.FP64)
    assert core("cortex-m7").has(Isa.FP64)
    assert not core("cortex-m7-sp").has(Isa.FP64)
    assert core("cortex-m33").has(Isa.DSP)
    assert core("cortex-m55").has(Isa.MVE | Isa.DSP | Isa.FP64)
    assert core("cortex-m85").has(Isa.MVE)
    assert core("rv32imc").has(Isa.RV_M | Isa.RV_C)
    assert all(one.has(Isa.NONE) for one in cores())


@pytest.mark.parametrize("one", [one for one in cores() if one.compiled], ids=lambda one: one.name)
def test_every_compiled_core_has_a_sourced_timing_table(one):
    table = one.timing_table()
    assert len(table.source) > 20
    assert len(table.note) > 100


def test_a_core_without_timing_says_so():
    with pytest.raises(BoardError, match="has no timing table"):
        core("arc-em9d").timing_table()


@pytest.mark.parametrize("one", boards(), ids=lambda one: one.name)
def test_memories_hold_their_own_addresses_only(one):
    for memory in one.memories:
        assert memory.holds(memory.origin)
        assert memory.holds(memory.end - 1)
        assert not memory.holds(memory.end)
    assert any(memory.kind is MemoryKind.RAM for memory in one.memories)


def test_time_and_energy_of_cycles():
    found = board("nucleo-l4r5zi")
    assert found.milliseconds(120_000) == pytest.approx(1.0)
    assert found.power is not None
    # 110 µA/MHz at 3 V is 330 pJ a cycle.
    assert found.power.microjoules(1_000_000) == pytest.approx(330.0)


def test_the_test_bench_has_plenty_of_room():
    bench = testbench_board("cortex-m4")
    assert bench is testbench_board("cortex-m4")
    assert bench.flash_bytes == bench.ram_bytes == 16 << 20
