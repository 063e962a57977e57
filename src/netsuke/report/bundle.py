"""What a build of several models into one image found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from netsuke.report.result import BuildResult


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleResult:
    """`models` are one by one as `BuildResult`s in the order in which they were given, each under its C prefix.

    A model's `arena_bytes` is what it needs of the common arena, its `flash_code_bytes` the code that it alone has: its
    layers, and what is expanded into them. Kernels in common and start-up code are in the totals here only.
    """

    models: tuple[BuildResult, ...]
    board: str
    board_title: str
    core: str
    clock_hz: int

    exact: bool
    """Each model by itself, and all in turn, gave the reference's bytes."""
    turns_on: tuple[str, ...]
    """Where the models ran in turn, in one arena: ('host', 'emulated cortex-m4')."""
    first_difference: str | None

    arena_bytes: int
    """The one arena: as large as the model that needs most wants it; as planned and as linked."""
    state_bytes: int
    """The sum of all states."""
    static_bytes: int
    stack_bytes: int | None
    """The largest of all models."""
    ram_available: int
    flash_code_bytes: int
    flash_weights_bytes: int
    flash_available: int

    compiler: str
    optimize: str
    project: Path

    @property
    def ram_bytes(self) -> int:
        """One arena, all states, static data and (where measured) the largest stack."""
        return self.arena_bytes + self.state_bytes + self.static_bytes + (self.stack_bytes or 0)

    @property
    def flash_bytes(self) -> int:
        """Code, each kernel once, and the weights of all."""
        return self.flash_code_bytes + self.flash_weights_bytes

    @property
    def own_code_bytes(self) -> int:
        """The code that one model alone has, summed; the rest is in common."""
        return sum(model.flash_code_bytes for model in self.models)

    @property
    def fits(self) -> bool:
        """True when RAM and flash are both enough."""
        return self.ram_bytes <= self.ram_available and self.flash_bytes <= self.flash_available

    @property
    def inputs_compared(self) -> int:
        """Of all models."""
        return sum(model.inputs_compared for model in self.models)
