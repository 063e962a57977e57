"""Run a built project on the emulated core, input by input, and measure it."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import unicorn

from netsuke.boards import Board, Placement, home
from netsuke.emulate.counter import BlockCount, CountPlan, Watch
from netsuke.emulate.image import Image
from netsuke.emulate.linker import check_fits
from netsuke.emulate.machine import Machine
from netsuke.emulate.result import FunctionCount, LayerCount, ModelIo, RunResult, Spread
from netsuke.emulate.timing import CycleModel
from netsuke.emulate.traffic import MemoryTraffic, priced, stretches
from netsuke.errors import EmulationError

EMULATOR = f"unicorn {unicorn.__version__}"
OUTSIDE = "(between layers)"


def run_emulated(
    image: Image,
    board: Board,
    io: ModelIo,
    inputs: Sequence[Sequence[bytes]],
    *,
    reset_each: bool = True,
    progress: Callable[[int], None] | None = None,
    placement: Placement | None = None,
    traffic: bool = False,
) -> RunResult:
    """Run `inputs` one after the other; every run is counted, one more run (of the first input) is watched.

    `reset_each` initialises a model's state before every input; without it, once before the first. `progress`
    is called with the number of inputs done. `placement` is how the image was linked. With `traffic` the data accesses
    to memories that make the core wait are counted, which takes some seconds for ten million instructions.
    """
    check_inputs(io, inputs)
    footprint = watch_run(image, board, io, inputs[0], placement, traffic=traffic)
    model = CycleModel(image, board.core)
    outputs: list[tuple[bytes, ...]] = []
    counts: list[tuple[int, int]] = []
    first: list[BlockCount] = []
    with Machine(image, board, plan=count_plan(image, io)) as machine:
        for done, given in enumerate(inputs):
            outputs.append(run_one(machine, io, given, reset=reset_each or done == 0))
            blocks = machine.counter.blocks()
            first = first or blocks
            counts.append((machine.counter.totals().instructions, sum(map(model.cycles, blocks))))
            if progress is not None:
                progress(done + 1)
    if outputs[0] != footprint.outputs:
        raise EmulationError("two runs of the first input gave different outputs: the C keeps hidden state")
    layers = layer_counts(io, first, model)
    instructions, cycles = zip(*counts, strict=True)
    return RunResult(
        outputs=tuple(outputs),
        board=board.name,
        core=board.core.name,
        clock_hz=board.clock_hz,
        compiler=image.compiler,
        emulator=EMULATOR,
        timing_source=board.core.timing_table().source,
        instructions=instructions[0],
        cycles=cycles[0],
        instructions_spread=Spread(least=min(instructions), most=max(instructions)),
        cycles_spread=Spread(least=min(cycles), most=max(cycles)),
        runs_counted=len(counts),
        layers=layers,
        functions=function_counts(image, first, model),
        flash_code_bytes=image.flash_code_bytes,
        flash_weights_bytes=image.flash_rodata_bytes,
        flash_data_bytes=image.data_bytes,
        static_bytes=image.ram_bytes - image.objects.get("nk_input", 0),
        stack_bytes=footprint.stack_bytes,
        arena_bytes=sum(linked for linked, _ in footprint.arenas),
        arena_touched_bytes=sum(touched for _, touched in footprint.arenas),
        arenas=footprint.arenas,
        traffic=footprint.traffic,
        stray_writes=footprint.stray_writes,
    )


def check_inputs(io: ModelIo, inputs: Sequence[Sequence[bytes]]) -> None:
    """Each run needs as many input tensors as the model has, each of its size."""
    wanted = [size for _, size in io.inputs]
    if not inputs:
        raise EmulationError("got no inputs, wanted at least one to run")
    for i, given in enumerate(inputs):
        sizes = [len(one) for one in given]
        if sizes != wanted:
            raise EmulationError(
                f"input {i}: got tensors of {sizes} bytes, wanted {wanted}; check its shapes and types"
            )


def count_plan(image: Image, io: ModelIo, watch: Watch | None = None) -> CountPlan:
    """Count between bench_begin and bench_end, each layer apart."""
    invoke = image.function(f"{io.name}_invoke") or image.function(f"{io.name}_step")
    layers = [image.function(function) for _, function in io.layers]
    missing = [function for (_, function), found in zip(io.layers, layers, strict=True) if found is None]
    if invoke is None or missing:
        lost = ", ".join([*missing, *([] if invoke else [f"{io.name}_invoke"])])
        raise EmulationError(
            f"{image.path.name} has no function {lost}; a layer's function must be noinline to be counted"
        )
    return CountPlan(
        begin=image.symbol("bench_begin"),
        end=image.symbol("bench_end"),
        invoke=(invoke.address, invoke.end),
        layers=tuple(found.address for found in layers if found is not None),
        watch=watch,
    )


def run_one(machine: Machine, io: ModelIo, given: Sequence[bytes], *, reset: bool) -> tuple[bytes, ...]:
    """One input on a machine that keeps its memory: the bytes of every output. `reset` initialises the state first."""
    arenas = [machine.image.symbol(name) for name in io.arenas]
    if reset and machine.image.has(io.reset):
        _succeed(machine, io.reset)
    for number, ((offset, _), data) in enumerate(zip(io.inputs, given, strict=True)):
        start = arenas[io.arena_of(number, output=False)]
        machine.write((machine.image.symbol(io.input_object) if io.pushed else start) + offset, data)
    machine.counter.reset()
    _succeed(machine, io.run)
    return tuple(
        machine.read(arenas[io.arena_of(number, output=True)] + offset, size)
        for number, (offset, size) in enumerate(io.outputs)
    )


def _succeed(machine: Machine, function: str) -> None:
    code = machine.call(function)
    if code:
        raise EmulationError(
            f"{function} returned {code - (code >> 31 << 32)}, wanted 0; see the project's header"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What one watched run wrote, and its outputs."""

    outputs: tuple[bytes, ...]
    stack_bytes: int
    arenas: tuple[tuple[int, int], ...]
    """(bytes linked, bytes up to the highest that was touched) of each part of the arena."""
    traffic: tuple[MemoryTraffic, ...]
    stray_writes: tuple[str, ...]


