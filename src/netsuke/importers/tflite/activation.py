"""The functions of one tensor: RELU and its kin, LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU, SOFTMAX; and
PRELU.
"""

from __future__ import annotations

from netsuke.importers.tflite.options import LeakyReluOptions, SoftmaxOptions
from netsuke.importers.tflite.place import Place
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.softmax import Softmax
from netsuke.ops.unary import NoArgs


def plain(place: Place) -> None:
    """An operator without options, under TFLite's name in lower case."""
    place.expect((1, 1))
    place.node(place.record.op.lower(), NoArgs(), place.name(0))


def leaky_relu(place: Place) -> None:
    """The slope is an option."""
    place.expect((1, 1))
    place.node("leaky_relu", LeakyRelu(alpha=place.options(LeakyReluOptions).alpha), place.name(0))


def prelu(place: Place) -> None:
    """The slopes are operand 1."""
    place.expect((2, 2))
    place.node("prelu", NoArgs(), place.name(0), place.name(1))


def softmax(place: Place) -> None:
    """Beta is an option."""
    place.expect((1, 1))
    place.node("softmax", Softmax(beta=place.options(SoftmaxOptions).beta), place.name(0))


PLAIN = ("RELU", "RELU6", "RELU_N1_TO_1", "LOGISTIC", "TANH", "HARD_SWISH")
DECODERS = {**dict.fromkeys(PLAIN, plain), "LEAKY_RELU": leaky_relu, "PRELU": prelu, "SOFTMAX": softmax}
