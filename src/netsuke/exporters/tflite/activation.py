"""The functions of one tensor: RELU and its kin, LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, SOFTMAX; and
PRELU.
"""

from __future__ import annotations

from typing import Any

from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import LeakyReluOptions, SoftmaxOptions
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.operator import Site
from netsuke.ops.softmax import Softmax
from netsuke.ops.unary import NoArgs


def plain(emitter: Emitter, site: Site[Any]) -> None:
    """An operator without options under netsuke's own name in capitals."""
    emitter.emit(site.node.op.upper(), (emitter.x(site),), (emitter.y(site),))


def leaky_relu(emitter: Emitter, site: Site[LeakyRelu]) -> None:
    """The slope is an option."""
    emitter.emit(
        "LEAKY_RELU", (emitter.x(site),), (emitter.y(site),), LeakyReluOptions(alpha=site.args.alpha)
    )


def prelu(emitter: Emitter, site: Site[NoArgs]) -> None:
    """The slopes are operand 1."""
    emitter.emit("PRELU", (emitter.x(site, 0), emitter.x(site, 1)), (emitter.y(site),))


def softmax(emitter: Emitter, site: Site[Softmax]) -> None:
    """Beta is an option."""
    emitter.emit("SOFTMAX", (emitter.x(site),), (emitter.y(site),), SoftmaxOptions(beta=site.args.beta))


PLAIN = ("relu", "relu6", "relu_n1_to_1", "logistic", "tanh", "hard_swish")
ENCODERS = {**dict.fromkeys(PLAIN, plain), "leaky_relu": leaky_relu, "prelu": prelu, "softmax": softmax}
