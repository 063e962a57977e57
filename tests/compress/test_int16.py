"""Single tensors in 16 bits, 4-bit weights, and LiteRT's bytes for all of it."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress import ArraySamples, Recipe, quantize_by, sqnr_db
from netsuke.compress.coding import quantize_inputs
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.errors import InputError, UnsupportedModel
from netsuke.exporters import write_tflite
from netsuke.importers.tflite import load
from netsuke.ir import DType
from netsuke.ops.add import AddSub
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.interpret import interpret
from netsuke.ops.leaky_relu import LeakyRelu
from netsuke.ops.pool import Pool2d
from netsuke.ops.reduce import Reduce
from netsuke.ops.reshape import Reshape
from netsuke.ops.softmax import Softmax
from netsuke.ops.unary import NoArgs
from tests.compress.litert import litert_outputs
from tests.compress.networks import Network, random
from tests.compress.test_quantize import RELU, RELU6, conv_net


def residual_net():
    net = Network(x=(1, 8, 8, 4))
    net.constant("w", random(4, 3, 3, 4, scale=0.2))
    net.constant("b", random(4, seed=1))
    net.constant("d", random(1, 3, 3, 4, seed=2, scale=0.4))
    net.constant("v", random(6, 1, 1, 4, seed=3, scale=0.5))
    net.constant("vb", random(6, seed=4))
    net.constant("u", random(5, 24, seed=5, scale=0.3))
    net.constant("k", random(1, 1, 1, 4, seed=6))
    same = {"padding": Padding.SAME}
    net.add("conv_2d", Conv2d(**same, clamp=RELU), ["x", "w", "b"], "c", (1, 8, 8, 4))
    net.add("depthwise_conv_2d", DepthwiseConv2d(**same, clamp=RELU6), ["c", "d", "b"], "e", (1, 8, 8, 4))
    net.add("add", AddSub(clamp=RELU), ["x", "e"], "s", (1, 8, 8, 4))
    net.add("add", AddSub(), ["s", "k"], "t", (1, 8, 8, 4))
    net.add("conv_2d", Conv2d(**same), ["t", "v", "vb"], "f", (1, 8, 8, 6))
    net.add("average_pool_2d", Pool2d(kernel=(4, 4), stride=(4, 4)), ["f"], "p", (1, 2, 2, 6))
    net.add("reshape", Reshape(shape=(1, 24)), ["p"], "r", (1, 24))
    net.add("fully_connected", FullyConnected(), ["r", "u"], "g", (1, 5))
    net.add("softmax", Softmax(beta=1.0), ["g"], "y", (1, 5))
    return net.graph("y")


def tail_net():
    net = Network(x=(1, 4, 4, 3))
    net.add(
        "leaky_relu",
        LeakyRelu(alpha=0.1),
        ["x"],
        "l",
        (1, 4, 4, 3),
    )
    net.add("mean", Reduce(axes=(1, 2)), ["l"], "m", (1, 3))
    net.add("tanh", NoArgs(), ["m"], "t", (1, 3))
    net.add("logistic", NoArgs(), ["t"], "y", (1, 3))
    return net.graph("y")


def samples(graph, count=24):
    return ArraySamples(
        arrays=tuple(random(count, *graph.tensors[n].shape[1:], seed=9) for n in graph.inputs)
    )


def check_file(graph, done, given, exact=True):
    """Written, read back and run by LiteRT: the same bytes everywhere."""
    data = write_tflite(done.graph)
    back = load(data, "back")
    stored = [quantize_inputs(done.graph, [x[None]])[0] for x in given.arrays[0][:8]]
    ours = np.stack([interpret(done.graph, [x]).outputs[0] for x in stored])
    again = np.stack([interpret(back, [x]).outputs[0] for x in stored])
    assert (ours == again).all()
    assert (ours == litert_outputs(data, stored)).all()
    assert len(np.unique(ours)) > 3


CHOICES = [
    (),
    ("c",),
    ("e",),
    ("f",),
    ("x", "c", "e", "s"),
    ("s",),
    ("t",),
    ("g",),
    ("y",),
    ("c", "g"),
    ("all",),
]


@pytest.mark.parametrize("int16", CHOICES, ids=lambda names: ",".join(names) or "none")
def test_any_tensor_in_16_bits_gives_litert_s_bytes(int16):
    graph = residual_net()
    given = samples(graph)
    done = quantize_by(graph, given, Recipe(int16=int16))
    for name in int16:
        if name != "all":
            assert done.graph.tensors[name].dtype is DType.INT16
    check_file(graph, done, given)


def test_everything_in_16_bits_is_nearer_to_float():
    graph = residual_net()
    given = samples(graph)
    (exact,) = float_outputs(graph, given)
    found = []
    for int16 in ((), ("all", "x")):
        done = quantize_by(graph, given, Recipe(int16=int16))
        found.append(sqnr_db(exact, integer_outputs(done.graph, given)[0]))
    assert found[1] > found[0] + 1


@pytest.mark.parametrize("int16", [("l",), ("m",), ("t",), ("y",), ("l", "m", "t", "y", "x")])
def test_functions_of_one_tensor(int16):
    graph = tail_net()
    given = samples(graph)
    check_file(graph, quantize_by(graph, given, Recipe(int16=int16)), given)


def test_one_tensor_in_16_bits_costs_two_casts():
    graph = residual_net()
    done = quantize_by(graph, samples(graph), Recipe(int16=("c",)))
    casts = [n for n in done.graph.nodes if n.op == "quantize"]
    assert [n.name for n in casts] == ["x_to_int16", "e_rescaled"]
    assert {n for n, t in done.graph.tensors.items() if t.dtype is DType.INT16} == {
        "x_int16", "c", "e_int16"
    }  # fmt: skip
    assert done.graph.tensors["b"].dtype is DType.INT64


def test_names_of_layers():
    graph = residual_net()
    with pytest.raises(InputError, match="the model has c, e, s"):
        quantize_by(graph, samples(graph), Recipe(int16=("nothing",)))
    with pytest.raises(InputError, match="'z'"):
        quantize_by(graph, samples(graph), Recipe(weights_4=("z",)))
    with pytest.raises(InputError, match="the model has c, e, f, g"):
        quantize_by(graph, samples(graph), Recipe(weights_4=("s",)))


def test_operators_without_int16_kernels():
    net = Network(x=(1, 4))
    net.add("hard_swish", NoArgs(), ["x"], "h", (1, 4))
    net.add("relu", NoArgs(), ["h"], "y", (1, 4))
    graph = net.graph()
    with pytest.raises(UnsupportedModel, match="hard_swish 'h' has no kernel for int16"):
        quantize_by(graph, samples(graph), Recipe(int16=("h",)))
    done = quantize_by(graph, samples(graph), Recipe(int16=("x", "y")))
    check_file(graph, done, samples(graph))


@pytest.mark.parametrize(("field", "bits", "highest"), [("weights_4", 4, 7), ("weights_2", 2, 1)])
@pytest.mark.parametrize("layers", [("c",), ("e", "g"), ("all",)])
def test_weights_of_few_bits(layers, field, bits, highest):
    graph = conv_net() if "g" not in layers else residual_net()
    given = samples(graph)
    done = quantize_by(graph, given, Recipe(**{field: layers}))
    for name, layer in done.scheme.layers.items():
        if name in layers or layers == ("all",):
            assert layer.bits == bits
            assert np.abs(layer.values).max() == highest
        else:
            assert np.abs(layer.values).max() == 127
    check_file(graph, done, given)
