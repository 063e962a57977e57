"""Chips, cores and boards as frozen, self-checking values read from TOML files.

`boards()` lists them, `board(name)` finds one (aliases, any case, or the path of a board file of your own),
`core(name)` and `cores()` give the processor cores, each with its instruction set and its timing table.
"""

from netsuke.boards.board import Board, Memory, MemoryKind, Power
from netsuke.boards.core import Core
from netsuke.boards.isa import Isa
from netsuke.boards.load import board, boards, core, cores, load_board
from netsuke.boards.testbench import testbench_board
from netsuke.boards.timing import TimingModel, TimingRule, TimingTable

__all__ = [
    "Board",
    "Core",
    "Isa",
    "Memory",
    "MemoryKind",
    "Power",
    "TimingModel",
    "TimingRule",
    "TimingTable",
    "board",
    "boards",
    "core",
    "cores",
    "load_board",
    "testbench_board",
]
