"""Many layers in one image, run once one after the other on the emulated core, each counted by itself."""

from __future__ import annotations

import collections
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from netsuke.boards import Board, Core, Memory
from netsuke.boards.testbench import testbench_board
from netsuke.emulate import Image, Machine, build_image, run_qemu
from netsuke.emulate.counter import BlockCount, CountPlan
from netsuke.emulate.qemu_plugin import with_plugin
from netsuke.emulate.qemu_run import qemu_bench
from netsuke.emulate.timing import CycleModel
from netsuke.errors import EmulationError
from netsuke.ir import DType, TensorType
from netsuke.tune.costs import LayerCost
from netsuke.tune.solo import Solo, solo_text
from netsuke.tune.toolchain import Toolchain

ORIGINS = {"arm": 0x0800_0000, "riscv": 0x4200_0000}
"""Where flash lies on most chips: near address 0 a linker would find shorter instructions than a board has."""


@cache
def bench_board(core: Core) -> Board:
    """A core with plenty of memory."""
    if not core.unicorn_model:
        return qemu_bench(core)
    board = testbench_board(core)
    flash, ram = board.memories
    moved: Memory = replace(flash, origin=ORIGINS[core.architecture])
    return replace(board, memories=(moved, ram))


def measure_batch(solos: Sequence[Solo], toolchain: Toolchain) -> list[LayerCost]:
    """The costs of the layers, in their order.

    Raises:
        CompileError: when the compiler refuses one of them.
        EmulationError: when one of them does not run to its end, or nothing could be counted.
    """
    board = bench_board(toolchain.core)
    with tempfile.TemporaryDirectory(prefix="netsuke-tune-") as name:
        folder = Path(name)
        # In a header, a compiler takes unused functions for granted.
        (folder / "layers.h").write_text("\n".join(map(solo_text, solos)), encoding="utf-8")
        source = folder / "layers.c"
        source.write_text(driver_text(solos), encoding="utf-8")
        image = build_image(
            [source],
            board=board,
            out=folder / "layers.elf",
            optimize=toolchain.optimize,
            compiler=toolchain.compiler.kind,
            flags=("-g1",),  # less to write; without any, symbols would go too
        )
        counts = run(image, board, solos, folder)
    sizes = Sizes.of(image)
    return [layer_cost(one, sizes, count) for one, count in zip(solos, counts, strict=True)]


def driver_text(solos: Sequence[Solo]) -> str:
    """The C that runs every layer once, its memory filled anew before."""
    arena = max((one.project.plan.arena_bytes for one in solos), default=0)
    state = max((one.project.plan.state_bytes for one in solos), default=0)
    runs = "\n".join(run_text(one) for one in solos)
    return DRIVER.format(arena=max(arena, 8), state=max(state, 8), runs=runs)


def run_text(one: Solo) -> str:
    """The statements for one layer."""
    plan, api = one.project.plan, one.project.api
    places = [plan.places[t.name].offset for t in (*api.inputs, *api.outputs)]
    lines = [f"  nk_fill({plan.arena_bytes});"]
    floats = [t for t in api.inputs if t.dtype is DType.FLOAT32]
    lines += [f"  nk_fill_floats({plan.places[t.name].offset}, {t.elements});" for t in floats]
    clipped = [t for t in api.inputs if rectified(one.graph.tensors[t.name])]
    lines += [f"  nk_fill_clipped({plan.places[t.name].offset}, {t.elements});" for t in clipped]
    given = ["nk_arena", *(["nk_state"] if api.stateful else [])]
    given += [f"(void *)(nk_arena + {offset})" for offset in places]
    lines += [f"  wrong |= {one.tag}_init(nk_state);"] if api.stateful else []
    return "\n".join([*lines, f"  wrong |= {api.invoke}({', '.join(given)});"])


def rectified(kind: TensorType) -> bool:
    """True where the lowest value stands for 0: nearly always what a relu leaves, half of it zeros."""
    quantization = kind.quantization
    return kind.dtype is DType.INT8 and quantization is not None and quantization.zero_point[0] == -128


