"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass


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
    def defines(self) -> dict[str, str]:
        """Macros by which a driver finds the names."""
        names = {"NK_INPUTS": self.input_object}
        return {**names, "nk_run": self.run, "nk_reset": self.reset} if self.suffix else names

    @property
    def arena_ends(self) -> tuple[int, ...]:
        """Where the inputs and outputs in the arena end."""
        inside = (*(() if self.pushed else self.inputs), *self.outputs)
        return tuple(offset + length for offset, length in inside)


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
