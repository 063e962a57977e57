"""A core's timing table: which instruction costs how many cycles, and who says so.

Two models, chosen by the table:

* `table`: each instruction has a cost, a load after a load is cheaper, a taken branch costs more. This is
  how the manuals of the simple cores (M0+, M3, M4) put it.
* `scoreboard`: instructions issue in order, `width` of them in a cycle, each waits for its operands and for
  a free unit. For cores whose manuals do not publish costs (M7, M33, RISC-V).

All numbers are cycles on memory without wait states.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from netsuke.errors import BoardError


class TimingModel(enum.Enum):
    TABLE = "table"
    SCOREBOARD = "scoreboard"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingRule:
    """The cost of a class of instructions; a table's first rule that matches a mnemonic counts.

    `prefixes` and `exact` match the mnemonic without what follows its first dot; `exact` is compared whole.
    """

    prefixes: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    cycles: int = 1  # cycles it holds the issue stage
    per_register: int = 0  # more for each register of its list (LDM, STM, PUSH, POP)
    pc_extra: int = 0  # more when it writes PC
    taken_extra: int = 0  # more when it ends a block and leaves it by a jump
    load: bool = False
    after_load: int | None = None  # cycles when the instruction before it in the block is a load
    latency: int = 1  # scoreboard: cycles until its result can be read
    unit: str = "alu"  # scoreboard: the unit it needs

    def __post_init__(self) -> None:
        if not self.prefixes and not self.exact:
            raise BoardError(
                "got a timing rule that matches nothing, wanted `prefixes` or `exact`; add one to the rule"
            )
        if self.cycles < 1 or self.latency < 1:
            raise BoardError(
                f"timing rule {self.label}: got cycles={self.cycles}, latency={self.latency}, wanted at "
                "least 1; correct the rule"
            )

    @property
    def label(self) -> str:
        return "/".join((*self.exact, *self.prefixes))

    def matches(self, mnemonic: str) -> bool:
        """Whether the rule speaks about this mnemonic (given without its suffix)."""
        return mnemonic in self.exact or (bool(self.prefixes) and mnemonic.startswith(self.prefixes))


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingTable:
    """All rules of a core, their source, and how far to trust them."""

    name: str
    model: TimingModel
    source: str
    note: str
    rules: tuple[TimingRule, ...]
    default: TimingRule = TimingRule(exact=("*",))
    width: int = 1  # scoreboard: instructions issued in a cycle
    units: tuple[tuple[str, int], ...] = ()  # scoreboard: how many of each unit a cycle offers

    def __post_init__(self) -> None:
        if not self.source or not self.note:
            raise BoardError(
                f"timing table {self.name!r}: got no source or no note, wanted where the numbers come from "
                "and how far they hold; add `source` and `note` to the file"
            )
        if self.width < 1:
            raise BoardError(f"timing table {self.name!r}: got width={self.width}, wanted at least 1")
        unknown = {rule.unit for rule in self.rules} - {"alu"} - {unit for unit, _ in self.units}
        if self.model is TimingModel.SCOREBOARD and unknown:
            raise BoardError(
                f"timing table {self.name!r}: rules use the units {sorted(unknown)} that `units` does not "
                "list; add them with how many a cycle offers"
            )

    def rule(self, mnemonic: str) -> TimingRule:
        """The first rule that matches, or the default (1 cycle)."""
        return next((rule for rule in self.rules if rule.matches(mnemonic)), self.default)
