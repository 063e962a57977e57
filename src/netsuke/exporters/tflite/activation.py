"""The functions of one tensor: RELU and its kin."""

from __future__ import annotations

from typing import Any

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.ops.operator import Site


def plain(emitter: Emitter, site: Site[Any]) -> None:
    """An operator without options under netsuke's own name in capitals."""
    emitter.emit(site.node.op.upper(), (emitter.x(site),), (emitter.y(site),))


ENCODERS = dict.fromkeys(("relu", "relu6", "relu_n1_to_1"), plain)
