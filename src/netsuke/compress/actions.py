"""What can be done about a model that lost accuracy: each action changes a recipe, has an effect and a cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from netsuke.compress.calibrators import CALIBRATORS
from netsuke.compress.recipe import Recipe
from netsuke.compress.study import Metric

EQUALIZE, CALIBRATOR, BIAS, ADAROUND, INT16 = "equalize", "calibrator", "bias-correction", "adaround", "int16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """`kind` is one of the names above; `subject` the calibrator's or the layer's name."""

    kind: str
    subject: str = ""

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with this done."""
        if self.kind == INT16:
            return replace(recipe, int16=(*recipe.int16, self.subject))
        if self.kind == CALIBRATOR:
            return replace(recipe, calibrator=self.subject)
        if self.kind == EQUALIZE:
            return replace(recipe, equalize=True)
        if self.kind == BIAS:
            return replace(recipe, bias_correction=True)
        return replace(recipe, adaround=True)

    @property
    def words(self) -> str:
        """What to do, in words."""
        return {
            EQUALIZE: "equalise the channels between layers",
            CALIBRATOR: f"set ranges by {self.subject}",
            BIAS: "correct the biases",
            ADAROUND: "learn the rounding of weights",
            INT16: f"make `{self.subject}` 16-bit",
        }[self.kind]

    @property
    def option(self) -> str:
        """The option of `netsuke quantize` that does it."""
        with_subject = self.kind in (CALIBRATOR, INT16)
        return f"--{self.kind} {self.subject}" if with_subject else f"--{self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An action, the model's metric with it, and what it costs: bytes of RAM (arena) and of flash (constants)."""

    action: Action
    metric: Metric
    ram_bytes: int = 0
    flash_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """RAM and flash together."""
        return self.ram_bytes + self.flash_bytes


def free_actions(recipe: Recipe) -> list[Action]:
    """What costs nothing on the chip and is not in the recipe yet, without what takes minutes."""
    found = [Action(kind=CALIBRATOR, subject=name) for name in CALIBRATORS if name != recipe.calibrator]
    found += [] if recipe.equalize else [Action(kind=EQUALIZE)]
    found += [] if recipe.bias_correction else [Action(kind=BIAS)]
    return found
