"""What a build found, as frozen values: the pipeline fills them, every form of the report is made from them.

Sizes are bytes, times are core cycles or milliseconds, shapes are in elements. A number that a run could not
give (cycles of a run on the host, the stack of an image that was not run) is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from netsuke.report.goals import GivenUp, GoalResult, LayerCandidates
from netsuke.report.regions import RegionResult
from netsuke.report.schedules import StreamResult, Survey


class BufferKind(Enum):
    """What a stretch of the arena holds."""

    INPUT = "input"
    OUTPUT = "output"
    ACTIVATION = "activation"
    SCRATCH = "scratch"
    STATE = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortResult:
    """An input or output of the model. `scale` and `zero_point` are None where it is not quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """One layer as it ran. `index` is its step in the plan, from 0; a node that became a view has no step."""

    index: int
    name: str
    op: str
    kernel: str
    """Its C function, such as nk_conv2d_s8."""
    output_shape: tuple[int, ...]
    macs: int
    weight_bytes: int
    """Constants that only this layer reads: weights, biases, multipliers, tables."""
    scratch_bytes: int
    instructions: int | None
    cycles: int | None
    stream: StreamResult | None = None
    """Of a row that stands for layers computed together row by row; those follow it. Its counts are the stream's own,
    without theirs."""
    inside: int | None = None
    """`index` of the stream that the layer belongs to."""
    wait_cycles: int | None = None
    """Cycles that its data accesses wait beyond `cycles`, by the board's figures; None where they were not counted."""

    @property
    def cycles_per_mac(self) -> float | None:
        """None for a layer without MACs, or without cycles."""
        return self.cycles / self.macs if self.cycles is not None and self.macs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferResult:
    """A stretch of the arena, [offset, offset + nbytes), in use from `first_step` to `last_step` inclusive.

    Steps are numbers of layers; a buffer that a stream uses is in use at all its layers.
    Step -1 is before the first layer (inputs are filled), step len(layers) after the last (outputs are read).
    """

    name: str
    tensors: tuple[str, ...]
    """The tensors that share it: views, and outputs computed in place."""
    offset: int
    nbytes: int
    first_step: int
    last_step: int
    kind: BufferKind
    arena: int = 0
    """The part of a split arena that it is in, from 0; `offset` counts from its start."""

    @property
    def end(self) -> int:
        """The first byte after it."""
        return self.offset + self.nbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PassResult:
    """What one pass changed, in words, a line a change; none when it left the graph alone."""

    name: str
    lines: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """True when it did something."""
        return bool(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """Everything one build found out about one model on one board."""

    model: str
    model_sha256: str
    """Of the model file's bytes, in hexadecimal; '' for a graph that came from memory."""
    board: str
    """The board's slug, such as nucleo-l4r5zi."""
    board_title: str
    core: str
    clock_hz: int

    exact: bool
    """Every compared output was equal: byte for byte, or for float32 within `tolerances`."""
    inputs_compared: int
    ran_on: tuple[str, ...]
    """What was compared with the reference, in order, such as ('host', 'unicorn cortex-m4')."""
    first_difference: str | None
    """The first layer that differs and how; None when `exact`."""
    tolerances: tuple[str, ...]
    """Where equality is not byte for byte, one sentence each; empty for an integer model."""

    arena_bytes: int
    """Inputs, outputs, activations and scratch, as planned and as linked."""
    arena_lower_bound: int
    """The largest sum of buffers in use at one step."""
    naive_peak_bytes: int
    """The largest sum of live tensors without views and in-place: what a plain allocator would need."""
    state_bytes: int
    static_bytes: int
    """Variables of the linked image (.data and .bss) that are neither arena nor state."""
    stack_bytes: int | None
    """High-water mark of the stack over all runs; None when no run measured it."""
    ram_available: int
    flash_code_bytes: int
    flash_weights_bytes: int
    flash_available: int

    macs: int
    instructions: int | None
    """One inference."""
    cycles: int | None
    """One inference, by the timing table that `timing_source` names."""
    milliseconds: float | None
    """`cycles` at the board's clock."""
    energy_microjoules: float | None = None
    """One inference at the run current of the datasheet; None when the board states none."""
    timing_source: str
    energy_source: str = ""

    compiler: str
    """Name and version, such as 'zig cc 0.17.1 (clang 21.1.0)'."""
    optimize: str
    """speed, size or ram."""

    inputs: tuple[PortResult, ...]
    outputs: tuple[PortResult, ...]
    layers: tuple[LayerResult, ...]
    buffers: tuple[BufferResult, ...]
    passes: tuple[PassResult, ...]
    project: Path
    """The folder that holds the C project and the reports."""
    schedules: Survey | None = None
    """The schedules that a budget of RAM was held against, as estimates; None when no budget was named."""
    goals: tuple[GoalResult, ...] = ()
    """The model built for speed, for size and for RAM; empty when only one was built."""
    given_up: GivenUp | None = None
    """What fast kernels were given up for a smaller image; None where that was not asked."""
    candidates: tuple[LayerCandidates, ...] = ()
    """The kernels that each layer was chosen from."""
    arenas: tuple[int, ...] = ()
    """Bytes of each part of the arena; one where it is in one piece."""
    regions: tuple[RegionResult, ...] = ()
    """The memories that the image uses, those that change first."""
    raw_outputs: tuple[tuple[bytes, ...], ...] = field(default=(), repr=False, compare=False)
    """What the emulated core gave: for every input, the bytes of every output. Empty when it was not asked for."""

    @property
    def ram_bytes(self) -> int:
        """Arena, state, static data and (where measured) stack."""
        return self.arena_bytes + self.state_bytes + self.static_bytes + (self.stack_bytes or 0)

    @property
    def flash_bytes(self) -> int:
        """Code and weights."""
        return self.flash_code_bytes + self.flash_weights_bytes

    @property
    def fits(self) -> bool:
        """True when RAM and flash are both enough."""
        return self.ram_bytes <= self.ram_available and self.flash_bytes <= self.flash_available

    @property
    def wait_cycles(self) -> int | None:
        """Cycles that data accesses of one inference wait beyond `cycles`; None where they were not counted."""
        known = [one.wait_cycles for one in self.regions if one.wait_cycles is not None]
        return sum(known) if known else None

    @property
    def spread(self) -> bool:
        """True when more than one RAM is used, or weights are not where the code is."""
        rams = [one for one in self.regions if one.kind == "ram"]
        return len(rams) > 1 or any(
            what.startswith("weights") for one in self.regions for what, _ in one.held
        )

    def base(self, arena: int) -> int:
        """Where a part of the arena starts when all are drawn one above the other."""
        return sum(self.arenas[:arena])

    @property
    def cycles_per_mac(self) -> float | None:
        """None without MACs or cycles."""
        return self.cycles / self.macs if self.cycles is not None and self.macs else None

    @property
    def cycles_outside_layers(self) -> int | None:
        """Cycles of the invoke function that belong to no layer: calls, copies of inputs and outputs."""
        spent = [layer.cycles for layer in self.layers if layer.cycles is not None]
        return self.cycles - sum(spent) if self.cycles is not None and spent else None
