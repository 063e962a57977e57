"""Names for people: unique tensor names, and short node names made of what is left of the layers' names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MAX_TENSOR_NAME = 960
"""Below the graph's own limit, so that a number can be added."""
MAX_NODE_NAME = 40

OPERATIONS = (
    r"^(add|addv2|concat|depthwise|matmul|mul|readvariableop|resource|separable_conv2d|split|squeeze|stack|"
    r"strided_slice|sub|transpose|unstack)\d*$"
)
"""What frameworks call operations in lower case; with a capital (BiasAdd, Relu) it is always an operation."""

WHOLE_MODELS = r"^(functional|keras|main|model|sequential|serving_default.*|tf|unknown)(_\d+)?$"

GENERIC = re.compile(f"{OPERATIONS}|{WHOLE_MODELS}")

PREFERRED = {
    "CONV_2D": re.compile(r"^(?!.*depthwise).*conv"),
    "DEPTHWISE_CONV_2D": re.compile(r"depthwise"),
    "FULLY_CONNECTED": re.compile(r"dense|fc|linear|logits"),
}
"""After fusion a tensor carries the names of all fused layers: which of them names the operator."""


class Names:
    """Hands out each name once: a second 'x' becomes 'x_2'."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def claim(self, name: str) -> str:
        """The name, numbered when it is taken."""
        candidate, number = name, self._next.get(name, 2)
        while candidate in self._taken:
            candidate = f"{name}_{number}"
            number += 1
        self._next[name] = number
        self._taken.add(candidate)
        return candidate


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The same names, cut to a sensible length, each once."""
    claimed = Names()
    return tuple(claimed.claim(name[:MAX_TENSOR_NAME]) for name in names)


def node_name(tensor: str, op: str, kind: str, taken: Names) -> str:
    """A short unique name for the operator `op` (netsuke's `kind`) that writes a tensor: its layer, else
    its kind.
    """
    layer = layer_of(tensor, op) or kind
    if layer in taken:
        layer = f"{layer}_{kind}"[-MAX_NODE_NAME:] if kind not in layer else layer
    return taken.claim(layer)


def layer_of(tensor: str, op: str) -> str:
    """'model/relu/Relu;model/conv2d_3/BiasAdd' → 'conv2d_3' for a CONV_2D; '' when nothing is left."""
    layers = [layer for layer in map(last_layer, tensor.split(";")) if layer]
    wanted = PREFERRED.get(op)
    matching = [layer for layer in layers if wanted is not None and wanted.search(layer)]
    # Shared constants leave another layer's name in the middle; the last is the operator's own.
    return (matching or layers[:1] or [""])[-1]


def last_layer(path: str) -> str:
    """The last part of a path that names neither an operation nor a whole model, as a lower-case
    identifier.
    """
    for part in reversed(path.split(":")[0].split("/")):
        word = re.sub(r"[^a-z0-9_]+", "_", part.rsplit(".", 1)[-1].lower()).strip("_")[:MAX_NODE_NAME]
        if re.match(r"^[a-z]", part) and re.match(r"^[a-z]", word) and not GENERIC.match(word):
            return word
    return ""
