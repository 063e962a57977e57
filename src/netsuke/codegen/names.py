"""C identifiers from names that come out of a model file, which may be anything at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

C_WORDS = frozenset(
    (
        "auto break case char const continue default do double else enum extern float for goto if "
        "inline int long register restrict return short signed sizeof static struct switch typedef "
        "union unsigned void volatile while bool true false asm main memcpy memset memmove memcmp a x "
        "y arena state scratch "
    ).split()
)
LIBRARY_NAMES = frozenset(
    (
        "size_t ptrdiff_t wchar_t max_align_t intptr_t uintptr_t intmax_t uintmax_t rsize_t "
        "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t "
        "int_least8_t int_least16_t int_least32_t int_least64_t "
        "uint_least8_t uint_least16_t uint_least32_t uint_least64_t "
        "int_fast8_t int_fast16_t int_fast32_t int_fast64_t "
        "uint_fast8_t uint_fast16_t uint_fast32_t uint_fast64_t "
        "strtok_r strerror_r strerror_l strcoll_l strxfrm_l strcasecmp_l strncasecmp_l "
        "memcpy_s memset_s memmove_s locale_t errno_t float_t double_t "
    ).split()
)
"""What the headers we include may declare and a project's name, `_` and a layer's name could spell."""

PROJECT_WORDS = frozenset(
    (
        # Headers: `<name>.h` in an include path must not stand before the system's.
        "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign "
        "stdarg stdatomic stdbit stdbool stdckdint stddef stdint stdio stdlib stdnoreturn string tgmath "
        "threads time uchar wchar wctype alloca endian byteswap features malloc memory strings unistd fcntl "
        "poll pthread sched search values newlib reent picolibc arduino "
        # Targets that CMake keeps for itself.
        "all test help clean install package edit_cache rebuild_cache depend preinstall "
        # Files and prefixes of ours.
        "test_vectors trace nk bench sh "
    ).split()
)
"""Names that a project may not have."""
LONGEST = 40


def identifier(name: str) -> str:
    """A lower-case C identifier made of the name's ASCII letters and digits; never a keyword, never empty.

    Leading digits get an `n` before them; runs of other characters become one underscore; 40 characters at most.
    """
    text = plain(name)
    return f"{text}_" if text in C_WORDS else text


def project_name(name: str) -> str:
    """The identifier that a project's files and public names begin with; not the name of a header or CMake target."""
    text = plain(name)
    taken = text in C_WORDS or text in PROJECT_WORDS or text.startswith(("nk_", "bench_", "sh_"))
    return f"model_{text}" if taken else text


def plain(name: str) -> str:
    """The name's letters and digits, which may still spell a keyword."""
    text = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:LONGEST].rstrip("_") or "unnamed"
    return f"n{text}" if text[0].isdigit() else text


class Names:
    """The C names of a project; each is given out once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)

    def fresh(self, base: str) -> str:
        """The name, with the first free number from 2 on behind it when it is taken."""
        text, number = base, 2
        while text in self.taken:
            text, number = f"{base}_{number}", number + 1
        self.taken.add(text)
        return text
