"""The few semihosting calls that a test program makes: text, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_WRITE0, _EXIT, _EXIT_EXTENDED = 0x04, 0x18, 0x20
_APPLICATION_EXIT = 0x20026
_MAX_TEXT = 1 << 16
_CHUNK = 64


@dataclass(slots=True)
class Semihosting:
    """What the program said so far."""

    text: str = ""
    exit_code: int | None = None

    def handle(self, operation: int, argument: int, read: Callable[[int, int], bytes]) -> bool:
        """Serve one call; False when it is none of those known here."""
        if operation == _WRITE0:
            self.text += _text_at(argument, read)
        elif operation == _EXIT:
            self.exit_code = 0 if argument == _APPLICATION_EXIT else 1
        elif operation == _EXIT_EXTENDED:
            reason, code = (int.from_bytes(read(argument + 4 * i, 4), "little") for i in range(2))
            self.exit_code = code if reason == _APPLICATION_EXIT else 1
        else:
            return False
        return True


def _text_at(address: int, read: Callable[[int, int], bytes]) -> str:
    found = b""
    while len(found) < _MAX_TEXT:
        # Never across a page at once: the text may end at the end of a memory.
        size = _CHUNK - (address + len(found)) % _CHUNK
        piece = read(address + len(found), size)
        end = piece.find(0)
        if end >= 0:
            return (found + piece[:end]).decode(errors="replace")
        found += piece
    return found.decode(errors="replace")