def watch_run(
    image: Image,
    board: Board,
    io: ModelIo,
    given: Sequence[bytes],
    placement: Placement | None = None,
    *,
    traffic: bool = False,
) -> Footprint:
    """Run one input with every write watched, and with `traffic` every read.

    Raises:
        DoesNotFit: when the stack runs into the data below it.
    """
    top = (placement or home(board)).stack.end
    arenas = arena_ranges(image, io)
    watch = Watch(
        arena=arenas[0],
        more_arenas=arenas[1:],
        stack=(image.symbol("nk_bss_end"), top),
        allowed=_state_range(image, io),
        stretches=stretches(board) if traffic else (),
    )
    with Machine(image, board, plan=count_plan(image, io, watch)) as machine:
        try:
            outputs = run_one(machine, io, given, reset=True)
        except EmulationError:
            # An overflowing stack destroys data and may end in any fault: say the cause.
            check_fits(image, board, top - machine.counter.totals().stack_low, placement)
            raise
        totals, accesses = machine.counter.totals(), machine.counter.traffic()
    check_fits(image, board, top - totals.stack_low, placement)
    return Footprint(
        outputs=outputs,
        stack_bytes=top - totals.stack_low,
        arenas=tuple(
            (end - start, max([touched - start, *io.ends_in(number)]))
            for number, ((start, end), touched) in enumerate(zip(arenas, totals.arena_ends, strict=False))
        ),
        traffic=priced(board, accesses),
        stray_writes=tuple(
            f"{length} bytes at {address:#010x} ({symbol_near(image, address)}) from {image.where(pc)}"
            for address, length, pc in totals.stray_writes
        ),
    )


def arena_ranges(image: Image, io: ModelIo) -> tuple[tuple[int, int], ...]:
    """(start, end) of each part of the arena, as linked."""
    found = []
    for name, planned in zip(io.arenas, io.arena_sizes, strict=True):
        start = image.symbol(name)
        found.append((start, start + image.objects.get(name, planned)))
    return tuple(found)


def _state_range(image: Image, io: ModelIo) -> tuple[tuple[int, int], ...]:
    if not image.has(io.state):
        return ()
    start = image.symbol(io.state)
    return ((start, start + image.objects.get(io.state, io.state_bytes)),)


def symbol_near(image: Image, address: int) -> str:
    """The data object that holds an address."""
    for name, size in image.objects.items():
        if image.symbols[name] <= address < image.symbols[name] + size:
            return name
    return "no object"


def layer_counts(io: ModelIo, blocks: Sequence[BlockCount], model: CycleModel) -> tuple[LayerCount, ...]:
    """Counts by layer, in the model's order, then what belongs to none."""
    instructions: collections.Counter[int] = collections.Counter()
    cycles: collections.Counter[int] = collections.Counter()
    for block in blocks:
        instructions[block.layer] += block.instructions * block.executed
        cycles[block.layer] += model.cycles(block)
    names = [*(shown for shown, _ in io.layers), OUTSIDE]
    return tuple(
        LayerCount(name=name, instructions=instructions[i], cycles=cycles[i]) for i, name in enumerate(names)
    )


def function_counts(
    image: Image, blocks: Sequence[BlockCount], model: CycleModel
) -> tuple[FunctionCount, ...]:
    """Counts by function, most cycles first."""
    instructions: collections.Counter[str] = collections.Counter()
    cycles: collections.Counter[str] = collections.Counter()
    for block in blocks:
        found = image.function_at(block.address)
        name = found.name if found is not None else "?"
        instructions[name] += block.instructions * block.executed
        cycles[name] += model.cycles(block)
    return tuple(
        FunctionCount(name=name, instructions=instructions[name], cycles=n)
        for name, n in cycles.most_common()
    )
