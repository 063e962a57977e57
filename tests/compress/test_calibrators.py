"""Histograms, calibrators, and what calibration takes."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress.calibrate import observe
from netsuke.compress.calibrators import (
    CALIBRATORS,
    Entropy,
    MeanSquare,
    MovingAverage,
    Percentile,
    calibrator,
)
from netsuke.compress.histogram import BINS, Histogram
from netsuke.compress.statistics import Collector
from netsuke.errors import InputError
from tests.compress.networks import random
from tests.compress.test_quantize import conv_net


def seen(*batches):
    collector = Collector(histogram=True)
    for batch in batches:
        collector.add(np.asarray(batch, np.float32))
    return collector.done()


def squared_error(values, found):
    step = (max(found.high, 0) - min(found.low, 0)) / 255
    kept = np.clip(values, found.low, found.high)
    return float(np.square(np.rint(kept / step) * step - values).mean())


def test_a_histogram_widens_to_both_sides_and_loses_no_count():
    chance = np.random.default_rng(0)
    histogram, parts = Histogram(), [chance.normal(size=500) * scale for scale in (0.01, 1, 30, 3)]
    for part in parts:
        histogram.add(part.astype(np.float32))
    bins, values = histogram.bins, np.concatenate(parts)
    assert bins.counts.sum() == len(values)
    assert bins.low <= values.min()
    assert bins.edges[-1] >= values.max()
    assert len(bins.counts) == BINS
    middle = np.searchsorted(np.cumsum(bins.counts), len(values) / 2)
    assert abs(bins.centres[middle] - np.median(values)) <= 2 * bins.width


def test_a_histogram_of_one_value():
    histogram = Histogram()
    histogram.add(np.full(9, 3.5, np.float32))
    histogram.add(np.full(9, -1e6, np.float32))
    assert histogram.bins.counts.sum() == 18


def test_the_order_of_batches_does_not_move_a_histogram_by_more_than_a_bin():
    values = random(4000, seed=3)
    forwards, backwards = Histogram(), Histogram()
    for part in np.split(np.sort(values), 8):
        forwards.add(part)
    for part in np.split(np.sort(values), 8)[::-1]:
        backwards.add(part)
    for one in (forwards.bins, backwards.bins):
        at = np.interp(0.9, np.cumsum(one.counts) / len(values), one.edges[1:])
        assert abs(at - np.quantile(values, 0.9)) < 2 * one.width


def test_min_max_is_what_was_seen():
    found = CALIBRATORS["min-max"].range_of(seen([[-1, 2]], [[0, 7]]))
    assert (found.low, found.high) == (-1, 7)


def test_a_moving_average_is_hardly_moved_by_one_sample():
    calm = [[[-1.0, 1.0]]] * 50
    found = MovingAverage().range_of(seen(*calm, [[-100.0, 100.0]], *calm))
    assert 1 < found.high < 2
    assert -2 < found.low < -1


def test_percentiles_are_those_of_all_values():
    values = random(20000, seed=1)
    found = Percentile(percent=99).range_of(seen(values[None]))
    assert found.high == pytest.approx(np.quantile(values, 0.99), abs=0.02)
    assert found.low == pytest.approx(np.quantile(values, 0.01), abs=0.02)


def test_percentiles_leave_the_zero_of_relu():
    values = np.maximum(random(5000, seed=1), 0)
    assert Percentile().range_of(seen(values[None])).low == 0


@pytest.mark.parametrize(("name", "below"), [("mse", 57), ("entropy", 20), ("percentile", 10)])
def test_a_rare_giant_is_clipped(name, below):
    values = random(100_000, seed=2)
    values[7] = 60
    found = calibrator(name).range_of(seen(values[None]))
    assert 2 < found.high < below
    assert -10 < found.low < -2


def test_mean_square_is_no_worse_than_any_other():
    for shape in (random(20000), np.maximum(random(20000), 0), random(20000) ** 3):
        values = shape.astype(np.float32)
        one = seen(values[None])
        errors = {name: squared_error(values, c.range_of(one)) for name, c in CALIBRATORS.items()}
        assert errors["mse"] <= 1.05 * min(errors.values())


def test_even_values_are_not_clipped():
    values = np.linspace(-1, 1, 40000, dtype=np.float32)
    for method in (MeanSquare(), Entropy()):
        found = method.range_of(seen(values[None]))
        assert found.high > 0.97
        assert found.low < -0.97


@pytest.mark.parametrize("name", CALIBRATORS)
@pytest.mark.parametrize("values", [np.zeros((2, 3)), np.full((2, 3), 4.0), np.full((2, 3), -4.0)])
def test_constant_tensors(name, values):
    found = CALIBRATORS[name].range_of(seen(values))
    assert found.low <= found.high
    assert np.isfinite([found.low, found.high]).all()


@pytest.mark.parametrize("name", ["max", "mse:3", "percentile:x", "percentile:20", "percentile:101"])
def test_wrong_names(name):
    with pytest.raises(InputError):
        calibrator(name)


def test_percentile_with_an_option():
    assert calibrator("percentile:99.5") == Percentile(percent=99.5)


def test_channels():
    found = seen([[[1, -5], [2, 3]]], [[[0, 0], [4, -6]]])
    assert found.channel_low.tolist() == [0, -6]
    assert found.channel_high.tolist() == [4, 3]
    assert found.channel_mean.tolist() == [7 / 4, -2]


def test_batches_and_single_samples_observe_the_same():
    graph, x = conv_net(), random(37, 8, 8, 3)
    together = observe(graph, x)
    alone = observe(graph, [(one[None],) for one in x])
    for name, one in together.by_tensor.items():
        other = alone.by_tensor[name]
        assert (one.low, one.high) == (other.low, other.high)
        assert (one.bins.counts == other.bins.counts).all()
