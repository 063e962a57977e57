"""A place in a line of the text form, and what can be read there."""

from __future__ import annotations

from netsuke.errors import GraphError
from netsuke.ir.literals import Kind, Token, read_number, read_string

END = Token(kind=Kind.PUNCTUATION, text="")
"""What lies behind the last word."""


class Cursor:
    """Walks over the words of one line."""

    def __init__(self, words: tuple[Token, ...]) -> None:
        self._words = words
        self._at = 0

    @property
    def done(self) -> bool:
        """True behind the last word."""
        return self._at >= len(self._words)

    def peek(self, ahead: int = 0) -> Token:
        """The word there, left where it is."""
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else END

    def take(self) -> Token:
        """The word there; the cursor moves on."""
        word = self.peek()
        self._at += 1
        return word

    def accept(self, text: str) -> bool:
        """Moves over the word if it is this one."""
        if self.done or self.peek().text != text:
            return False
        self._at += 1
        return True

    def expect(self, text: str) -> None:
        """Moves over this word.

        Raises:
            GraphError: when another one, or none, is there.
        """
        if not self.accept(text):
            raise GraphError(f"got {self.got}; {text!r} was wanted")

    def end(self) -> None:
        """Nothing more.

        Raises:
            GraphError: when there is.
        """
        if not self.done:
            raise GraphError(f"got {self.got}; the end of the line was wanted")

    @property
    def got(self) -> str:
        """The word there, for an error's text."""
        return "the end of the line" if self.done else repr(self.peek().text)

    def name(self) -> str:
        """A bare or quoted name.

        Raises:
            GraphError: when something else is there.
        """
        got = self.got
        word = self.take()
        if word.kind is Kind.NAME:
            return word.text
        if word.kind is Kind.STRING:
            return read_string(word.text)
        raise GraphError(f"got {got}; a name was wanted")

    def number(self) -> int | float:
        """A number.

        Raises:
            GraphError: when something else is there.
        """
        got = self.got
        word = self.take()
        if word.kind is not Kind.NUMBER:
            raise GraphError(f"got {got}; a number was wanted")
        return read_number(word.text)

    def integer(self) -> int:
        """A whole number.

        Raises:
            GraphError: when something else is there.
        """
        value = self.number()
        if not isinstance(value, int):
            raise GraphError(f"got {value!r}; a whole number was wanted")
        return value

    def element(self) -> int | float | bool:
        """A tensor's element: a number, True or False.

        Raises:
            GraphError: when something else is there.
        """
        if self.peek().text in ("True", "False"):
            return self.take().text == "True"
        return self.number()
