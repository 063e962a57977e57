"""Calibration and quantisation of float graphs."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress import (
    Range,
    Ranges,
    accuracy,
    calibrate,
    dequantize_outputs,
    quantize,
    quantize_inputs,
    sqnr_db,
)
from netsuke.compress.coding import asymmetric, symmetric_scales
from netsuke.errors import InputError, UnsupportedModel
from netsuke.ir import DType
from netsuke.ops.activation import FLOAT32_MAX
from netsuke.ops.add import AddSub
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.interpret import interpret
from netsuke.ops.mul import Mul
from netsuke.ops.pad import Pad
from netsuke.ops.pool import Pool2d
from netsuke.ops.reduce import Reduce
from netsuke.ops.reshape import Reshape
from netsuke.ops.softmax import Softmax
from netsuke.ops.unary import NoArgs
from tests.compress.networks import Network, random

RELU, RELU6 = (0.0, FLOAT32_MAX), (0.0, 6.0)


def samples(graph, count=24):
    shapes = [graph.tensors[name].shape for name in graph.inputs]
    return [tuple(random(*shape, seed=seed) for shape in shapes) for seed in range(count)]


def quality(graph, least):
    """Quantises, and holds the signal-to-noise ratio over the samples above `least` decibels."""
    small = quantize(graph, calibrate(graph, samples(graph)))
    exact, approximate = [], []
    for sample in samples(graph):
        exact.append(interpret(graph, sample).outputs[0])
        approximate.append(
            dequantize_outputs(small, interpret(small, quantize_inputs(small, sample)).outputs)[0]
        )
    assert sqnr_db(np.stack(exact), np.stack(approximate)) > least
    return small


def conv_net():
    net = Network(x=(1, 8, 8, 3))
    net.constant("w", random(8, 3, 3, 3, scale=0.3))
    net.constant("b", random(8, seed=1))
    net.constant("d", random(1, 3, 3, 8, seed=2, scale=0.4))
    net.constant("u", random(5, 8, seed=3))
    net.add("conv_2d", Conv2d(padding=Padding.SAME, clamp=RELU), ["x", "w", "b"], "c", (1, 8, 8, 8))
    net.add(
        "depthwise_conv_2d", DepthwiseConv2d(padding=Padding.SAME, clamp=RELU6), ["c", "d"], "e", (1, 8, 8, 8)
    )
    net.add("max_pool_2d", Pool2d(kernel=(2, 2), stride=(2, 2)), ["e"], "p", (1, 4, 4, 8))
    net.add("mean", Reduce(axes=(1, 2)), ["p"], "m", (1, 8))
    net.add("fully_connected", FullyConnected(), ["m", "u"], "f", (1, 5))
    net.add("softmax", Softmax(beta=1.0), ["f"], "y", (1, 5))
    return net.graph("f", "y")


def test_a_network_keeps_its_answers_and_its_shape():
    graph = conv_net()
    small = quality(graph, 25)
    assert [n.op for n in small.nodes] == [n.op for n in graph.nodes]
    assert [n.name for n in small.nodes] == [n.name for n in graph.nodes]
    assert all(small.tensors[n].dtype is DType.INT8 for n in (*small.inputs, *small.outputs))


def test_the_rules_of_the_specification():
    small = quantize(conv_net(), calibrate(conv_net(), samples(conv_net())))
    w, b, x, c = (small.tensors[n] for n in ("w", "b", "x", "c"))
    assert (w.dtype, w.quantization.axis, set(w.quantization.zero_point)) == (DType.INT8, 0, {0})
    assert np.abs(w.data).max(axis=(1, 2, 3)).tolist() == [127] * 8
    assert small.tensors["d"].quantization.axis == 3
    assert b.dtype is DType.INT32
    products = np.float32(x.scale) * np.float32(w.quantization.scale)
    assert b.quantization.scale == tuple(float(s) for s in products)
    assert c.zero_point == -128
    assert small.tensors["e"].quantization == small.tensors["p"].quantization
    assert (small.tensors["y"].scale, small.tensors["y"].zero_point) == (1 / 256, -128)


def test_fused_activations_become_ranges_of_stored_values():
    small = quantize(conv_net(), calibrate(conv_net(), samples(conv_net())))
    c, e = small.nodes[0], small.nodes[1]
    assert c.args.clamp == (-128, 127)
    y = small.tensors["e"]
    assert e.args.clamp == (-128, min(127, round(6 / y.scale) - 128))


@pytest.mark.parametrize(
    ("low", "high"), [(-1.0, 3.0), (0.5, 3.0), (-3.0, -1.0), (0.0, 0.0), (-1e-3, 1e6), (-200.0, 1.0)]
)
def test_zero_is_exact_and_the_range_is_covered(low, high):
    q = asymmetric(Range(low=low, high=high))
    scale, zero = q.scale[0], q.zero_point[0]
    assert -128 <= zero <= 127
    assert (-128 - zero) * scale <= low + scale
    assert (127 - zero) * scale >= high - scale


def test_channels_of_zeros_get_a_scale_of_use():
    w = random(4, 3, 3, 2)
    w[1] = 0
    scales = symmetric_scales(w, 0)
    assert scales[1] == scales.max()
    assert np.isfinite(scales).all()
    assert (symmetric_scales(np.zeros((2, 3), np.float32), 0) > 0).all()


def test_a_bias_that_dwarfs_its_weights_fits_int32():
    net = Network(x=(1, 4))
    net.constant("w", random(3, 4) * np.float32(1e-9))
    net.constant("b", np.array([1.0, -2.0, 3.0]))
    net.add("fully_connected", FullyConnected(), ["x", "w", "b"], "y", (1, 3))
    graph = net.graph()
    small = quantize(graph, calibrate(graph, samples(graph)))
    (y,) = dequantize_outputs(small, interpret(small, quantize_inputs(small, samples(graph)[0])).outputs)
    np.testing.assert_allclose(y, [[1, -2, 3]], atol=0.03)


def test_a_residual_block():
    net = Network(x=(1, 6, 6, 4))
    net.constant("w", random(4, 3, 3, 4, scale=0.2))
    net.constant("k", random(1, 1, 1, 4, seed=5))
    net.add("conv_2d", Conv2d(padding=Padding.SAME), ["x", "w"], "c", (1, 6, 6, 4))
    net.add("add", AddSub(clamp=RELU), ["x", "c"], "s", (1, 6, 6, 4))
    net.add("mul", Mul(), ["s", "k"], "m", (1, 6, 6, 4))
    net.add("hard_swish", NoArgs(), ["m"], "h", (1, 6, 6, 4))
    net.add("relu6", NoArgs(), ["h"], "y", (1, 6, 6, 4))
    quality(net.graph(), 30)


def test_what_a_concatenation_joins_has_one_scale():
    net = Network(a=(1, 4, 4, 2), b=(1, 4, 4, 3))
    net.constant("k", random(1, 4, 4, 1, scale=9))
    net.add("relu", NoArgs(), ["a"], "r", (1, 4, 4, 2))
    net.add("logistic", NoArgs(), ["b"], "s", (1, 4, 4, 3))
    net.add("concatenation", Concatenation(axis=3), ["r", "s", "k"], "j", (1, 4, 4, 6))
    net.add("pad", Pad(amounts=((0, 0), (1, 1), (0, 2), (0, 0)), value=0.0), ["j"], "p", (1, 6, 6, 6))
    net.add("reshape", Reshape(shape=(1, 216)), ["p"], "y", (1, 216))
    small = quality(net.graph(), 30)
    assert len({small.tensors[n].quantization for n in ("r", "s", "k", "j", "p", "y")}) == 1
    assert [n.op for n in small.nodes] == ["relu", "logistic", "quantize", "concatenation", "pad", "reshape"]


def test_moving_the_output_of_a_softmax_keeps_its_scale():
    net = Network(x=(1, 2, 6))
    net.add("softmax", Softmax(beta=1.0), ["x"], "s", (1, 2, 6))
    net.add("reshape", Reshape(shape=(1, 12)), ["s"], "y", (1, 12))
    small = quality(net.graph(), 30)
    assert [n.op for n in small.nodes] == ["softmax", "reshape"]
    assert small.tensors["y"].quantization == small.tensors["s"].quantization


def test_weights_that_two_layers_share():
    net = Network(x=(1, 4))
    net.constant("w", random(4, 4))
    net.constant("b", random(4, seed=1))
    net.add("fully_connected", FullyConnected(clamp=RELU), ["x", "w", "b"], "h", (1, 4))
    net.add("fully_connected", FullyConnected(), ["h", "w", "b"], "y", (1, 4))
    small = quality(net.graph(), 28)
    first, second = (small.tensors[n.inputs[2]] for n in small.nodes)
    assert first.quantization != second.quantization


def test_progress_and_count():
    graph, seen = conv_net(), []
    ranges = calibrate(graph, iter(samples(graph, 5)), progress=seen.append)
    assert seen == [5]
    assert ranges.samples == 5
    assert ranges.of("c").low == 0.0


def test_without_samples():
    with pytest.raises(InputError, match="no calibration samples"):
        calibrate(conv_net(), [])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(bad):
    given = samples(conv_net(), 3)
    given[1][0][0, 0, 0, 0] = bad
    with np.errstate(all="ignore"), pytest.raises(InputError, match="sample 1 makes tensor 'x'"):
        calibrate(conv_net(), given)


@pytest.mark.parametrize("wrong", [random(1, 8, 8, 1), random(8, 3), random(1, 1, 8, 8, 3, 1)])
def test_samples_of_another_shape(wrong):
    with pytest.raises(InputError, match=r"sample 0: got shape .* \[N, 8, 8, 3\] was wanted"):
        calibrate(conv_net(), [(wrong,)])


def test_ranges_of_another_graph():
    with pytest.raises(InputError, match="no range for tensor"):
        quantize(conv_net(), Ranges(by_tensor={"x": Range(low=0, high=1)}, samples=1))


def test_a_graph_that_is_quantised_already():
    small = quantize(conv_net(), calibrate(conv_net(), samples(conv_net())))
    with pytest.raises(InputError, match="quantised already"):
        quantize(small, Ranges(by_tensor={}, samples=1))


def test_operators_without_an_int8_form_are_named():
    net = Network(x=(1, 4))
    net.add("dequantize", NoArgs(), ["x"], "y", (1, 4))
    with pytest.raises(UnsupportedModel, match=r"dequantize \('y'\)"):
        quantize(net.graph(), Ranges(by_tensor={}, samples=1))


def test_inputs_that_do_not_fit():
    small = quantize(conv_net(), calibrate(conv_net(), samples(conv_net())))
    with pytest.raises(InputError, match="takes 1"):
        quantize_inputs(small, [])
    with pytest.raises(InputError, match=r"real numbers \[1, 8, 8, 3\]"):
        quantize_inputs(small, [random(1, 8, 8, 2)])
    with pytest.raises(InputError, match="NaN"):
        quantize_inputs(small, [np.full((1, 8, 8, 3), np.nan, np.float32)])
    with pytest.raises(InputError, match="gives 2"):
        dequantize_outputs(small, [])


def test_inputs_are_rounded_away_from_zero_and_saturate():
    small = quantize(conv_net(), calibrate(conv_net(), samples(conv_net())))
    x = small.tensors["x"]
    value = np.zeros(x.shape, np.float32)
    value[0, 0, 0] = [1e9, -1e9, 0]
    (got,) = quantize_inputs(small, [value])
    assert got[0, 0, 0].tolist() == [127, -128, x.zero_point]


def test_sqnr():
    a = np.array([3.0, 4.0], np.float32)
    assert sqnr_db(a, a) == float("inf")
    assert sqnr_db(a, a + np.float32(0.5)) == pytest.approx(10 * np.log10(25 / 0.5))
    assert sqnr_db(a * 0, a) == float("-inf")
    with pytest.raises(InputError, match="equal ones"):
        sqnr_db(a, a[:1])


def test_accuracy():
    outputs = [np.array([[0.1, 0.9]]), np.array([[0.5, 0.5]]), np.array([[0.2, 0.8]])]
    assert accuracy(outputs, np.array([1, 0, 0])) == pytest.approx(2 / 3)
    with pytest.raises(InputError, match="labels"):
        accuracy(outputs, np.array([1]))
