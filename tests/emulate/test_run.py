"""Whole projects on the emulated cores: outputs, footprints, and what goes wrong."""

import dataclasses

import pytest

from netsuke.boards import Board, Memory, MemoryKind, board, boards, testbench_board
from netsuke.emulate import build_image, run_emulated
from netsuke.errors import BoardError, DoesNotFit, EmulationError

from .conftest import COMPILERS, CORES
from .model import MODEL, MODEL_IO, STEPS
from .tiny import TINY_IO, expected_output, tiny_input

INPUTS = [[tiny_input(31, 7)], [tiny_input(5, 100)], [tiny_input(0, 0)], [bytes([127] * 64)]]
WANTED = tuple((expected_output(one[0]),) for one in INPUTS)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("core_name", CORES)
def test_outputs_are_exact_on_every_core(tiny_image, core_name, compiler):
    found, image = tiny_image(core_name, compiler)
    result = run_emulated(image, found, TINY_IO, INPUTS)
    assert len(set(WANTED)) > 2
    assert result.outputs == WANTED
    assert (result.core, result.board, result.runs_counted) == (core_name, f"testbench-{core_name}", 4)
    assert result.compiler == image.compiler
    assert result.emulator.startswith("unicorn ")
    assert result.stray_writes == ()


@pytest.mark.parametrize("name", [one.name for one in boards() if one.core.unicorn_model])
def test_footprint_on_every_board(tiny_image, name):
    found, image = tiny_image(name)
    result = run_emulated(image, found, TINY_IO, INPUTS[:1])
    assert result.outputs == WANTED[:1]
    assert (result.arena_bytes, result.arena_touched_bytes) == (384, 372)
    assert 0 < result.stack_bytes < 200
    assert result.static_bytes == 384
    assert result.ram_bytes == 384 + result.stack_bytes
    assert result.flash_bytes == image.flash_bytes
    assert result.milliseconds == pytest.approx(1e3 * result.cycles / found.clock_hz)


def test_the_spread_over_inputs(tiny_image):
    found, image = tiny_image("cortex-m4", "gcc")
    seen = []
    result = run_emulated(image, found, TINY_IO, INPUTS, progress=seen.append)
    assert seen == [1, 2, 3, 4]
    assert result.instructions_spread.least <= result.instructions <= result.instructions_spread.most
    assert result.cycles_spread.least < result.cycles_spread.most
    alone = run_emulated(image, found, TINY_IO, INPUTS[:1])
    assert (alone.instructions, alone.cycles) == (result.instructions, result.cycles)


def test_two_runs_count_the_same(tiny_image):
    found, image = tiny_image("cortex-m4")
    assert run_emulated(image, found, TINY_IO, INPUTS) == run_emulated(image, found, TINY_IO, INPUTS)


def small_board(ram_kib):
    bench = testbench_board("cortex-m4")
    ram = Memory(name="RAM", kind=MemoryKind.RAM, origin=0x2000_0000, size=ram_kib * 1024)
    return dataclasses.replace(bench, name="small", memories=(bench.flash, ram))


@pytest.fixture
def model(folder):
    def build(fault="NONE", found: Board | None = None):
        target = found or testbench_board("cortex-m4")
        out = folder / f"model-{fault}-{target.name}.elf"
        return target, build_image([MODEL], board=target, out=out, defines={"FAULT": fault})

    return build


def test_a_state_is_initialised_before_each_input_or_once(model):
    found, image = model()
    each = run_emulated(image, found, MODEL_IO, STEPS)
    assert each.outputs == ((bytes([11, 12, 13, 14]),), (bytes([15, 10, 10, 10]),))
    once = run_emulated(image, found, MODEL_IO, STEPS, reset_each=False)
    assert once.outputs == ((bytes([11, 12, 13, 14]),), (bytes([16, 12, 13, 14]),))
    assert once.stray_writes == ()


def test_a_write_outside_arena_state_and_stack_is_reported(model):
    found, image = model("STRAY")
    result = run_emulated(image, found, MODEL_IO, STEPS[:1])
    address = image.symbol("elsewhere")
    [stray] = result.stray_writes
    assert stray.startswith(f"4 bytes at {address:#010x} (elsewhere) from model_accumulate+0x")


def test_hidden_state_that_shows_is_an_error(model):
    found, image = model("HIDDEN_STATE")
    # Each run starts on a machine of its own: the first outputs agree, and the stray write tells.
    assert run_emulated(image, found, MODEL_IO, STEPS[:1]).stray_writes


def test_a_stack_that_runs_into_the_data_does_not_fit(model):
    found, image = model("DEEP_STACK")
    deep = run_emulated(image, found, MODEL_IO, STEPS[:1]).stack_bytes
    assert 2000 * 256 < deep < 2000 * 300
    small = small_board(64)
    found, image = model("DEEP_STACK", small)
    with pytest.raises(DoesNotFit, match=r"RAM: the image needs .* stack [\d,]+\), small has 65,536 in RAM"):
        run_emulated(image, found, MODEL_IO, STEPS[:1])


@pytest.mark.parametrize(
    ("fault", "said"),
    [("ERROR_CODE", "nk_run returned -3, wanted"), ("RESET_FAILS", "nk_reset returned 5")],
)
def test_an_error_code_is_an_error(model, fault, said):
    found, image = model(fault)
    with pytest.raises(EmulationError, match=said):
        run_emulated(image, found, MODEL_IO, STEPS)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([], "got no inputs"),
        ([[b"1234"], [b"123"]], r"input 1: got tensors of \[3\] bytes, wanted \[4\]"),
        ([[b"1234", b"1234"]], r"input 0: got tensors of \[4, 4\] bytes"),
    ],
)
def test_wrong_inputs_are_refused(model, inputs, said):
    found, image = model()
    with pytest.raises(EmulationError, match=said):
        run_emulated(image, found, MODEL_IO, inputs)


def test_a_layer_that_is_not_there_is_an_error(model):
    found, image = model()
    io = dataclasses.replace(MODEL_IO, layers=(("x", "model_x"),))
    with pytest.raises(EmulationError, match="has no function model_x; a layer's function must be noinline"):
        run_emulated(image, found, io, STEPS)


def test_a_board_that_is_only_known_is_refused(folder):
    with pytest.raises(BoardError, match="does not compile for it"):
        build_image([MODEL], board=board("gap8"), out=folder / "never.elf")
    assert not (folder / "never.ld").exists()
