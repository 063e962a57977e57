"""Read cores, timing tables and boards from their TOML files; find a board by name."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from netsuke.boards.board import Board, Power
from netsuke.boards.core import Core
from netsuke.boards.isa import isa_from_names
from netsuke.boards.memory import Access, Memory, MemoryKind
from netsuke.boards.timing import TimingModel, TimingRule, TimingTable
from netsuke.errors import BoardError

T = TypeVar("T")


def _data(*parts: str) -> Traversable:
    return resources.files("netsuke.boards").joinpath("data", *parts)


def _read_toml(file: Traversable | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardError(
            f"cannot read the board file {file}: {error.strerror or error}; check the path"
        ) from None
    except ValueError as error:
        raise BoardError(f"{file}: cannot read it as TOML: {error}; correct the file") from error


def _make(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Build a dataclass from a TOML table, naming the keys that are wrong."""
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - set(fields))
    required = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    missing = sorted(required - set(values))
    if unknown or missing:
        raise BoardError(
            f"{where}: got unknown keys {unknown} and no {missing}, wanted keys among {sorted(fields)}; "
            "correct the file"
        )
    try:
        return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
    except TypeError as error:
        raise BoardError(f"{where}: a value has the wrong type ({error}); correct the file") from error


def _enum(kind: type[T], value: object, where: str) -> T:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError:
        wanted = [member.value for member in kind]  # type: ignore[attr-defined]
        raise BoardError(f"{where}: got {value!r}, wanted one of {wanted}; correct the file") from None


@functools.cache
def _timing(name: str) -> TimingTable:
    values = _read_toml(_data("timing", f"{name}.toml"))
    where = f"timing table {name!r}"
    values["rules"] = [_make(TimingRule, rule, where) for rule in values.get("rules", [])]
    values["model"] = _enum(TimingModel, values.get("model"), where)
    values["units"] = tuple(values.get("units", {}).items())
    return _make(TimingTable, values, where)


def _core_from(values: dict[str, Any], where: str) -> Core:
    values["isa"] = isa_from_names(values.get("isa", []), where)
    if "timing" in values:
        values["timing"] = _timing(values["timing"])
    return _make(Core, values, where)


@functools.cache
def cores() -> tuple[Core, ...]:
    """All cores, those that netsuke only knows included."""
    files = sorted(_data("cores").iterdir(), key=lambda file: file.name)
    return tuple(_core_from(_read_toml(file), f"core file {file.name}") for file in files)


def core(name: str) -> Core:
    """The core called `name`, e.g. "cortex-m4"."""
    for candidate in cores():
        if candidate.name == name.lower():
            return candidate
    raise _unknown("core", name, [candidate.name for candidate in cores()])


def _memory(table: object, where: str, whole: object = None) -> Memory:
    """A memory with its parts, which are of its kind; `whole` is the kind of what it is a part of."""
    if not isinstance(table, Mapping):
        raise BoardError(f"{where}: got the memory {table!r}, wanted a table; correct the file")
    place = f"{where}, memory {table.get('name')!r}"
    values = {**table, "kind": _enum(MemoryKind, table.get("kind", whole), place)}
    if "access" in values:
        if not isinstance(values["access"], Mapping):
            raise BoardError(f"{place}: got access = {values['access']!r}, wanted a table; correct the file")
        values["access"] = _make(Access, values["access"], f"{place}, access")
    parts = values.get("parts", [])
    if not isinstance(parts, list):
        raise BoardError(
            f"{place}: got parts = {parts!r}, wanted [[memories.parts]] tables; correct the file"
        )
    values["parts"] = [_memory(part, place, values["kind"].value) for part in parts]
    return _make(Memory, values, where)


def _board_from(values: dict[str, Any], where: str) -> Board:
    values["memories"] = [_memory(table, where) for table in values.get("memories", [])]
    if not isinstance(values.get("core"), str):
        raise BoardError(f"{where}: got no core, wanted one of {[c.name for c in cores()]}; add `core`")
    values["core"] = core(values["core"])
    if "power" in values:
        values["power"] = _make(Power, values["power"], where)
    return _make(Board, values, where)


def load_board(path: Path) -> Board:
    """Read a board file of your own; the format is that of the files in `netsuke/boards/data`."""
    return _board_from(_read_toml(path), f"board file {path}")


@functools.cache
def boards() -> tuple[Board, ...]:
    """All boards, those that netsuke does not compile for last."""
    files = [file for file in _data().iterdir() if file.name.endswith(".toml")]
    found = [_board_from(_read_toml(file), f"board file {file.name}") for file in files]
    return tuple(sorted(found, key=lambda one: (not one.supported, bool(one.qemu_machine), one.name)))


def board(name: str) -> Board:
    """The board called `name` (any case, aliases too); a name that ends in .toml is a board file's path."""
    if name.endswith(".toml"):
        return load_board(Path(name))
    slug = name.strip().lower().replace("_", "-").replace(" ", "-")
    for candidate in boards():
        if slug == candidate.name or slug in candidate.aliases:
            return candidate
    aliases = [alias for one in boards() for alias in one.aliases]
    raise _unknown(
        "board", name, [one.name for one in boards()], aliases, " `netsuke boards` lists them all."
    )


def _unknown(
    what: str, name: str, known: list[str], aliases: Sequence[str] = (), more: str = ""
) -> BoardError:
    """The nearest of the names and aliases; where none is near, the names."""
    near = difflib.get_close_matches(name.lower(), [*known, *aliases], n=3, cutoff=0.4)
    hint = f"; did you mean {', '.join(near)}?{more}" if near else f"; known: {', '.join(known)}"
    return BoardError(f"unknown {what} {name!r}{hint}")
