"""GRU beside its conformance cases: the integer form computes what the float form does."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto

from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.recipe import Recipe, quantize_by
from netsuke.compress.samples import ArraySamples
from netsuke.errors import UnsupportedModel
from netsuke.exporters import onnx, tflite
from netsuke.ops import gru_s8
from netsuke.ops.interpret import interpret
from tests.ops.cases_gru import float_case

EVERY = np.arange(-(1 << 15), 1 << 15)


def test_functions_are_near_the_real_ones() -> None:
    real = EVERY / 4096.0
    assert np.abs(gru_s8.logistic(EVERY) / 32768 - 1 / (1 + np.exp(-real))).max() < 1e-4
    assert np.abs(gru_s8.tanh(EVERY) / 32768 - np.tanh(real)).max() < 2e-4


def test_integers_follow_the_float_form() -> None:
    graph = float_case(1, 12, 6, 8).graph
    samples = np.random.default_rng(0).normal(size=(24, 12, 6)).astype(np.float32)
    whole = quantize_by(graph, ArraySamples(arrays=(samples,)), Recipe()).graph
    assert [n.op for n in whole.nodes] == ["gru", "quantize"]  # the second output is asked for in int8
    for x in samples:
        exact = interpret(graph, [x[np.newaxis]]).outputs
        found = dequantize_outputs(whole, interpret(whole, quantize_inputs(whole, [x[np.newaxis]])).outputs)
        for ours, wanted in zip(found, exact, strict=True):
            assert np.abs(ours - wanted).max() < 0.06


def test_only_onnx_has_a_form_for_it() -> None:
    graph = float_case(1, 3, 4, 4).graph
    with pytest.raises(UnsupportedModel, match=r"gru .* cannot be written to \.tflite"):
        tflite.write(graph)
    assert [n.op_type for n in ModelProto.FromString(onnx.write(graph)).graph.node].count("GRU") == 1
