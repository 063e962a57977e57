"""What can be said of a model before anything is compiled, as frozen values. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass

from netsuke.report.result import PortResult


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInspection:
    """One node of the model as it was imported, from 0. `dtype` is its first output's, or its input's."""

    index: int
    name: str
    op: str
    dtype: str
    output_shape: tuple[int, ...]
    macs: int
    weight_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorUse:
    """How often an operator stands in the model, and what all its uses cost together."""

    op: str
    uses: int
    macs: int
    weight_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedUse:
    """An operator that netsuke cannot run: its name, where it stands and what would do instead."""

    op: str
    place: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the passes and the planner make of the model: the arena to the byte, flash as an estimate."""

    layers: int
    """Steps that run, after the passes."""
    macs: int
    weight_bytes: int
    """Constants as the kernels read them: weights, biases, multipliers, tables."""
    arena_bytes: int
    code_bytes: int
    """An estimate; `netsuke build` measures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPrediction:
    """The prediction held against a board. RAM counts arena, state and a stack allowance."""

    board: str
    board_title: str
    core: str
    ram_bytes: int
    ram_available: int
    flash_bytes: int
    flash_available: int

    @property
    def ram_free(self) -> int:
        """Negative when RAM is short."""
        return self.ram_available - self.ram_bytes

    @property
    def flash_free(self) -> int:
        """Negative when flash is short."""
        return self.flash_available - self.flash_bytes

    @property
    def fits(self) -> bool:
        """True when RAM and flash are both enough."""
        return self.ram_free >= 0 and self.flash_free >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One model. Of one that netsuke cannot run there is only its name and `unsupported`."""

    model: str
    inputs: tuple[PortResult, ...] = ()
    outputs: tuple[PortResult, ...] = ()
    layers: tuple[LayerInspection, ...] = ()
    operators: tuple[OperatorUse, ...] = ()
    macs: int = 0
    weight_bytes: int = 0
    """Constants of the model file, each once."""
    peak_bytes: int = 0
    """The largest sum of live tensors."""
    peak_layer: str = ""
    """The layer at which it is reached."""
    state_bytes: int = 0
    stack_allowance: int = 0
    prediction: Prediction | None = None
    fit: FitPrediction | None = None
    unsupported: tuple[UnsupportedUse, ...] = ()

    @property
    def supported(self) -> bool:
        """True when netsuke can build the model."""
        return not self.unsupported
