"""A budget of RAM as users write it: bytes, a size with a unit, or `min`."""

from __future__ import annotations

import math
import re

from netsuke.errors import InputError

UNITS = {"": 1, "b": 1, "k": 1024, "kb": 1000, "kib": 1024, "m": 1024**2, "mb": 1000**2, "mib": 1024**2}
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)", re.IGNORECASE)
SMALLEST = 0
"""The budget that `min` stands for: no schedule fits it, and the smallest is taken."""


def parse_budget(text: str, option: str = "--ram") -> int:
    """Bytes; SMALLEST for `min`. `option` is named in errors; only --ram takes `min`.

    Raises:
        InputError: for anything that is not a positive number of whole bytes.
    """
    given = text.strip().lower()
    if given == "min" and option == "--ram":
        return SMALLEST
    least = ", or `min`," if option == "--ram" else ""
    wanted = f"a positive number of bytes such as 16384, 16k or 16KiB{least} was wanted"
    found = SIZE.fullmatch(given) if text.isascii() else None
    if found is None or found[2] not in UNITS:
        raise InputError(f"got {option} {text!r}; {wanted}")
    nbytes = float(found[1]) * UNITS[found[2]]
    if not 1 <= nbytes < math.inf or nbytes != int(nbytes):
        raise InputError(f"got {option} {text!r}, which is {nbytes:g} bytes; {wanted}")
    return int(nbytes)
