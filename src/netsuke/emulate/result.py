"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.emulate.traffic import MemoryTraffic

ARENA_SHIFT = 28
"""A driver's offset holds the number of the arena from this bit on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIo:
    """What a runner must know about a generated project. Inputs and outputs: (offset in the arena, bytes)."""

    name: str  # the C prefix
    inputs: tuple[tuple[int, int], ...]
    outputs: tuple[tuple[int, int], ...]
    arena_bytes: int
    state_bytes: int = 0
    layers: tuple[tuple[str, str], ...] = ()  # (name shown, C function)
    pushed: bool = False  # the only input's rows are pushed: it is in an object of the harness, nk_input
    suffix: str = ""  # of the harness's names, but for nk_arena, in an image of several models
    # bytes of a split arena's further parts, nk_arena2 and so on; and in which part each input and output lies, from 0
    more_arenas: tuple[int, ...] = ()
    input_arenas: tuple[int, ...] = ()
    output_arenas: tuple[int, ...] = ()

    @property
    def input_object(self) -> str:
        """The C object that the inputs' offsets count from."""
        return f"nk_input{self.suffix}" if self.pushed else "nk_arena"

    @property
    def run(self) -> str:
        """The harness's function that runs it once."""
        return f"nk_run{self.suffix}"

    @property
    def reset(self) -> str:
        """The one that initialises its state."""
        return f"nk_reset{self.suffix}"

    @property
    def state(self) -> str:
        """The object that holds its state."""
        return f"nk_state{self.suffix}"

    @property
    def arenas(self) -> tuple[str, ...]:
        """The objects that are the arena."""
        return ("nk_arena", *(f"nk_arena{i + 2}" for i in range(len(self.more_arenas))))

    @property
    def arena_sizes(self) -> tuple[int, ...]:
        """Bytes of each as planned."""
        return (self.arena_bytes - sum(self.more_arenas), *self.more_arenas)

    def arena_of(self, number: int, *, output: bool) -> int:
        """In which of them an input or output lies."""
        given = self.output_arenas if output else self.input_arenas
        return given[number] if given else 0

    def place(self, number: int, *, output: bool) -> tuple[int, int]:
        """(offset, bytes) of an input or output for a driver, to whose offsets 1 << 28 is added for each arena."""
        offset, size = (self.outputs if output else self.inputs)[number]
        return offset + (self.arena_of(number, output=output) << ARENA_SHIFT), size

    @property
    def placed_inputs(self) -> tuple[tuple[int, int], ...]:
        """`place` of every input."""
        return tuple(self.place(i, output=False) for i in range(len(self.inputs)))

    @property
    def placed_outputs(self) -> tuple[tuple[int, int], ...]:
        """`place` of every output."""
        return tuple(self.place(i, output=True) for i in range(len(self.outputs)))

    @property
    def defines(self) -> dict[str, str]:
        """Macros by which a driver finds the names."""
        names = {"NK_INPUTS": self.input_object}
        if self.more_arenas:
            names["NK_MORE_ARENAS"] = str(len(self.more_arenas))
        return {**names, "nk_run": self.run, "nk_reset": self.reset} if self.suffix else names

    def ends_in(self, arena: int) -> tuple[int, ...]:
        """Where the inputs and outputs in an arena end."""
        inside = [(p, self.arena_of(i, output=True)) for i, p in enumerate(self.outputs)]
        if not self.pushed:
            inside += [(p, self.arena_of(i, output=False)) for i, p in enumerate(self.inputs)]
        return tuple(offset + length for (offset, length), at in inside if at == arena)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCount:
    """Counts of one inference that fall to a layer, functions that it calls included."""

    name: str
    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCount:
    """Counts of one inference that fall to a function's own code."""

    name: str
    instructions: int
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Least and most over the counted runs: data-dependent branches make them differ."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Outputs and measures of the runs of one image. Counts are the first run's; all sizes in bytes."""

    outputs: tuple[tuple[bytes, ...], ...]  # for each input, for each output tensor
    board: str
    core: str
    clock_hz: int
    compiler: str
    emulator: str
    timing_source: str
    instructions: int
    cycles: int
    instructions_spread: Spread
    cycles_spread: Spread
    runs_counted: int
    layers: tuple[LayerCount, ...]  # in the model's order; the last one is what belongs to no layer
    functions: tuple[FunctionCount, ...]  # most cycles first
    flash_code_bytes: int
    flash_weights_bytes: int  # constants: weights, tables
    flash_data_bytes: int  # initial values of data
    static_bytes: int  # data and bss as linked, the arena included
    stack_bytes: int  # high-water mark below the caller of nk_run
    arena_bytes: int  # as linked
    arena_touched_bytes: int  # up to the highest byte that was written
    arenas: tuple[tuple[int, int], ...] = ()  # (linked, touched) of each part of a split arena
    traffic: tuple[
        MemoryTraffic, ...
    ] = ()  # data accesses of the first input's run; empty where they were not counted
    stray_writes: tuple[str, ...]  # writes outside arena, state and stack; none are wanted

    @property
    def ram_bytes(self) -> int:
        """Static RAM and the stack's high-water mark."""
        return self.static_bytes + self.stack_bytes

    @property
    def flash_bytes(self) -> int:
        return self.flash_code_bytes + self.flash_weights_bytes + self.flash_data_bytes

    @property
    def milliseconds(self) -> float:
        """Time of the first run at the board's clock."""
        return 1e3 * self.cycles / self.clock_hz
