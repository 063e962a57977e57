"""The other engines' figures, from data/peers.toml, and the best of them for a model and a core."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine on one kind of core. Figures are of one inference, by task (kws, vww, ic, ad, sww)."""

    name: str
    cores: tuple[str, ...]
    how: str
    """How the figures were obtained."""
    exact: bool
    """True when its bytes are known to be LiteRT's reference kernels'."""
    cycles: Mapping[str, int]
    instructions: Mapping[str, int]
    words: Mapping[str, str]
    """In place of a figure that cannot be compared, or in place of none."""
    memory: Mapping[str, int]
    """Bytes of arena or activations, the input included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The lowest figure of all engines; `unit` is cycles or instructions."""

    engine: str
    value: int
    unit: str

    def ratio(self, cycles: int | None, instructions: int | None) -> float | None:
        """netsuke's figure in the same unit / this one: below 1, netsuke is the faster."""
        own = cycles if self.unit == "cycles" else instructions
        return None if own is None else own / self.value


@cache
def engines() -> tuple[Engine, ...]:
    """All of data/peers.toml, in its order."""
    text = (files("netsuke.bench") / "data" / "peers.toml").read_text(encoding="utf-8")
    return tuple(
        Engine(
            name=one["name"],
            cores=tuple(one["cores"]),
            how=one["how"],
            exact=one["exact"],
            cycles=MappingProxyType(one.get("cycles", {})),
            instructions=MappingProxyType(one.get("instructions", {})),
            words=MappingProxyType(one.get("words", {})),
            memory=MappingProxyType(one.get("memory", {})),
        )
        for one in tomllib.loads(text)["engines"]
    )


def engines_on(core: str) -> tuple[Engine, ...]:
    """The engines with figures for a core."""
    return tuple(one for one in engines() if core in one.cores)


def best_peer(core: str, task: str) -> Best | None:
    """The fewest cycles of a peer, or, where no cycles are known, the fewest instructions; None without either."""
    here = engines_on(core)
    for unit, figures in (
        ("cycles", [(one.cycles[task], one.name) for one in here if task in one.cycles]),
        ("instructions", [(one.instructions[task], one.name) for one in here if task in one.instructions]),
    ):
        if figures:
            value, name = min(figures)
            return Best(engine=name, value=value, unit=unit)
    return None
