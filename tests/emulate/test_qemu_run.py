"""Projects under QEMU with inputs of our own, counted by the plugin."""

import dataclasses

import pytest

from netsuke.boards import board, core
from netsuke.emulate import find_qemu, run_project
from netsuke.emulate.qemu_plugin import plugin
from netsuke.emulate.qemu_run import decoded, encoded, qemu_bench
from netsuke.emulate.run import run_emulated
from netsuke.errors import DoesNotFit, EmulationError

from .conftest import COMPILERS, skip_without
from .tiny import TINY, TINY_IO, TINY_SOURCES, expected_output, tiny_input

INPUTS = [(tiny_input(step, step + 3),) for step in (1, 7, 31)]
WANTED = tuple((expected_output(given[0]),) for given in INPUTS)
needs_qemu = pytest.mark.skipif(find_qemu() is None, reason="qemu-system-arm is not on the PATH")


@pytest.fixture
def run(tiny_image, tmp_path):
    """A function (board's name, compiler) → what QEMU made of the tiny project."""

    def build(name, compiler="zig", **options):
        found, image = tiny_image(name, compiler)
        return run_project(
            TINY_SOURCES, image, options.pop("board", found), TINY_IO, INPUTS, out=tmp_path / "driver.elf",
            include=[TINY], compiler=compiler, **options,
        )  # fmt: skip

    return build


@needs_qemu
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", ["mps3-an547", "alif-e3", "ek-ra8m1"])
def test_all_inputs_are_run_and_counted(run, name, compiler):
    skip_without(compiler, board(name).core)
    seen = []
    ran = run(name, compiler, progress=seen.append)
    assert ran.outputs == WANTED
    assert seen == [3]
    assert ran.measured is not None
    found = ran.measured
    assert (found.board, found.core, found.runs_counted) == (name, board(name).core.name, 3)
    assert sum(layer.instructions for layer in found.layers) == found.instructions
    assert sum(function.instructions for function in found.functions) == found.instructions
    assert [layer.name for layer in found.layers] == [
        *(name for name, _ in TINY_IO.layers),
        "(between layers)",
    ]
    assert all(layer.instructions > 0 for layer in found.layers)
    assert (found.arena_bytes, found.arena_touched_bytes) == (384, 372)
    assert 0 < found.stack_bytes < 200


@needs_qemu
def test_both_counters_agree(tiny_image, tmp_path):
    """The plugin under QEMU and the hooks in the built-in emulator, on a core that both have."""
    found, image = tiny_image("cortex-m33")
    ours = run_emulated(image, found, TINY_IO, INPUTS)
    bare = dataclasses.replace(found.core, unicorn_model="")
    theirs = run_project(
        TINY_SOURCES, image, dataclasses.replace(found, core=bare), TINY_IO, INPUTS,
        out=tmp_path / "driver.elf", include=[TINY],
    ).measured  # fmt: skip
    assert theirs is not None
    assert theirs.instructions == ours.instructions
    assert theirs.instructions_spread == ours.instructions_spread
    assert [one.instructions for one in theirs.layers] == [one.instructions for one in ours.layers]
    assert (theirs.cycles, theirs.stack_bytes) == (ours.cycles, ours.stack_bytes)


@needs_qemu
def test_without_a_plugin_it_runs_uncounted(run, monkeypatch):
    monkeypatch.setattr("netsuke.emulate.qemu_plugin.plugin", lambda version: None)
    ran = run("mps3-an547")
    assert ran.outputs == WANTED
    assert ran.measured is None


@needs_qemu
def test_a_version_that_qemu_refuses_is_passed_over(run, monkeypatch):
    monkeypatch.setattr("netsuke.emulate.qemu_plugin._VERSIONS", (99, 1))
    assert run("mps3-an547").measured is not None
    assert plugin(99) is not None


def test_without_qemu_it_says_that_the_core_needs_it(run, monkeypatch, tiny_image):
    tiny_image("mps3-an547", "zig")
    monkeypatch.setattr("netsuke.emulate.qemu.find_qemu", lambda: None)
    with pytest.raises(EmulationError, match=r"cortex-m55 is emulated by QEMU only, .*--on host"):
        run("mps3-an547")


def test_the_built_in_emulator_says_that_the_core_needs_qemu(tiny_image):
    found, image = tiny_image("mps3-an547")
    with pytest.raises(EmulationError, match=r"has no cortex-m55 .* QEMU has"):
        run_emulated(image, found, TINY_IO, INPUTS)


@needs_qemu
def test_a_stack_that_the_board_has_no_room_for(run):
    found = board("mps3-an547")
    ram = dataclasses.replace(found.ram, size=1024)
    small = dataclasses.replace(found, memories=(found.flash, ram))
    assert run("mps3-an547", board=small).outputs == WANTED
    assert run("mps3-an547").measured.stack_bytes + 384 < 1024
    crowded = dataclasses.replace(found, memories=(found.flash, dataclasses.replace(ram, reserved=600)))
    with pytest.raises(DoesNotFit, match="stack"):
        run("mps3-an547", board=crowded)


def test_files_of_the_driver():
    raw = encoded(TINY_IO, INPUTS, reset_each=True)
    assert raw[:12] == (1).to_bytes(4, "little") + (3).to_bytes(4, "little") + TINY_IO.arena_bytes.to_bytes(
        4, "little"
    )
    assert raw.endswith(b"".join(given[0] for given in INPUTS))
    with pytest.raises(EmulationError, match="wrote 3 bytes"):
        decoded(b"abc", TINY_IO, 3)


def test_the_bench_is_for_one_core():
    assert qemu_bench(core("cortex-m55")) is qemu_bench(core("cortex-m55"))
    assert qemu_bench(core("cortex-m85")).qemu_machine == "mps3-an547"
