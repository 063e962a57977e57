"""The package models pulsevad (PyPI, MIT): a voice activity detector, in float and as int8 QDQ."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import pytest

from netsuke.compress import dequantize_outputs, quantize_inputs
from netsuke.importers.onnx import load
from tests.importers.onnx.models import channels_last, run_onnx, run_ours


def model_data(name: str) -> bytes:
    """One of the package's models; skips when it is not installed."""
    found = importlib.util.find_spec("pulsevad")
    if found is None or found.origin is None:
        pytest.skip("the package pulsevad is not installed: pip install --no-deps pulsevad==0.1.3")
    return (Path(found.origin).parent / "data" / name).read_bytes()


def inputs_for(data: bytes, seed: int) -> np.ndarray:
    """Something like log-mel features: smooth, below zero."""
    dims = onnx.load_model_from_string(data).graph.input[0].type.tensor_type.shape.dim
    shape = [d.dim_value or 1 for d in dims]
    noise = np.cumsum(np.random.default_rng(seed).normal(size=shape), axis=-1)
    return (noise / 4 - 4).astype(np.float32)


@pytest.mark.parametrize("name", ["pulsevad_2.1k.onnx", "pulsevad_teacher_81k.onnx"])
def test_float_models_agree_with_onnxruntime(name: str) -> None:
    data = model_data(name)
    graph = load(data, "m")
    for seed in range(4):
        x = inputs_for(data, seed)
        (wanted,) = run_onnx(data, {onnx.load_model_from_string(data).graph.input[0].name: x})
        given = channels_last(x) if graph.tensors[graph.inputs[0]].shape != x.shape else x
        (got,) = run_ours(graph, [given])
        np.testing.assert_allclose(got, wanted, rtol=2e-5, atol=2e-5)


def test_the_quantised_model_decides_as_onnxruntime_does() -> None:
    """Every layer may be off by one step of its scale; the outputs then by a few."""
    data = model_data("pulsevad_2.1k_int8.onnx")
    graph = load(data, "m")
    name = onnx.load_model_from_string(data).graph.input[0].name
    wanted, got = [], []
    for seed in range(16):
        x = inputs_for(data, seed)
        wanted.append(run_onnx(data, {name: x})[0].reshape(-1))
        given = channels_last(x) if graph.tensors[graph.inputs[0]].shape != x.shape else x
        ours = run_ours(graph, quantize_inputs(graph, (given,)))
        got.append(dequantize_outputs(graph, ours)[0].reshape(-1))
    spread = np.ptp(np.array(wanted))
    assert spread > 0
    assert np.abs(np.array(got) - np.array(wanted)).max() <= 0.06 * spread
    sure = np.abs(np.diff(np.array(wanted), axis=1)[:, 0]) > 0.1 * spread
    assert (np.argmax(got, axis=1) == np.argmax(wanted, axis=1))[sure].all()
