"""All cases of all operators: whatever the files `cases_*.py` beside this one yield."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from netsuke.ops.registry import operators
from tests.ops.case import Case

FOLDER = Path(__file__).parent


def modules() -> tuple[str, ...]:
    """The names of the case files."""
    return tuple(sorted(path.stem for path in FOLDER.glob("cases_*.py")))


@cache
def cases_of_module(name: str) -> tuple[Case, ...]:
    """One file's cases."""
    return tuple(import_module(f"tests.ops.{name}").cases())


@cache
def by_operator() -> Mapping[str, tuple[Case, ...]]:
    """Operator → its cases: those whose first node it is. `unreadable` says which files are left out."""
    found: dict[str, list[Case]] = {}
    for name in modules():
        if name not in unreadable():
            for case in cases_of_module(name):
                found.setdefault(case.graph.nodes[0].op, []).append(case)
    return {op: tuple(found[op]) for op in sorted(found)}


@cache
def unreadable() -> Mapping[str, str]:
    """Case file → why it could not be read; collecting must not stop at it, a test reports it."""
    found = {}
    for name in modules():
        try:
            cases_of_module(name)
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def without_cases() -> tuple[str, ...]:
    """Operators that no case runs."""
    run = {node.op for cases in by_operator().values() for case in cases for node in case.graph.nodes}
    return tuple(sorted(set(operators()) - run))


def seed_of(case: Case) -> int:
    """A seed that stays the same from run to run."""
    return zlib.crc32(case.id.encode())
