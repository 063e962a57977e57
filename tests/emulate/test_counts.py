"""Instruction counts and cycles: by hand, against a second model, and against a second emulator."""

import subprocess

import capstone
import pytest

from netsuke.boards import board, core, testbench_board
from netsuke.emulate import Machine, find_compiler, find_qemu, run_emulated
from netsuke.emulate.counter import CountPlan
from netsuke.emulate.run import count_plan
from netsuke.emulate.timing import CycleModel, Instruction, scoreboard_cost, table_cost

from .conftest import COMPILERS, CORES
from .tiny import TINY_IO, tiny_input

QEMU_BOARDS = [one.name for one in map(board, ("an385", "an386", "an500", "an505"))]

# 10 times round: 3 instructions; the branch is taken 9 times.
LOOP = """
void loop(void);
__attribute__((naked)) void loop(void) {
    __asm__ volatile("movs r0, #10\\n1: adds r1, r1, #1\\nsubs r0, r0, #1\\nbne 1b\\nbx lr");
}
int main(void) { return 0; }
"""
RISCV_LOOP = LOOP.replace(
    "movs r0, #10\\n1: adds r1, r1, #1\\nsubs r0, r0, #1\\nbne 1b\\nbx lr",
    "li a0, 10\\n1: addi a1, a1, 1\\naddi a0, a0, -1\\nbnez a0, 1b\\nret",
)


@pytest.mark.parametrize(
    ("core_name", "cycles"),
    [
        # movs 1, 10 x (adds 1 + subs 1 + bne 1) + 9 taken + bx
        ("cortex-m0plus", 1 + 30 + 9 + 2),
        ("cortex-m3", 1 + 30 + 9 + 3),
        ("cortex-m4", 1 + 30 + 9 + 3),
        ("cortex-m33", 1 + 30 + 9 + 3),
        # movs, adds and subs in pairs; the first time round movs is one block with the loop's body
        ("cortex-m7", None),
        # li 1, 10 x 3, taken 2 more, ret 2
        ("rv32imc", 1 + 30 + 18 + 2),
    ],
)
def test_a_loop_counted_by_hand(compile_c, core_name, cycles):
    image = compile_c(RISCV_LOOP if core_name == "rv32imc" else LOOP, core_name, keep=["loop"])
    with Machine(image, testbench_board(core_name)) as machine:
        machine.call("loop")
        totals, blocks = machine.counter.totals(), machine.counter.blocks()
        assert totals.instructions == totals.executed == 1 + 30 + 1
        assert sum(block.taken for block in blocks) == 9
        if cycles is not None:
            assert sum(map(CycleModel(image, core(core_name)).cycles, blocks)) == cycles
        machine.counter.reset()
        assert machine.counter.totals().instructions == 0
        assert machine.counter.blocks() == []


def test_counting_starts_after_begin_and_ends_with_end(tiny_image):
    found, image = tiny_image("cortex-m4")
    plan = CountPlan(begin=image.symbol("bench_begin"), end=image.symbol("bench_end"))
    with Machine(image, found, plan=plan) as machine:
        machine.call("nk_run")
        addresses = {block.address for block in machine.counter.blocks()}
        totals = machine.counter.totals()
    assert image.symbol("bench_begin") not in addresses
    assert image.symbol("bench_end") in addresses
    assert image.symbol("nk_run") not in addresses
    assert totals.runs == 1
    assert totals.executed > totals.instructions


def cycles_of_the_measuring_tool(instructions):
    """The Cortex-M4 model of the tool that measured the other engines, written again from its description."""
    conditions = set("eq ne cs hs cc lo mi pl vs vc hi ls ge lt gt le".split())
    total = extra = 0
    after_load = False
    for one in instructions:
        name, load, extra = one.mnemonic.split(".")[0], False, 0
        if name.startswith(("ldrd", "strd")):
            total += 3
        elif name.startswith(("ldm", "pop", "stm", "push", "vldm", "vstm", "vpop", "vpush")):
            listed = one.op_str[one.op_str.index("{") :].count(",") + 1
            total += 1 + listed + (2 if "pc" in one.op_str else 0)
        elif name.startswith("ldr"):
            load, total = True, total + (1 if after_load else 2) + (2 if one.op_str.startswith("pc") else 0)
        elif name.startswith("vldr"):
            load, total = True, total + (1 if after_load else 2)
        elif name.startswith(("vdiv", "vsqrt")):
            total += 14
        elif name.startswith(("vmla", "vfma", "vmls", "vfms")):
            total += 3
        elif name.startswith(("sdiv", "udiv")):
            total += 6
        elif name in ("bl", "blx", "bx", "tbb", "tbh"):
            total += 3
        else:
            total += 1
            extra = int(name in ("b", "cbz", "cbnz") or (name[0] == "b" and name[1:] in conditions))
        after_load = load
    return total, extra


