"""What memories cost, their parts, and what a user may ask to be put where."""

import pytest

from netsuke.boards import (
    Access,
    Memory,
    MemoryKind,
    Wishes,
    board,
    boards,
    home,
    load_board,
    parse_wishes,
    wished,
)
from netsuke.errors import BoardError, InputError

from .test_own_board_files import GOOD, write

REAL = [one for one in boards() if one.supported and not one.qemu_machine]


@pytest.mark.parametrize("one", REAL, ids=lambda one: one.name)
def test_every_memory_of_a_real_board_has_sourced_costs(one):
    for memory in one.memories:
        for part in memory.costs:
            if part.name in ("ICACHE",):
                continue
            assert part.access is not None, part.name
            assert len(part.access.source) > 5
            # Worked out where words such as "assumed" or a sum of clocks stand.
            assert part.access.model or "assumed" not in part.access.source
    assert one.flash.access is not None
    assert one.flash.access.read > 0  # none of them has flash without wait states at its clock


@pytest.mark.parametrize("one", boards(), ids=lambda one: one.name)
def test_names_find_memories_and_parts(one):
    for memory in one.regions:
        assert one.region(memory.name.lower()) is memory
    with pytest.raises(InputError, match=r"has no memory 'NOPE'; it has .*bytes\)"):
        one.region("NOPE")


def test_parts_are_inside_and_fill_the_first_ram():
    for one in REAL:
        if one.ram.parts:
            assert sum(part.size for part in one.ram.parts) == one.ram.size, one.name
            assert one.ram.parts[0].origin == one.ram.origin


def test_what_the_boards_have():
    disco = board("stm32f746g-disco")
    assert [m.name for m in disco.regions if m.external] == ["QSPI", "SDRAM"]
    assert disco.region("QSPI").size == 16 << 20
    assert disco.region("DTCM").speed == (0.0, 0.0)
    assert disco.ram.speed > disco.region("DTCM").speed
    h7 = board("nucleo-h7a3zi-q")
    assert h7.region("dtcm").usable == 128 * 1024
    assert h7.region("itcm").usable == 64 * 1024
    assert h7.region("DTCM").speed < h7.region("AXI_SRAM1").speed < h7.region("AHB_SRAM").speed
    pico = board("raspberry-pi-pico")
    assert pico.flash.access is not None
    # 58 cycles of 133 MHz for 8 bytes.
    assert pico.flash.access.bytes_per_second(pico.clock_hz) == pytest.approx(18.3e6, rel=0.01)
    assert Access().bytes_per_second(1) == float("inf")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("size = 131_072", 'size = 131_072\naccess = { read = -1, source = "x" }', "read=-1"),
        ("size = 131_072", 'size = 131_072\naccess = { read = "slow", source = "x" }', "read='slow'"),
        ("size = 131_072", "size = 131_072\naccess = { read = 2 }", "without a source"),
        ("size = 131_072", 'size = 131_072\naccess = { line = 12, source = "x" }', "power of two"),
        ("size = 131_072", 'size = 131_072\naccess = { line = 8.5, source = "x" }', "whole numbers"),
        ("size = 131_072", 'size = 131_072\naccess = { cache = 96, line = 32, source = "x" }', "sets"),
        (
            "size = 131_072",
            'size = 131_072\naccess = { cache = 64, line = 32, ways = 4, source = "x" }',
            "sets",
        ),
        ("size = 131_072", "size = 131_072\naccess = 3", "wanted a table"),
        ("size = 131_072", "size = 131_072\naccess = { speed = 3 }", r"unknown keys \['speed'\]"),
        ("size = 131_072", "size = 131_072\nparts = 3", r"wanted \[\[memories.parts\]\]"),
        ("size = 131_072", "size = 131_072\nparts = [4]", "wanted a table"),
        (
            "size = 131_072",
            'size = 131_072\n[[memories.parts]]\nname = "A"\norigin = 0x2001_0000\nsize = 131_072',
            "outside",
        ),
        (
            "size = 131_072",
            'size = 131_072\n[[memories.parts]]\nname = "A"\nkind = "flash"\norigin = 0x2000_0000\nsize = 1024',
            "same kind",
        ),
        (
            "size = 131_072",
            'size = 131_072\n[[memories.parts]]\nname = "A"\norigin = 0x2000_0000\nsize = 8192\n'
            '[[memories.parts]]\nname = "B"\norigin = 0x2000_1000\nsize = 4096',
            "inside B",
        ),
        (
            "size = 131_072",
            'size = 131_072\n[[memories.parts]]\nname = "flash"\norigin = 0x2000_0000\nsize = 4096',
            "two memories have one name",
        ),
    ],
)
def test_bad_costs_and_parts_are_refused(tmp_path, old, new, said):
    assert old in GOOD
    with pytest.raises(BoardError, match=said):
        load_board(write(tmp_path, GOOD.replace(old, new)))


