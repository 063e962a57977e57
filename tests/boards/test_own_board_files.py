"""Board files that a user writes, good and bad."""

import dataclasses

import pytest

from netsuke.boards import Board, Memory, MemoryKind, Power, board, core, load_board
from netsuke.errors import BoardError

GOOD = """
name = "my-board"
title = "My board"
chip = "STM32F407"
core = "cortex-m4"
clock_hz = 168_000_000
source = "datasheet"

[[memories]]
name = "FLASH"
kind = "flash"
origin = 0x0800_0000
size = 1_048_576

[[memories]]
name = "RAM"
kind = "ram"
origin = 0x2000_0000
size = 131_072
"""


def write(folder, text):
    path = folder / "mine.toml"
    path.write_text(text)
    return path


def test_a_board_file_is_found_by_its_path(tmp_path):
    found = board(str(write(tmp_path, GOOD)))
    assert (found.name, found.core, found.ram_bytes) == ("my-board", core("cortex-m4"), 131_072)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("clock_hz = 168_000_000", "clock_hz = 0", "clock_hz=0"),
        ("clock_hz = 168_000_000", "", r"no \['clock_hz'\]"),
        ("clock_hz = 168_000_000", 'clock_hz = "fast"', "wrong type"),
        ('core = "cortex-m4"', 'core = "cortex-m5"', "unknown core"),
        ('core = "cortex-m4"', "", "got no core"),
        ('core = "cortex-m4"', 'core = "xtensa-lx6"', "wanted a reason"),
        ('name = "my-board"', 'name = "My Board"', "lower case letters"),
        ('kind = "ram"', 'kind = "sram"', r"got 'sram', wanted one of \['flash', 'ram'\]"),
        ('kind = "ram"', 'kind = "flash"', "no memory of kind 'ram'"),
        ("origin = 0x2000_0000", "origin = 0x0800_1000", "inside"),
        ("origin = 0x2000_0000", "origin = 0x2000_0001", "4096 byte page"),
        ("size = 131_072", "size = 131_073", "whole KiB"),
        ("size = 131_072", "size = -1024", "whole KiB"),
        ('chip = "STM32F407"', 'chip = "STM32F407"\ncolour = "blue"', r"unknown keys \['colour'\]"),
        ('chip = "STM32F407"', 'chip = "STM32F407"\nconstants = "DROM"', "constants='DROM'"),
        ('chip = "STM32F407"', 'chip = "STM32F407"\nsupported = false', "wanted a reason"),
        ('name = "RAM"', 'name = "FLASH"', "two memories have one name"),
        ('source = "datasheet"', "source = ", "cannot read it as TOML"),
    ],
)
def test_a_bad_board_file_is_refused(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(BoardError, match=said):
        load_board(write(tmp_path, GOOD.replace(old, new)))


def test_a_missing_or_binary_board_file_is_refused(tmp_path):
    with pytest.raises(BoardError, match="No such file or directory; check the path"):
        board(str(tmp_path / "none.toml"))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BoardError, match="cannot read it as TOML"):
        board(str(tmp_path / "binary.toml"))


def test_reserved_bytes_belong_to_the_bootloader():
    memory = Memory(name="F", kind=MemoryKind.FLASH, origin=0, size=65536, reserved=4096)
    assert (memory.start, memory.usable) == (4096, 61440)
    with pytest.raises(BoardError, match="reserved=65536"):
        dataclasses.replace(memory, reserved=65536)


def test_a_memory_ends_within_32_bits():
    with pytest.raises(BoardError, match="within 32 bits"):
        Memory(name="R", kind=MemoryKind.RAM, origin=0xFFFF_F000, size=8192)


def test_power_needs_a_source():
    with pytest.raises(BoardError, match="positive numbers and a source"):
        Power(microamp_per_mhz=100, volts=3.0, source="")


def test_boards_are_values(tmp_path):
    path = write(tmp_path, GOOD)
    one, other = load_board(path), load_board(path)
    assert isinstance(one, Board)
    assert one == other
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "x"
