"""Budgets: what each model may cost on each board, in a file of the repository; a count that grows fails the check."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netsuke.bench.measure import Session
from netsuke.bench.models import checkout
from netsuke.errors import InputError

COUNTS = ("instructions", "cycles")
SIZES = ("arena_bytes", "ram_bytes", "flash_code_bytes", "flash_weights_bytes")
FIELDS = (*COUNTS, *SIZES)
PER_MILLE = 5
"""How much a count may grow before the check fails; a size may not grow at all."""
UNKNOWN = {"flash_weights_bytes": 0}
"""Fields that older files lack, with what stands for them: then nothing is compared."""
HEADER = """\
# What one inference may cost: packaged compiler, emulated core; sizes in bytes, RAM with the stack. A model's own name
# is its speed build; "MODEL, size" is the one with --optimize size.
# `netsuke bench check` compares a fresh run with it; `netsuke bench check --update` rewrites it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One model on one board; `model` names the goal too where it is not speed."""

    model: str
    board: str
    instructions: int
    cycles: int
    arena_bytes: int
    ram_bytes: int
    flash_code_bytes: int
    flash_weights_bytes: int

    @property
    def key(self) -> tuple[str, str]:
        """Model and board."""
        return self.model, self.board

    def value(self, name: str) -> int:
        """The field of one of FIELDS."""
        return int(getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """All of them, and the compiler that they were measured with ('' when there are none)."""

    compiler: str
    entries: tuple[Budget, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A count or size that is not what its budget says."""

    model: str
    board: str
    name: str
    before: int
    now: int

    @property
    def allowed(self) -> bool:
        """False when it grew by more than it may."""
        room = self.before * PER_MILLE if self.name in COUNTS else 0
        return (self.now - self.before) * 1000 <= room

    @property
    def verdict(self) -> str:
        """less, within (grew, and may), or GREW."""
        if self.now <= self.before:
            return "less"
        return "within" if self.allowed else "GREW"

    def __str__(self) -> str:
        by = self.now - self.before
        share = f" ({100 * by / self.before:+.2f} %)" if self.before else ""
        return f"{self.model} {self.board} {self.name}: {self.before:,} → {self.now:,}, {by:+,}{share}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything that differs from the budgets, and (model, board) pairs that have none."""

    changes: tuple[Change, ...]
    unknown: tuple[tuple[str, str], ...]
    compared: int

    @property
    def grown(self) -> tuple[Change, ...]:
        """The changes that fail the check."""
        return tuple(one for one in self.changes if not one.allowed)

    @property
    def passed(self) -> bool:
        """Nothing grew and everything has a budget."""
        return not self.grown and not self.unknown

    def lines(self) -> tuple[str, ...]:
        """What to print: every change, then the sum."""
        words = [f"{one.verdict}: {one}" for one in self.changes]
        words += [f"NO BUDGET: {model} {board}" for model, board in self.unknown]
        return (*words, f"{self.compared} builds compared, {len(self.grown)} counts grew")

    def complaint(self, path: Path, held: str, now: str) -> str:
        """Why the check failed, and what to do."""
        words = [str(one) for one in self.grown]
        words += [f"{model} {board}: no budget" for model, board in self.unknown]
        other = f"\nThe budgets were measured with {held}, this run with {now}." if held != now else ""
        return (
            f"more than {path} allows:\n" + "\n".join(words) + other + "\n"
            "Make it smaller, or accept it with `netsuke bench check --update`."
        )


def budget_file() -> Path:
    """benchmarks/budgets.toml of the checkout.

    Raises:
        InputError: outside a checkout.
    """
    root = checkout()
    if root is None:
        raise InputError("this netsuke is installed, not a checkout, and has no budgets; give --budgets FILE")
    return root / "benchmarks" / "budgets.toml"


def measured(session: Session) -> Budgets:
    """A session's counts in the form of budgets."""
    results = [(budget_name(one.model, one.goal), one.result) for one in session.measurements]
    return Budgets(
        compiler=results[0][1].compiler if results else "",
        entries=tuple(
            Budget(
                model=model,
                board=r.board,
                instructions=r.instructions or 0,
                cycles=r.cycles or 0,
                arena_bytes=r.arena_bytes,
                ram_bytes=r.ram_bytes,
                flash_code_bytes=r.flash_code_bytes,
                flash_weights_bytes=r.flash_weights_bytes,
            )
            for model, r in results
        ),
    )


def budget_name(model: str, goal: str) -> str:
    """What a budget calls a model that is built for a goal."""
    return model if goal == "speed" else f"{model}, {goal}"


def compare(held: Budgets, fresh: Budgets) -> Outcome:
    """A fresh run against the budgets; budgets that were not measured are passed over."""
    known = {one.key: one for one in held.entries}
    changes = [
        Change(model=now.model, board=now.board, name=name, before=before.value(name), now=now.value(name))
        for now in fresh.entries
        if (before := known.get(now.key)) is not None
        for name in FIELDS
        if before.value(name) not in (now.value(name), UNKNOWN.get(name))
    ]
    unknown = tuple(one.key for one in fresh.entries if one.key not in known)
    return Outcome(changes=tuple(changes), unknown=unknown, compared=len(fresh.entries))


def merged(held: Budgets, fresh: Budgets) -> Budgets:
    """The budgets with a fresh run's in their places; those that were not measured stay."""
    entries = {one.key: one for one in (*held.entries, *fresh.entries)}
    return Budgets(compiler=fresh.compiler or held.compiler, entries=tuple(entries.values()))


def read_budgets(path: Path, *, missing_ok: bool = False) -> Budgets:
    """The file.

    Raises:
        InputError: when it is missing (unless `missing_ok`), no TOML, or a budget lacks a field or has another.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if missing_ok:
            return Budgets(compiler="", entries=())
        raise InputError(f"{path} does not exist; write it with `netsuke bench check --update`") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot read the budgets: {error}") from None
    tables = {name: table for name, table in document.items() if isinstance(table, dict)}
    entries = tuple(
        read_budget(path, model, board, values)
        for board, models in tables.items()
        for model, values in models.items()
    )
    return Budgets(compiler=str(document.get("compiler", "")), entries=entries)


def read_budget(path: Path, model: str, board: str, values: Any) -> Budget:
    """One table of the file."""
    given = dict(values) if isinstance(values, Mapping) else {}
    whole = {**UNKNOWN, **given}
    if sorted(whole) != sorted(FIELDS) or not all(type(value) is int for value in whole.values()):
        raise InputError(
            f"{path}: {board}.{model}: got the fields {', '.join(sorted(given)) or 'of no table'}, wanted whole "
            f"numbers for {', '.join(FIELDS)}; correct it or write the file anew with `netsuke bench check --update`"
        )
    return Budget(model=model, board=board, **whole)


def to_toml(budgets: Budgets) -> str:
    """The file's text: a table a board and model, sorted."""
    parts = [f"{HEADER}compiler = {quoted(budgets.compiler)}\n"]
    for one in sorted(budgets.entries, key=lambda budget: (budget.board, budget.model)):
        lines = [f"{name} = {one.value(name)}" for name in FIELDS]
        parts.append("\n".join([f"[{quoted(one.board)}.{quoted(one.model)}]", *lines, ""]))
    return "\n".join(parts)


def quoted(text: str) -> str:
    """A TOML string; also a key, whatever a model's file is called."""
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or c in '"\\' else c for c in text)
    return f'"{escaped}"'


def write_budgets(path: Path, budgets: Budgets) -> None:
    """Written beside and moved into place: the file is whole at every moment.

    Raises:
        InputError: when the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot write: {error.strerror}; give another --budgets") from None
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(to_toml(budgets))
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
