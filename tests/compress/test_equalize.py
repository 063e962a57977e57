"""Equalisation keeps what a network computes; bias correction keeps what layers give on average."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress import ArraySamples, Recipe, observe, quantize_by, sqnr_db
from netsuke.compress.channel_groups import channel_groups
from netsuke.compress.equalize import equalized
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.simulate import Simulator
from netsuke.ops.add import AddSub
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.pad import Pad
from netsuke.ops.pool import Pool2d
from netsuke.ops.reshape import Reshape
from netsuke.ops.unary import NoArgs
from tests.compress.networks import Network, random
from tests.compress.test_quantize import RELU, RELU6, conv_net

SAME = Padding.SAME


def spread_net(clamp=RELU, activation=None):
    """A residual network whose channels lie a thousandfold apart."""
    loud = np.geomspace(1, 1000, 8, dtype=np.float32)
    net = Network(x=(1, 8, 8, 3))
    net.constant("w", random(8, 3, 3, 3, scale=0.3) * loud[:, None, None, None])
    net.constant("b", random(8, seed=1) * loud)
    net.constant("d", random(1, 3, 3, 8, seed=2, scale=0.4))
    net.constant("v", random(8, 1, 1, 8, seed=3) / loud * loud[:, None, None, None] * 0.4)
    net.constant("u", random(6, 128, seed=4) / np.resize(loud, 128))
    net.add("conv_2d", Conv2d(padding=SAME, clamp=clamp), ["x", "w", "b"], "c", (1, 8, 8, 8))
    last = "c"
    if activation:
        last = net.add(activation, NoArgs(), ["c"], "a", (1, 8, 8, 8))
    net.add("depthwise_conv_2d", DepthwiseConv2d(padding=SAME, clamp=clamp), [last, "d"], "e", (1, 8, 8, 8))
    net.add("conv_2d", Conv2d(padding=SAME), ["e", "v"], "f", (1, 8, 8, 8))
    net.add("add", AddSub(clamp=RELU), ["e", "f"], "s", (1, 8, 8, 8))
    net.add("max_pool_2d", Pool2d(kernel=(2, 2), stride=(2, 2)), ["s"], "p", (1, 4, 4, 8))
    net.add("pad", Pad(amounts=((0, 0), (0, 0), (0, 0), (0, 0)), value=0.0), ["p"], "q", (1, 4, 4, 8))
    net.add("reshape", Reshape(shape=(1, 128)), ["q"], "r", (1, 128))
    net.add("fully_connected", FullyConnected(), ["r", "u"], "y", (1, 6))
    return net.graph("y")


def given(graph, count=48):
    return ArraySamples(arrays=(random(count, *graph.tensors["x"].shape[1:], seed=5),))


def quality(graph, recipe):
    samples = given(graph)
    (exact,) = float_outputs(graph, samples)
    (rounded,) = integer_outputs(quantize_by(graph, samples, recipe).graph, samples)
    return sqnr_db(exact, rounded)


@pytest.mark.parametrize("clamp", [None, RELU])
def test_the_function_stays_and_the_channels_come_together(clamp):
    graph = spread_net(clamp)
    samples = given(graph)
    found = equalized(graph, observe(graph, samples))
    (before,), (after,) = float_outputs(graph, samples), float_outputs(found.graph, samples)
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-3 * np.abs(before).max())
    assert len(found.spreads) == 2
    assert all(was > 100 and now < was / 10 for was, now in found.spreads.values())


def test_a_residual_sum_is_scaled_as_one():
    graph = spread_net()
    groups = {frozenset(group.tensors): group for group in channel_groups(graph)}
    group = groups[frozenset({"e", "f", "s", "p", "q", "r"})]
    assert (group.channels, group.writers, group.readers) == (8, ("e", "f"), ("f", "y"))


def test_it_brings_back_what_outliers_cost():
    plain, better = quality(spread_net(), Recipe()), quality(spread_net(), Recipe(equalize=True))
    assert better > plain + 10
    assert better > 25


def test_weights_of_int16_layers_and_equalisation_go_together():
    assert quality(spread_net(), Recipe(equalize=True, int16=("c", "e"))) > 25


@pytest.mark.parametrize("activation", ["hard_swish", "logistic"])
def test_functions_that_do_not_scale_stop_it(activation):
    graph = spread_net(None, activation)
    assert all("c" not in group.tensors for group in channel_groups(graph))


def test_a_bound_that_is_reached_keeps_its_channels():
    net = Network(x=(1, 6, 6, 4))
    loud = np.array([0.01, 0.1, 1, 50], np.float32)
    net.constant("w", random(4, 1, 1, 4, scale=0.4) * loud[:, None, None, None])
    net.constant("u", random(5, 1, 1, 4, seed=1) / loud)
    net.add("conv_2d", Conv2d(clamp=RELU6), ["x", "w"], "c", (1, 6, 6, 4))
    net.add("conv_2d", Conv2d(), ["c", "u"], "y", (1, 6, 6, 5))
    graph = net.graph()
    samples = given(graph)
    found = equalized(graph, observe(graph, samples))
    (before,), (after,) = float_outputs(graph, samples), float_outputs(found.graph, samples)
    np.testing.assert_allclose(after, before, rtol=1e-3, atol=1e-4)
    weights = found.graph.tensors[found.graph.nodes[0].inputs[1]].data
    assert (weights[3] == graph.tensors["w"].data[3]).all()
    assert np.abs(weights[0]).max() > 10 * np.abs(graph.tensors["w"].data[0]).max()
    highest = Simulator(found.graph).run(samples.arrays)["c"].max(axis=(0, 1, 2))
    assert (highest <= 6).all()


def test_silent_channels_keep_their_weights():
    net = Network(x=(1, 4))
    net.constant("w", np.diag([1.0, -1.0, 1.0, 0.0]))
    net.constant("b", np.array([0, -1e9, 0, 0]))
    net.constant("u", random(3, 4))
    net.add("fully_connected", FullyConnected(clamp=RELU), ["x", "w", "b"], "h", (1, 4))
    net.add("fully_connected", FullyConnected(), ["h", "u"], "y", (1, 3))
    graph = net.graph()
    found = equalized(graph, observe(graph, given(graph))).graph
    after = found.tensors[found.nodes[0].inputs[1]].data
    assert after[1, 1] == -1
    assert np.isfinite(after).all()


def test_bias_correction_keeps_means():
    graph = spread_net()
    samples = given(graph, 64)
    (exact,) = float_outputs(graph, samples)
    shifts = []
    for recipe in (Recipe(weights_4=("all",)), Recipe(weights_4=("all",), bias_correction=True)):
        done = quantize_by(graph, samples, recipe)
        values = Simulator(graph).run(samples.arrays)["c"]
        assert values.shape[-1] == 8
        (rounded,) = integer_outputs(done.graph, samples)
        shifts.append(float(np.abs((rounded - exact).mean(axis=0)).sum()))
    assert shifts[1] < shifts[0]


def test_bias_correction_helps_4_bit_weights():
    graph = conv_net()
    samples = given(graph, 64)
    (exact, _) = float_outputs(graph, samples)
    found = []
    for correct in (False, True):
        done = quantize_by(graph, samples, Recipe(weights_4=("all",), bias_correction=correct))
        found.append(sqnr_db(exact, integer_outputs(done.graph, samples)[0]))
    assert found[1] > found[0]
