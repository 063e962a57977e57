"""Calls into an emulated core, and everything that can go wrong in one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuke.boards import board, testbench_board
from netsuke.emulate import Machine
from netsuke.errors import BoardError, EmulationError

from .conftest import COMPILERS, CORES

FUNCTIONS = """
int32_t weigh(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
int32_t weigh(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
int32_t halve(int32_t x);
int32_t halve(int32_t x) { return (int32_t)((float)x * 0.5f + 0.25f); }
int32_t divide(int32_t a, int32_t b);
int32_t divide(int32_t a, int32_t b) { return a / b; }
int64_t sink;
void poke(uint32_t address);
void poke(uint32_t address) { *(volatile uint32_t *)(uintptr_t)address = 1; }
uint32_t peek(uint32_t address);
uint32_t peek(uint32_t address) { return *(volatile uint32_t *)(uintptr_t)address; }
void jump(uint32_t address);
void jump(uint32_t address) { ((void (*)(void))(uintptr_t)address)(); }
void hang(void);
void hang(void) { for (;;) { __asm__ volatile("" ::: "memory"); } }
static volatile int32_t started = 7;
int main(void) { return started; }
"""
KEEP = ("weigh", "halve", "divide", "poke", "peek", "jump", "hang", "memcpy", "memmove", "memset", "memcmp")
PAIRS = [(core, compiler) for core in CORES for compiler in COMPILERS]
BUFFER = 0x2010_0000  # in the test bench's RAM, beyond the image


@pytest.fixture(scope="session")
def machines(compile_c):
    made = {}

    def make(core, compiler="zig"):
        if (core, compiler) not in made:
            image = compile_c("extern int64_t sink;\n" + FUNCTIONS, core, keep=KEEP, compiler=compiler)
            made[core, compiler] = Machine(image, testbench_board(core), limit=100_000)
        return made[core, compiler]

    return make


@pytest.fixture(params=PAIRS, ids="-".join)
def machine(request, machines):
    return machines(*request.param)


def test_arguments_in_registers_and_on_the_stack(machine):
    assert machine.call("weigh", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) == sum(i * i for i in range(1, 11))


def test_floats_and_division(machine):
    assert machine.call("halve", 9) == 4
    assert machine.call("divide", -100, 7) == (-14) % 2**32


def test_memory_is_shared_and_kept(machine):
    machine.write(BUFFER, b"netsuke!")
    assert machine.call("peek", BUFFER) == int.from_bytes(b"nets", "little")
    machine.call("poke", BUFFER)
    assert machine.read(BUFFER, 8) == b"\x01\x00\x00\x00uke!"


def test_main_runs_from_reset_and_its_result_is_the_exit_code(machine):
    assert machine.run_main() == 7


def test_load_restores_data_and_zeroes_the_rest(machine):
    machine.write(machine.image.symbol("started"), bytes(4))
    machine.write(BUFFER, b"x")
    machine.load()
    assert machine.read(machine.image.symbol("started"), 4) == b"\x07\x00\x00\x00"
    assert machine.read(BUFFER, 1) == b"\0"


def test_a_write_where_no_memory_is(machine):
    with pytest.raises(EmulationError) as error:
        machine.call("poke", 0x6000_0000)
    core = machine.board.core.name
    text = str(error.value)
    assert text.startswith("write where no memory is at pc 0x")
    assert "(poke+0x" in text
    assert f"on {core}, testbench-{core}; 4 bytes at 0x60000000" in text
    assert "bytes past the end of RAM" in text
    assert ("r0 60000000" in text) or ("a0 60000000" in text)


def test_a_write_to_flash(machine):
    with pytest.raises(
        EmulationError, match=r"write to read-only memory \(flash\) at pc .*poke.* \(FLASH\+0x40\)"
    ):
        machine.call("poke", 0x40)


def test_a_read_where_no_memory_is(machine):
    with pytest.raises(EmulationError, match=r"read where no memory is at pc .*\(peek\+0x"):
        machine.call("peek", 0x6000_0000)


def test_a_jump_to_nowhere(machine):
    with pytest.raises(EmulationError, match="instruction fetch where no memory is"):
        machine.call("jump", 0x6000_0001 if machine.arm else 0x6000_0000)


def test_a_loop_without_end(machine):
    with pytest.raises(EmulationError, match=r"still running after 100,000 instructions at pc .*\(hang\+0x"):
        machine.call("hang")
    assert machine.call("halve", 9) == 4, "usable after a fault"


def test_unaligned_access_faults_on_cores_that_refuse_it(machine):
    if machine.board.core.aligned_only:
        with pytest.raises(EmulationError, match="unaligned access, which this core refuses"):
            machine.call("peek", BUFFER + 1)
    else:
        machine.write(BUFFER, bytes(8))
        assert machine.call("peek", BUFFER + 1) == 0


@pytest.mark.parametrize(
    ("core", "word"), [("cortex-m4", "udf #0"), ("cortex-m0plus", "udf #0"), ("rv32imc", ".word 0")]
)
def test_an_undefined_instruction(compile_c, core, word):
    text = (
        f'void odd(void);\nvoid odd(void) {{ __asm__ volatile("{word}"); }}\nint main(void) {{ return 0; }}'
    )
    image = compile_c(text, core, keep=["odd"])
    with (
        Machine(image, testbench_board(core)) as machine,
        pytest.raises(EmulationError, match=r"undefined instruction at pc 0x\w+ \(odd\+0x0\)"),
    ):
        machine.call("odd")


def test_what_a_program_prints(tiny_image):
    for name in ("cortex-m0plus", "cortex-m4", "rv32imc"):
        found, image = tiny_image(name, "zig", True)
        with Machine(image, found) as machine:
            assert machine.run_main() == 0
            assert machine.semihosting.text == "tiny: all equal\n"


def test_an_image_for_another_architecture(tiny_image):
    _, image = tiny_image("cortex-m4")
    with pytest.raises(EmulationError, match="got an image for arm, wanted one for riscv"):
        Machine(image, board("esp32-c3"))


def test_an_image_for_another_board(tiny_image):
    _, image = tiny_image("nucleo-l4r5zi")
    with pytest.raises(
        EmulationError, match=r"where raspberry-pi-pico has no memory; build the image for this"
    ):
        Machine(image, board("pico"))


def test_a_board_that_is_only_known(tiny_image):
    _, image = tiny_image("cortex-m4")
    with pytest.raises(BoardError, match="does not compile for it"):
        Machine(image, board("esp32"))


def test_a_symbol_that_is_not_there(machines):
    with pytest.raises(EmulationError, match="has no symbol 'nothing'"):
        machines("cortex-m4").call("nothing")
    with pytest.raises(EmulationError, match="cannot read 4 bytes at 0x60000000"):
        machines("cortex-m4").read(0x6000_0000, 4)
    with pytest.raises(EmulationError, match="cannot write 1 bytes at 0x60000000"):
        machines("cortex-m4").write(0x6000_0000, b"x")


def test_calls_are_cheap(machines):
    machine = machines("cortex-m4")
    times = []
    for _ in range(200):
        start = time.perf_counter()
        machine.call("halve", 9)
        times.append(time.perf_counter() - start)
    assert sorted(times)[100] < 1e-3


offsets, lengths = st.integers(0, 9), st.integers(0, 70)


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4", "rv32imc"])
@given(
    data=st.binary(min_size=90, max_size=90),
    to=offsets,
    source=offsets,
    size=lengths,
    value=st.integers(0, 255),
)
def test_the_runtimes_memory_functions(machines, core, data, to, source, size, value):
    machine = machines(core)

    def after(function, *arguments):
        machine.write(BUFFER, data)
        result = machine.call(function, *arguments)
        return result, machine.read(BUFFER, 90)

    wanted = bytearray(data)
    wanted[to : to + size] = data[source : source + size]
    assert after("memmove", BUFFER + to, BUFFER + source, size) == (BUFFER + to, bytes(wanted))
    machine.write(BUFFER + 1000, data)
    assert after("memcpy", BUFFER + to, BUFFER + 1000 + source, size) == (BUFFER + to, bytes(wanted))
    wanted = bytearray(data)
    wanted[to : to + size] = bytes([value]) * size
    assert after("memset", BUFFER + to, value, size) == (BUFFER + to, bytes(wanted))
    result, _ = after("memcmp", BUFFER + to, BUFFER + source, size)
    left, right = data[to : to + size], data[source : source + size]
    signed = result - (result >> 31 << 32)
    assert (signed > 0) - (signed < 0) == (left > right) - (left < right)