DRIVER = """#include "layers.h"

extern uint8_t nk_arena[{arena}];
extern uint8_t nk_state[{state}];
_Alignas(8) uint8_t nk_arena[{arena}];
_Alignas(8) uint8_t nk_state[{state}];

#define NK_APART __attribute__((noinline))

void bench_begin(void);
NK_APART void bench_begin(void) {{ __asm__ volatile("" ::: "memory"); }}
void bench_end(void);
NK_APART void bench_end(void) {{ __asm__ volatile("nop" ::: "memory"); }}

void nk_fill(int32_t bytes);
NK_APART void nk_fill(int32_t bytes) {{
  volatile uint8_t *const to = nk_arena;
  for (int32_t i = 0; i < bytes; i++) to[i] = (uint8_t)(i * 31 + 7);
}}

/* Numbers from -1 to 1: the bytes of nk_fill / 128. */
void nk_fill_floats(int32_t offset, int32_t elements);
NK_APART void nk_fill_floats(int32_t offset, int32_t elements) {{
  volatile float *const to = (float *)(void *)(nk_arena + offset);
  for (int32_t i = 0; i < elements; i++) to[i] = (float)(int8_t)(uint8_t)(i * 31 + 7) * 0.0078125f;
}}

/* Random int8 numbers of which those below zero became the lowest. */
void nk_fill_clipped(int32_t offset, int32_t elements);
NK_APART void nk_fill_clipped(int32_t offset, int32_t elements) {{
  volatile int8_t *const to = (int8_t *)(nk_arena + offset);
  uint32_t chance = 1;
  for (int32_t i = 0; i < elements; i++) {{
    chance = chance * UINT32_C(1664525) + UINT32_C(1013904223);
    const int8_t v = (int8_t)(chance >> 24);
    to[i] = v < 0 ? INT8_MIN : v;
  }}
}}

int nk_run(void);
NK_APART int nk_run(void) {{
  int wrong = 0;
  bench_begin();
{runs}
  bench_end();
  return wrong;
}}

int main(void) {{ return nk_run(); }}
"""


def run(image: Image, board: Board, solos: Sequence[Solo], folder: Path) -> list[tuple[int, int]]:
    """(instructions, cycles) of every layer."""
    names = [*(one.function for one in solos), "nk_fill", "nk_fill_floats", "nk_fill_clipped"]
    found = [image.function(name) for name in names]
    plan = CountPlan(
        begin=image.symbol("bench_begin"),
        end=image.symbol("bench_end"),
        # A layer's function that the linker dropped starts nothing; an address that is never reached stands for it.
        layers=tuple(1 if one is None else one.address for one in found),
    )
    blocks = blocks_of(image, board, plan, folder)
    skipped = {"nk_run", *(one.project.api.invoke for one in solos)}
    model = CycleModel(image, board.core)
    instructions: collections.Counter[int] = collections.Counter()
    cycles: collections.Counter[int] = collections.Counter()
    for block in blocks:
        function = image.function_at(block.address)
        if function is None or function.name.split(".")[0] in skipped:
            continue
        instructions[block.layer] += block.instructions * block.executed
        cycles[block.layer] += model.cycles(block)
    return [(instructions[i], cycles[i]) for i in range(len(solos))]


def blocks_of(image: Image, board: Board, plan: CountPlan, folder: Path) -> Sequence[BlockCount]:
    """Runs all layers once."""
    if board.core.unicorn_model:
        with Machine(image, board, plan=plan) as machine:
            if machine.call("nk_run"):
                raise EmulationError("a layer refused its arguments: the C for measuring is wrong")
            return machine.counter.blocks()
    _, counts = with_plugin(plan, folder, 0, lambda extra: _under_qemu(image, board, folder, extra))
    if counts is None:
        raise EmulationError("QEMU takes no plugin here: nothing was counted")
    return counts.blocks


def _under_qemu(image: Image, board: Board, folder: Path, extra: Sequence[str]) -> str:
    ran = run_qemu(image, board, folder=folder, extra=extra)
    if ran.exit_code:
        raise EmulationError(f"{ran.emulator}: a layer failed with code {ran.exit_code}")
    return ran.emulator


def layer_cost(one: Solo, sizes: Sizes, count: tuple[int, int]) -> LayerCost:
    """What was found out about a layer."""
    instructions, cycles = count
    return LayerCost(
        cycles=cycles,
        instructions=instructions,
        code=sizes.functions.get(one.function, 0),
        args=sum(size for name, size in sizes.objects.items() if name.startswith(f"{one.function}_args")),
        helpers=sizes.library(one),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of an image's functions and objects, by name; what a compiler adds to a name (.constprop.0) is left out."""

    functions: Mapping[str, int]
    objects: Mapping[str, int]

    @classmethod
    def of(cls, image: Image) -> Sizes:
        """All of an image."""
        functions: collections.Counter[str] = collections.Counter()
        for one in image.functions:
            functions[one.name.split(".")[0]] += one.size
        return cls(functions=functions, objects=image.objects)

    def library(self, one: Solo) -> dict[str, int]:
        """The functions of the kernel library that stand beside it."""
        start = f"{one.tag}nk_"
        return {n.removeprefix(one.tag): size for n, size in self.functions.items() if n.startswith(start)}
