"""Numbers and names as people read them; the same words in the terminal and on the page."""

from __future__ import annotations

ABSENT = "–"


def printable(name: str) -> str:
    r"""A name from a model file, what is not printable as \x escapes: it may hold terminal codes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in name)


def shortened(text: str, length: int) -> str:
    """At most `length` characters, the middle left out: the ends of a layer's name tell it apart."""
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def count(value: int | None) -> str:
    """1234567 → '1,234,567'."""
    return ABSENT if value is None else f"{value:,}"


def size(nbytes: int | None) -> str:
    """Bytes in the unit that keeps three digits: '960 B', '21.9 KiB', '1.12 MiB'."""
    if nbytes is None:
        return ABSENT
    if abs(nbytes) < 1024:
        return f"{nbytes} B"
    value, unit = (nbytes / 1024, "KiB") if abs(nbytes) < 1024**2 else (nbytes / 1024**2, "MiB")
    return f"{three_digits(value)} {unit}"


def three_digits(value: float) -> str:
    """Three significant digits, never in exponent form: '0.0123', '1.50', '23.4', '1,235'."""
    magnitude = abs(value)
    if magnitude == 0:
        return "0"
    if magnitude >= 99.95:
        return f"{value:,.0f}"
    if magnitude >= 9.995:
        return f"{value:.1f}"
    if magnitude >= 0.9995:
        return f"{value:.2f}"
    return f"{value:.3g}" if magnitude >= 1e-4 else f"{value:.1e}"


def ratio(value: float | None) -> str:
    """A ratio such as cycles per MAC."""
    return ABSENT if value is None else three_digits(value)


def duration(milliseconds: float | None) -> str:
    """'43.2 ms', '1.25 s', '870 µs'."""
    if milliseconds is None:
        return ABSENT
    if milliseconds >= 1000:
        return f"{three_digits(milliseconds / 1000)} s"
    if milliseconds < 1:
        return f"{three_digits(milliseconds * 1000)} µs"
    return f"{three_digits(milliseconds)} ms"


def energy(microjoules: float | None) -> str:
    """'14.3 mJ', '820 µJ'."""
    if microjoules is None:
        return ABSENT
    return (
        f"{three_digits(microjoules / 1000)} mJ" if microjoules >= 1000 else f"{three_digits(microjoules)} µJ"
    )


def frequency(hertz: int) -> str:
    """'120 MHz'."""
    return f"{hertz / 1e6:g} MHz"


def percent(part: float, whole: float) -> str:
    """'3.4 %'; '<0.1 %' for a little that is not nothing."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 0.1:
        return "<0.1 %"
    return f"{share:.1f} %" if share < 99.95 or share > 100 else f"{share:.0f} %"


def shape(dimensions: tuple[int, ...]) -> str:
    """'1x49x10x1'; 'scalar' for rank 0."""
    return "x".join(map(str, dimensions)) or "scalar"


def plural(number: int, noun: str) -> str:
    """'1 input', '20 inputs'."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(items: tuple[str, ...]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
