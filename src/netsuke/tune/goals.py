"""What a build is optimised for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from netsuke.errors import InputError

FLAGS: Mapping[str, str] = MappingProxyType({"speed": "-O2", "size": "-Os", "ram": "-O2"})
"""Goal → the compiler's flag, in the order in which goals are shown."""

MOST_CANDIDATES: Mapping[str, int] = MappingProxyType({"-O2": 6, "-Os": 99})
"""Flag → how many kernels of a layer are measured, from the preferred one on: the plain kernels at the end of an
operator's order are never the fastest of many, but often the smallest."""


def check_goal(name: str) -> str:
    """The name.

    Raises:
        InputError: when it is no goal.
    """
    if name not in FLAGS:
        *some, last = FLAGS
        raise InputError(f"got --optimize {name}; {', '.join(some)} or {last} was wanted")
    return name
