"""AdaRound on single layers and on a network."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress import ArraySamples, Recipe, quantize_by, sqnr_db
from netsuke.compress import adaround as learning
from netsuke.compress.calibrate import observe
from netsuke.compress.evaluate import float_outputs, integer_outputs
from netsuke.compress.layer_rows import LEARNABLE, as_matrices, as_weights, layer_rows
from netsuke.compress.lockstep import Lockstep
from netsuke.compress.scheme import make_scheme
from tests.compress.networks import random
from tests.compress.test_int16 import check_file
from tests.compress.test_quantize import conv_net
from tests.compress.test_simulate import grouped_net


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    monkeypatch.setattr(learning, "STEPS", 250)
    monkeypatch.setattr(learning, "ROWS", 1024)


def given(graph, count=32):
    return ArraySamples(arrays=(random(count, *graph.tensors["x"].shape[1:], seed=7),))


@pytest.mark.parametrize("make", [conv_net, grouped_net])
def test_rows_times_matrices_are_the_layer(make):
    graph, chance = make(), np.random.default_rng(0)
    samples = given(graph)
    both = Lockstep(graph, make_scheme(graph, observe(graph, samples).ranges()), samples)
    both.rounded = [
        dict(values) for values in both.exact
    ]  # nothing rounded yet: rows and results belong together
    for node in graph.nodes:
        if node.op in LEARNABLE:
            rows = layer_rows(both, node, 64, chance)
            weights = graph.tensors[node.inputs[1]].data
            bias = (
                graph.tensors[node.inputs[2]].data
                if len(node.inputs) > 2
                else np.zeros(rows.y.size // rows.y.shape[1])
            )
            matrices = as_matrices(node.op, weights, len(rows.x))
            np.testing.assert_allclose(
                rows.x @ matrices + bias.reshape(len(rows.x), 1, -1), rows.y, rtol=1e-4, atol=1e-4
            )
            assert (as_weights(node.op, matrices, weights.shape) == weights).all()
        both.coded.codings = {}
        both.coded.constants = {}
        both.real.step(node, both.exact[0])
        both.rounded = [dict(values) for values in both.exact]


@pytest.mark.parametrize("bits", [4, 8])
def test_no_layer_is_farther_from_float_than_by_nearest(bits):
    graph = conv_net()
    samples = given(graph)
    names = ("all",) if bits == 4 else ()
    found = {}
    for adaround in (False, True):
        done = quantize_by(graph, samples, Recipe(weights_4=names, adaround=adaround))
        found[adaround] = done
        for name, layer in done.scheme.layers.items():
            real = graph.tensors[next(n for n in graph.nodes if n.name == name).inputs[1]].data
            assert (np.abs(layer.real - real) < 1.0001 * layer.scales.max() * (3 if bits == 4 else 1)).all()
    (exact, _) = float_outputs(graph, samples)
    plain, learned = (sqnr_db(exact, integer_outputs(found[k].graph, samples)[0]) for k in (False, True))
    assert learned > plain + (2 if bits == 4 else -0.5)
    check_file(graph, found[True], samples)


def test_the_same_seed_gives_the_same_weights():
    graph = conv_net()
    samples = given(graph)
    one, two, other = (
        quantize_by(graph, samples, Recipe(weights_4=("all",), adaround=True, seed=seed)).scheme.layers
        for seed in (3, 3, 4)
    )
    assert all((one[name].values == two[name].values).all() for name in one)
    assert any((one[name].values != other[name].values).any() for name in one)


def test_progress_runs_to_the_end():
    graph, seen = conv_net(), []
    quantize_by(graph, given(graph, 8), Recipe(adaround=True), lambda what, share: seen.append((what, share)))
    shares = [share for what, share in seen if what == "adaround"]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