@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_m4_table_is_the_measuring_tools_model(tiny_image, compiler):
    found, image = tiny_image("cortex-m4", compiler)
    engine = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    model = CycleModel(image, found.core)
    with Machine(image, found, plan=count_plan(image, TINY_IO)) as machine:
        machine.call("nk_run")
        blocks = machine.counter.blocks()
    for block in blocks:
        decoded = list(engine.disasm(image.read(block.address, block.size), block.address))
        assert len(decoded) == block.instructions
        cycles, extra = cycles_of_the_measuring_tool(decoded)
        assert model.cycles(block) == cycles * block.executed + extra * block.taken


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("core_name", CORES)
def test_layers_and_functions_add_up(tiny_image, core_name, compiler):
    found, image = tiny_image(core_name, compiler)
    result = run_emulated(image, found, TINY_IO, [[tiny_input(31, 7)]])
    for parts in (result.layers, result.functions):
        assert sum(part.instructions for part in parts) == result.instructions
        assert sum(part.cycles for part in parts) == result.cycles
    by_function = {part.name: part for part in result.functions}
    # A layer counts what it calls: division is a function on cores without a divider.
    assert 0 < by_function["tiny_conv"].instructions <= result.layers[0].instructions
    assert result.layers[0].instructions > result.layers[1].instructions > result.layers[2].instructions > 0


def instruction(mnemonic, writes=(), reads=(), operands=""):
    return Instruction(mnemonic=mnemonic, operands=operands, writes=frozenset(writes), reads=frozenset(reads))


@pytest.mark.parametrize(
    ("program", "cycles"),
    [
        ([("add", ["r0"], ["r1"]), ("add", ["r2"], ["r3"])], 1),  # a pair
        ([("add", ["r0"], ["r1"]), ("add", ["r2"], ["r0"])], 2),  # the second needs the first
        ([("smlad", ["r0"], ["r1"]), ("smlad", ["r2"], ["r3"])], 2),  # one multiplier
        ([("smlad", ["r0"], ["r1"]), ("ldr", ["r2"], ["r3"])], 1),
        ([("ldr", ["r0"], ["r1"]), ("ldr", ["r2"], ["r3"])], 1),  # two load ports
        ([("str", [], ["r1"]), ("str", [], ["r3"])], 2),  # one store port
        ([("ldrsb", ["r0"], ["r1"]), ("add", ["r2"], ["r0"])], 4),  # a byte load takes a cycle more
        ([("ldr", ["r0"], ["r1"]), ("add", ["r2"], ["r0"])], 3),
        ([("sdiv", ["r0"], ["r1"]), ("add", ["r2"], ["r3"])], 8),
        ([("add", ["r2"], ["r3"]), ("sdiv", ["r0"], ["r1"])], 8),
        ([], 0),
    ],
)
def test_the_m7_pairs_what_it_can(program, cycles):
    table = core("cortex-m7").timing_table()
    assert scoreboard_cost(table, [instruction(*one) for one in program]).cycles == cycles


def test_register_lists_and_loads_into_pc():
    table = core("cortex-m4").timing_table()

    def cost(*program):
        return table_cost(table, [instruction(name, operands=operands) for name, operands in program]).cycles

    assert cost(("push", "{r4, r5, lr}")) == 4
    assert cost(("pop", "{r4, r5, pc}")) == 6
    assert cost(("ldm", "r0!, {r1, r2, r3}")) == 4
    assert cost(("ldr", "r0, [pc, #8]")) == 2
    assert cost(("ldr", "pc, [r0]")) == 4
    assert cost(("ldr", "r0, [r1]"), ("ldr", "r2, [r1]")) == 3
    assert cost(("ldr", "r0, [r1]"), ("add", "r2, r1"), ("ldr", "r2, [r1]")) == 5


def test_m7_and_m33_are_faster_than_m4_by_what_was_published(tiny_image):
    """Real boards: a closed engine needs 0.58 to 0.63 (M7) and 0.88 to 0.90 (M33) of its M4 cycles."""
    cycles = {}
    for name in ("cortex-m4", "cortex-m7", "cortex-m33"):
        found, image = tiny_image(name, "gcc")
        cycles[name] = run_emulated(image, found, TINY_IO, [[tiny_input(31, 7)]]).cycles
    assert 0.45 < cycles["cortex-m7"] / cycles["cortex-m4"] < 0.70
    assert 0.80 < cycles["cortex-m33"] / cycles["cortex-m4"] < 0.99


@pytest.fixture(scope="session")
def qemu_plugin(folder):
    if find_qemu() is None:
        pytest.skip("qemu-system-arm is not on the PATH")
    plugin = folder / "qemu_count.so"
    source = __file__.replace("test_counts.py", "qemu_count.c")
    find_compiler(None).compile_and_link([source], plugin, flags=("-fPIC", "-shared"))
    return plugin


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("board_name", QEMU_BOARDS)
def test_qemu_counts_the_same_instructions(tiny_image, qemu_plugin, folder, board_name, compiler):
    found, image = tiny_image(board_name, compiler, True)
    out = folder / f"count-{board_name}-{compiler}"
    plugin = f"{qemu_plugin},begin={image.symbol('bench_begin')},end={image.symbol('bench_end')},out={out}"
    semihosting = ["-semihosting-config", "enable=on,target=native"]
    machine = ["-M", found.qemu_machine, "-nographic", "-monitor", "none", "-serial", "null"]
    command = [find_qemu(), *machine, *semihosting, "-kernel", str(image.path), "-plugin", plugin]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    result = run_emulated(image, found, TINY_IO, [[tiny_input(31, 7)]])
    assert result.instructions == int(out.read_text()) > 1000
