"""Chips, cores and boards as frozen, self-checking values read from TOML files.

`boards()` lists them, `board(name)` finds one (aliases, any case, or the path of a board file of your own),
`core(name)` and `cores()` give the processor cores, each with its instruction set and its timing table.
"""

from netsuke.boards.board import Board, Power
from netsuke.boards.core import Core
from netsuke.boards.isa import Isa
from netsuke.boards.load import board, boards, core, cores, load_board
from netsuke.boards.memory import Access, Memory, MemoryKind
from netsuke.boards.placement import Placement, Wishes, home, parse_wishes, wished
from netsuke.boards.testbench import testbench_board
from netsuke.boards.timing import TimingModel, TimingRule, TimingTable

__all__ = [
    "Access",
    "Board",
    "Core",
    "Isa",
    "Memory",
    "MemoryKind",
    "Placement",
    "Power",
    "TimingModel",
    "TimingRule",
    "TimingTable",
    "Wishes",
    "board",
    "boards",
    "core",
    "cores",
    "home",
    "load_board",
    "parse_wishes",
    "testbench_board",
    "wished",
]
