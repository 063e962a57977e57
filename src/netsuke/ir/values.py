"""Argument values of the text form, read with the help of the dataclass that they fill."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

from netsuke.errors import GraphError
from netsuke.ir.cursor import Cursor
from netsuke.ir.literals import Kind, read_string

T = TypeVar("T")
CONSTANTS: Mapping[str, bool | None] = types.MappingProxyType({"None": None, "True": True, "False": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What bare words mean in a dataclass's fields: enum members and nested dataclasses by name."""

    owner: type[Any]
    members: Mapping[str, Mapping[str, Enum]]
    nested: Mapping[str, Mapping[str, type[Any]]]

    @classmethod
    def of(cls, owner: type[Any]) -> Vocabulary:
        """The vocabulary of a dataclass."""
        hints = get_type_hints(owner)
        members: dict[str, dict[str, Enum]] = {}
        nested: dict[str, dict[str, type[Any]]] = {}
        for field in dataclasses.fields(owner):
            named = list(_classes(hints[field.name]))
            enums = [c for c in named if issubclass(c, Enum)]
            members[field.name] = {name: member for c in enums for name, member in c.__members__.items()}
            nested[field.name] = {c.__name__: c for c in named if dataclasses.is_dataclass(c)}
        return cls(owner=owner, members=members, nested=nested)


def _classes(hint: Any) -> Iterator[type[Any]]:
    """Every class inside a type hint: `tuple[Padding, ...] | None` holds Padding."""
    inside = get_args(hint)
    if not inside:
        if isinstance(hint, type):
            yield hint
        return
    for part in inside:
        yield from _classes(part)


def build(owner: type[T], values: Mapping[str, Any]) -> T:
    """The dataclass with these fields.

    Raises:
        GraphError: when a field without a default is missing.
    """
    missing = [
        f.name
        for f in dataclasses.fields(owner)  # type: ignore[arg-type]
        if f.name not in values
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise GraphError(f"got no {', '.join(missing)}; {owner.__name__} needs it")
    return owner(**values)


def read_keywords(cursor: Cursor, words: Vocabulary) -> dict[str, Any]:
    """`key=value`, as many as there are; commas between them are allowed.

    Raises:
        GraphError: for an unknown or repeated key, or a value that cannot be read.
    """
    values: dict[str, Any] = {}
    while cursor.peek(1).text == "=":
        key = cursor.name()
        if key not in words.members:
            known = ", ".join(words.members) or "no arguments"
            raise GraphError(f"got the argument {key!r}; {words.owner.__name__} has {known}")
        if key in values:
            raise GraphError(f"got the argument {key!r} twice; give it once")
        cursor.expect("=")
        values[key] = _read_value(cursor, words, key)
        cursor.accept(",")
    return values


def _read_value(cursor: Cursor, words: Vocabulary, key: str) -> Any:
    word = cursor.peek()
    if word.kind is Kind.NUMBER:
        return cursor.number()
    if word.kind is Kind.STRING:
        return read_string(cursor.take().text)
    if word.text == "(":
        return _read_tuple(cursor, words, key)
    if word.text in CONSTANTS:
        return CONSTANTS[cursor.take().text]
    if word.text in words.nested[key]:
        return _read_nested(cursor, words.nested[key][cursor.take().text])
    if word.text in words.members[key]:
        return words.members[key][cursor.take().text]
    known = ", ".join((*words.members[key], *words.nested[key])) or "a number, a tuple or a string"
    raise GraphError(f"got {cursor.got} for {key}; {known} was wanted")


def _read_tuple(cursor: Cursor, words: Vocabulary, key: str) -> tuple[Any, ...]:
    cursor.expect("(")
    values: list[Any] = []
    while not cursor.accept(")"):
        values.append(_read_value(cursor, words, key))
        if cursor.peek().text != ")":
            cursor.expect(",")
    return tuple(values)


def _read_nested(cursor: Cursor, owner: type[Any]) -> Any:
    cursor.expect("(")
    values = read_keywords(cursor, Vocabulary.of(owner))
    cursor.expect(")")
    return build(owner, values)
