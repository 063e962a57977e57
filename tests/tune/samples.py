"""A small network, its candidates on a Cortex-M4, and costs made up for them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from netsuke.boards import board
from netsuke.ir import Graph
from netsuke.lower import lower
from netsuke.tune.costs import KernelCost, LayerCost
from netsuke.tune.keys import kernel_key, layer_key
from netsuke.tune.store import Costs
from netsuke.tune.table import Bound, bound
from netsuke.tune.toolchain import Toolchain
from tests.codegen.nets import cnn

CORE = board("nucleo-l4r5zi").core


@cache
def network() -> Graph:
    return lower(cnn()).graph


@cache
def steps() -> Bound:
    return bound(network(), CORE.isa)


def toolchain(flag: str = "-O2") -> Toolchain:
    return Toolchain.find(CORE, None, flag)


def store(file: Path, flag: str = "-O2") -> Costs:
    return Costs(toolchain(flag), file=file, use_shipped=False)


def layer_cost(cycles: int, code: int = 100) -> LayerCost:
    return LayerCost(cycles=cycles, instructions=cycles, code=code, args=0)


def kernel_cost(code: int, glue: int = 20, helpers: dict[str, int] | None = None) -> KernelCost:
    return KernelCost(code=code, glue=glue, cycles=110, expanded=100, helpers=helpers or {})


def filled(file: Path, flag: str = "-O2", *, slower_first: bool = True) -> Costs:
    """Costs for every candidate: the later in the order of preference, the faster (or the other way round)."""
    costs = store(file, flag)
    for some in steps().values():
        for place, step in enumerate(some):
            cycles = 1000 - place if slower_first else 1000 + place
            costs.add({layer_key(step): layer_cost(cycles), kernel_key(step.kernel): kernel_cost(300)})
    return costs