def test_parts_take_the_kind_of_their_whole(tmp_path):
    text = GOOD + '\n[[memories.parts]]\nname = "A"\norigin = 0x2000_0000\nsize = 4096\n'
    (part,) = load_board(write(tmp_path, text)).ram.parts
    assert (part.kind, part.access) == (MemoryKind.RAM, None)


@pytest.mark.parametrize("text", [None, "auto", " AUTO "])
def test_auto_wishes_nothing(text):
    assert parse_wishes(text) == Wishes()
    assert not parse_wishes(text).any


def test_wishes():
    found = parse_wishes(" arena = DTCM + SRAM1 , state=SRAM2,WEIGHTS=QSPI,stack=DTCM")
    assert found == Wishes(arena=("DTCM", "SRAM1"), state="SRAM2", weights="QSPI", stack="DTCM")
    assert found.any


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a text such as"),
        ("arena", "a text such as"),
        ("arena=", "a text such as"),
        ("arena=A+", "a text such as"),
        ("=A", "has no place of its own"),
        ("arena=A,,state=B", "a text such as"),
        ("input=A", "'input' has no place of its own, only arena, state, stack, weights"),
        ("arena=A,arena=B", "arena stands there twice"),
        ("arena=A+a", "a memory stands there twice"),
        ("weights=A+B", "only the arena can be split"),
        ("auto,arena=A", "a text such as"),
        ("12 parsecs", "a text such as"),
    ],
)
def test_bad_wishes_are_refused(text, said):
    with pytest.raises(InputError, match=said):
        parse_wishes(text)


def test_wishes_are_held_against_the_board():
    disco = board("stm32f746g-disco")
    assert wished(disco, Wishes()) == {}
    found = wished(disco, parse_wishes("arena=dtcm+sram1,weights=qspi"))
    assert [one.name for one in found["arena"]] == ["DTCM", "SRAM1"]
    assert found["weights"][0].external
    with pytest.raises(InputError, match="is flash: state needs RAM"):
        wished(disco, parse_wishes("state=QSPI"))
    with pytest.raises(InputError, match=r"RAM and SRAM1 .* share bytes"):
        wished(disco, parse_wishes("arena=SRAM1,stack=RAM"))


def test_home_is_the_first_ram_and_the_flash():
    place = home(board("esp32-c3"))
    assert (place.arena[0].name, place.weights.name, place.code.name) == ("DRAM", "DROM", "IROM")
    assert place.together
    assert not place.apart
    assert not place.copied
    assert [one.name for one in place.memories] == ["DRAM", "DROM", "IROM"]


def test_speeds_are_compared_by_reading_in_order():
    fast = Memory(
        name="A", kind=MemoryKind.RAM, origin=0, size=1024, access=Access(read=8, line=32, source="x")
    )
    slow = Memory(name="B", kind=MemoryKind.RAM, origin=0, size=1024, access=Access(read=2, source="x"))
    assert fast.speed == (1.0, 0.0)
    assert slow.speed == (2.0, 0.0)
