"""Blocks and how often they ran to cycles, by a core's timing table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from netsuke.boards import Core, TimingModel, TimingRule, TimingTable
from netsuke.emulate.counter import BlockCount
from netsuke.emulate.guard import disassembler
from netsuke.emulate.image import Image

_PUSH_POP = ("push", "pop", "vpush", "vpop")
_RISCV_STORES = ("sb", "sh", "sw", "c.sw", "c.swsp", "beq", "bne", "blt", "bge", "c.beqz", "c.bnez")
_RISCV_NAMES = re.compile(r"\b(zero|ra|sp|gp|tp|[ast]\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What the models need of a decoded instruction."""

    mnemonic: str  # without what follows its first dot, for Arm
    operands: str
    reads: frozenset[str]
    writes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCost:
    """Cycles of a block left by falling through, and how many more when it is left by a jump."""

    cycles: int
    taken_extra: int


class CycleModel:
    """Costs of an image's blocks on a core; each block is decoded once."""

    def __init__(self, image: Image, core: Core) -> None:
        self._image = image
        self._arm = core.architecture == "arm"
        self._table = core.timing_table()
        self._scoreboard = self._table.model is TimingModel.SCOREBOARD
        self._engine = disassembler(core, detail=self._scoreboard and self._arm)
        self._costs: dict[tuple[int, int], BlockCost] = {}

    def cycles(self, block: BlockCount) -> int:
        """Cycles of all executions of a block."""
        key = (block.address, block.size)
        cost = self._costs.get(key)
        if cost is None:
            cost = self._costs[key] = self._cost(block)
        return cost.cycles * block.executed + cost.taken_extra * block.taken

    def _cost(self, block: BlockCount) -> BlockCost:
        code = self._image.read(block.address, block.size)
        decoded = [self._instruction(one) for one in self._engine.disasm(code, block.address)]
        cost = (scoreboard_cost if self._scoreboard else table_cost)(
            self._table, decoded[: block.instructions]
        )
        # What the disassembler does not know costs one cycle each.
        unknown = max(0, block.instructions - len(decoded))
        return BlockCost(cycles=cost.cycles + unknown, taken_extra=cost.taken_extra)

    def _instruction(self, one: Any) -> Instruction:
        if not self._arm:
            return _riscv_instruction(one.mnemonic, one.op_str)
        mnemonic = one.mnemonic.split(".")[0]
        if not self._scoreboard:
            return Instruction(mnemonic=mnemonic, operands=one.op_str, reads=frozenset(), writes=frozenset())
        reads, writes = one.regs_access()
        # Flags are forwarded to the branch that reads them.
        names = [frozenset(one.reg_name(r) for r in some) - {"cpsr", "pc"} for some in (reads, writes)]
        return Instruction(mnemonic=mnemonic, operands=one.op_str, reads=names[0], writes=names[1])


def _riscv_instruction(mnemonic: str, operands: str) -> Instruction:
    registers = _RISCV_NAMES.findall(operands)
    stores = mnemonic.startswith(_RISCV_STORES)
    writes = frozenset(registers[:1] if not stores else [])
    reads = frozenset(registers if stores else registers[1:])
    return Instruction(mnemonic=mnemonic, operands=operands, reads=reads, writes=writes - {"zero"})


def occupancy(rule: TimingRule, instruction: Instruction, after_load: bool) -> int:
    """Cycles that an instruction holds the issue stage."""
    cycles = rule.after_load if after_load and rule.after_load is not None else rule.cycles
    operands = instruction.operands
    if rule.per_register:
        # Registers of the list: PUSH and POP have nothing else, the others name the base first.
        commas = operands.count(",")
        registers = commas + 1 if instruction.mnemonic.startswith(_PUSH_POP) else commas
        cycles += rule.per_register * registers
    writes_pc = "pc" in operands if rule.per_register else operands.startswith("pc")
    return cycles + (rule.pc_extra if writes_pc else 0)


def table_cost(table: TimingTable, instructions: Sequence[Instruction]) -> BlockCost:
    """The plain model: costs add up; a load after a load is cheaper."""
    cycles, taken_extra, after_load = 0, 0, False
    for instruction in instructions:
        rule = table.rule(instruction.mnemonic)
        cycles += occupancy(rule, instruction, after_load)
        taken_extra = rule.taken_extra
        after_load = rule.load
    return BlockCost(cycles=cycles, taken_extra=taken_extra)


def scoreboard_cost(table: TimingTable, instructions: Iterable[Instruction]) -> BlockCost:
    """In-order issue, `width` a cycle; an instruction waits for its operands and for its unit."""
    units = dict(table.units)
    ready: dict[str, int] = {}
    used: dict[str, int] = {}
    cycle, issued, taken_extra = 0, 0, 0
    for instruction in instructions:
        rule = table.rule(instruction.mnemonic)
        earliest = max((ready.get(name, 0) for name in instruction.reads), default=0)
        alone = rule.unit == "alone" and issued > 0
        busy = used.get(rule.unit, 0) >= units.get(rule.unit, table.width)
        if earliest > cycle or issued >= table.width or busy or alone:
            cycle, issued, used = max(cycle + (issued > 0), earliest), 0, {}
        held = occupancy(rule, instruction, after_load=False)
        issued += 1
        used[rule.unit] = used.get(rule.unit, 0) + 1
        for name in instruction.writes:
            ready[name] = cycle + held - 1 + rule.latency
        if held > 1 or rule.unit == "alone":
            cycle, issued, used = cycle + held, 0, {}
        taken_extra = rule.taken_extra
    return BlockCost(cycles=cycle + (issued > 0), taken_extra=taken_extra)
