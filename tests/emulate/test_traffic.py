"""Data accesses counted and priced: sequences whose lines are known by hand."""

import dataclasses

import pytest

from netsuke.boards import Access, board, testbench_board
from netsuke.emulate import Machine
from netsuke.emulate.counter import CountPlan, Watch
from netsuke.emulate.traffic import known, priced, stretches

TEXT = """
_Alignas(64) const volatile uint32_t table[64] = {1, 2, 3};
_Alignas(64) volatile uint32_t room[64];
_Alignas(64) volatile uint8_t bytes[64];
uint32_t once(void);
uint32_t twice(void);
uint32_t fill(void);
uint32_t across(void);
uint32_t copy(void);
uint32_t once(void) { uint32_t s = 0; for (int i = 0; i < 64; i++) s += table[i]; return s; }
uint32_t twice(void) { uint32_t s = 0; for (int i = 0; i < 128; i++) s += table[i & 63]; return s; }
uint32_t fill(void) { for (int i = 0; i < 64; i++) room[i] = 7u; return 0; }
uint32_t across(void) { return *(const volatile uint32_t *)(const volatile void *)(bytes + 30); }
uint32_t copy(void) { for (int i = 0; i < 64; i++) room[i] = table[i]; return 0; }
int main(void) { return (int)(once() + twice() + fill() + across() + copy()); }
"""
KEEP = ("once", "twice", "fill", "across", "copy")
CORES = ("cortex-m4", "cortex-m7", "rv32imc")


def bench(core, flash, ram):
    """A test bench whose memories cost so much."""
    found = testbench_board(core)
    first, second = found.memories
    memories = (
        dataclasses.replace(first, access=Access(source="made up", **flash)),
        dataclasses.replace(second, access=Access(source="made up", **ram)),
    )
    return dataclasses.replace(found, memories=memories)


@pytest.fixture
def run(compile_c):
    """A function (core, C function, costs of flash and of RAM) → {memory: (read bytes, lines, wait cycles)}."""

    def traffic(core, function, flash=None, ram=None):
        image = compile_c(TEXT, core, keep=KEEP)
        target = bench(core, flash or {}, ram or {})
        top = target.ram.end
        watch = Watch(arena=(top - 16, top - 8), stack=(target.ram.origin, top), stretches=stretches(target))
        with Machine(image, target, plan=CountPlan(watch=watch)) as machine:
            machine.counter.reset()
            machine.call(function)
            found = priced(target, machine.counter.traffic())
        return {
            one.memory.name: (
                one.read_bytes,
                one.written_bytes,
                sum(layer.lines for layer in one.layers),
                one.wait_cycles,
            )
            for one in found
        }

    return traffic


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize(
    ("function", "flash", "lines", "cycles"),
    [
        ("once", {"read": 3}, 64, 192),  # each word by itself
        ("once", {"read": 5, "line": 8}, 32, 160),
        ("twice", {"read": 5, "line": 8}, 64, 320),
        ("twice", {"read": 9, "line": 32, "cache": 256, "ways": 2}, 8, 72),  # all of it stays
        ("twice", {"read": 9, "line": 32, "cache": 128, "ways": 4}, 16, 144),  # the oldest is always the next
        ("twice", {"read": 9, "line": 32, "cache": 128, "ways": 1}, 16, 144),
    ],
)
def test_lines_of_a_table_in_flash(run, core, function, flash, lines, cycles):
    found = run(core, function, flash)
    assert found["FLASH"] == (256 * passes(function), 0, lines, cycles)


def passes(function):
    """How often the table is read."""
    return 2 if function == "twice" else 1


@pytest.mark.parametrize("core", CORES)
def test_words_written_without_a_cache(run, core):
    assert run(core, "fill", ram={"write": 2})["RAM"] == (0, 256, 0, 128)


def test_lines_written_back_when_they_leave_the_cache(run):
    # 8 lines come, 6 of them leave again, each 8 words of 1 cycle.
    cache = {"read": 4, "write": 1, "line": 32, "cache": 64, "ways": 2}
    assert run("cortex-m4", "fill", ram=cache)["RAM"] == (0, 256, 8, 8 * 4 + 6 * 8)


def test_an_access_across_two_lines_brings_both(run):
    assert run("cortex-m4", "across", ram={"read": 10, "line": 32})["RAM"] == (4, 0, 2, 20)


def test_memories_compete_for_a_shared_cache(run):
    cache = {"read": 10, "line": 32, "cache": 32, "ways": 1, "shared": "L1"}
    apart = {**cache, "shared": ""}
    alone = run("cortex-m4", "copy", flash=apart, ram=apart)
    both = run("cortex-m4", "copy", flash=cache, ram=cache)
    assert alone["FLASH"] == (256, 0, 8, 80)
    assert both["FLASH"] == (256, 0, 64, 640)  # each word written throws the table's line out
    assert 64 <= both["RAM"][2] <= 66  # what the function saves on its stack, too


def test_nothing_is_counted_where_nothing_waits():
    assert stretches(testbench_board("cortex-m4")) == ()
    assert stretches(bench("cortex-m4", {}, {})) == ()
    assert len(stretches(board("nucleo-f746zg"))) == len(known(board("nucleo-f746zg"))) == 5
    assert priced(board("nucleo-f746zg"), ()) == ()


def test_shared_caches_have_one_number():
    found = stretches(board("nucleo-f746zg"))
    names = [one.name for one in known(board("nucleo-f746zg"))]
    by_name = dict(zip(names, found, strict=True))
    assert by_name["FLASH"].cache == by_name["SRAM1"].cache == by_name["SRAM2"].cache
    assert by_name["DTCM"].cache != by_name["FLASH"].cache
    assert by_name["SRAM1"].cached
    assert not by_name["DTCM"].cached
