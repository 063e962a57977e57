"""Batches, fast float layers and simulated rounding against the references."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress import ArraySamples, Recipe, quantize_by, sqnr_db
from netsuke.compress.batching import batched
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.fake import simulator
from netsuke.compress.simulate import Simulator
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.interpret import interpret
from netsuke.ops.reshape import Reshape
from netsuke.ops.transpose import Transpose
from netsuke.ops.unary import NoArgs
from tests.compress.networks import Network, random
from tests.compress.test_quantize import RELU, conv_net


def grouped_net():
    net = Network(x=(1, 9, 7, 4))
    net.constant("w", random(6, 3, 2, 2, scale=0.4))
    net.constant("d", random(1, 3, 3, 12, seed=1, scale=0.4))
    net.constant("b", random(12, seed=2))
    net.constant("u", random(3, 4 * 3 * 12, seed=3, scale=0.1))
    conv = Conv2d(stride=(2, 2), padding=Padding.SAME, clamp=RELU)
    net.add("conv_2d", conv, ["x", "w"], "c", (1, 5, 4, 6))
    args = DepthwiseConv2d(padding=Padding.EXPLICIT, explicit=((0, 1), (1, 0)))
    net.add("depthwise_conv_2d", args, ["c", "d", "b"], "e", (1, 4, 3, 12))
    net.add("hard_swish", NoArgs(), ["e"], "h", (1, 4, 3, 12))
    net.add("reshape", Reshape(shape=(1, 144)), ["h"], "r", (1, 144))
    net.add("fully_connected", FullyConnected(), ["r", "u"], "y", (1, 3))
    return net.graph("y")


@pytest.mark.parametrize("make", [conv_net, grouped_net])
def test_many_samples_at_once_are_the_samples_one_by_one(make):
    graph = make()
    x = random(5, *graph.tensors["x"].shape[1:])
    simulator = Simulator(graph)
    assert simulator.together
    values = simulator.run([x])
    for number, one in enumerate(x):
        single = interpret(graph, [one[None]]).tensors
        for name, value in values.items():
            np.testing.assert_allclose(value[number : number + 1], single[name], rtol=2e-4, atol=2e-5)


def test_integers_in_batches_are_the_same_to_the_bit():
    graph = conv_net()
    x = random(6, 8, 8, 3)
    small = quantize_by(graph, ArraySamples(arrays=(x,)), Recipe()).graph
    wide = batched(small, 6)
    q = np.random.default_rng(0).integers(-128, 128, (6, 8, 8, 3)).astype(np.int8)
    together = interpret(wide, [q]).tensors
    for number in range(6):
        single = interpret(small, [q[number : number + 1]]).tensors
        assert all((together[n][number : number + 1] == single[n]).all() for n in ("c", "e", "f", "y"))


def mixing_nets():
    """Graphs whose first axis is more than the sample."""
    swapped = Network(x=(1, 1, 4))
    swapped.add("transpose", Transpose(perm=(1, 0, 2)), ["x"], "y", (1, 1, 4))
    joined = Network(x=(1, 4))
    joined.add("concatenation", Concatenation(axis=0), ["x", "x"], "y", (2, 4))
    rows = Network(x=(1, 2, 4))
    rows.constant("w", random(3, 4))
    rows.add("fully_connected", FullyConnected(), ["x", "w"], "y", (2, 3))
    flat = Network(x=(4,))
    flat.add("relu", NoArgs(), ["x"], "y", (4,))
    return [net.graph() for net in (swapped, joined, rows, flat)]


@pytest.mark.parametrize("graph", mixing_nets())
def test_graphs_that_would_mix_samples_run_one_by_one(graph):
    assert batched(graph, 3) is None
    x = random(3, *graph.tensors["x"].shape)
    shape = x.shape[1:][1:] if x.shape[1] == 1 and x.ndim > 2 else x.shape[1:]
    samples = ArraySamples(arrays=(x.reshape(3, *shape),))
    exact = [interpret(graph, [one]).outputs[0] for one in x]
    (got,) = float_outputs(graph, samples)
    np.testing.assert_allclose(got.reshape(-1), np.stack(exact).reshape(-1), rtol=1e-5)
    small = quantize_by(graph, samples, Recipe(calibrator="min-max"))
    (rounded,) = integer_outputs(small.graph, samples)
    assert sqnr_db(got.reshape(-1), rounded.reshape(-1)) > 25


@pytest.mark.parametrize("make", [conv_net, grouped_net])
@pytest.mark.parametrize("int16", [(), ("all",)])
def test_the_simulation_is_near_the_integers(make, int16):
    graph = make()
    if int16 and any(n.op == "hard_swish" for n in graph.nodes):
        int16 = ("c", "y")
    x = random(16, *graph.tensors["x"].shape[1:])
    samples = ArraySamples(arrays=(x,))
    done = quantize_by(graph, samples, Recipe(int16=int16))
    integers = integer_outputs(done.graph, samples)[0]
    simulated = simulator(graph, done.scheme).outputs([x])[0]
    exact = float_outputs(graph, samples)[0]
    assert sqnr_db(exact, simulated) == pytest.approx(sqnr_db(exact, integers), abs=3)


def test_layers_left_in_float():
    graph = conv_net()
    x = random(16, 8, 8, 3)
    done = quantize_by(graph, ArraySamples(arrays=(x,)), Recipe())
    everything = ["", *(node.name for node in graph.nodes)]
    (exact,) = Simulator(graph).outputs([x])[:1]
    assert (simulator(graph, done.scheme, floats=everything).outputs([x])[0] == exact).all()
    errors = [
        sqnr_db(exact, simulator(graph, done.scheme, floats=everything[:n]).outputs([x])[0]) for n in (0, 3)
    ]
    assert errors[0] < errors[1]


def test_a_shared_tensor_is_read_twice():
    net = Network(x=(1, 6))
    net.constant("w", random(6, 6))
    net.add("fully_connected", FullyConnected(), ["x", "w"], "a", (1, 6))
    net.add("add", AddSub(), ["a", "x"], "y", (1, 6))
    graph = net.graph()
    x = random(4, 6)
    np.testing.assert_allclose(Simulator(graph).outputs([x])[0], x @ random(6, 6).T + x, rtol=1e-5, atol=1e-6)
