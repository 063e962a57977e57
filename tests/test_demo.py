"""The demo: what it is made of here; the whole run is `netsuke demo` itself."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

from netsuke import demo
from netsuke.compress import accuracy, calibrate, dequantize_outputs, quantize, quantize_inputs
from netsuke.demo import load_digits, model_file
from netsuke.errors import InputError
from netsuke.importers.onnx import load
from netsuke.ops.interpret import interpret


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_the_split(digits):
    parts = (digits.train, digits.calibration, digits.test)
    assert [len(p.labels) for p in parts] == [1197, 300, 300]
    everything = np.concatenate([p.images for p in parts])
    assert everything.shape == (1797, 8, 8, 1)
    assert everything.dtype == np.float32
    assert (everything.min(), everything.max()) == (0.0, 1.0)
    assert all(set(p.labels) == set(range(10)) for p in parts)


def test_no_digit_is_in_two_parts(digits):
    seen = [
        {hashlib.sha256(image.tobytes()).digest() for image in part.images}
        for part in (digits.train, digits.calibration, digits.test)
    ]
    assert not seen[0] & seen[1]
    assert not seen[0] & seen[2]
    assert not seen[1] & seen[2]


def test_the_model_file_is_small_and_holds_what_the_importer_must_fold():
    data = model_file().read_bytes()
    assert len(data) < 100_000
    found = [node.op_type for node in onnx.load_model_from_string(data).graph.node]
    assert found.count("BatchNormalization") == 4
    assert {"Conv", "Clip", "Relu", "MaxPool", "AveragePool", "Flatten", "Gemm", "Softmax"} <= set(found)


def test_the_imported_model_is_eight_layers_and_reads_digits_as_onnxruntime_does(digits):
    graph = load(model_file().read_bytes(), "digits")
    assert [n.op for n in graph.nodes] == [
        "conv_2d", "depthwise_conv_2d", "conv_2d", "max_pool_2d",
        "conv_2d", "average_pool_2d", "fully_connected", "softmax",
    ]  # fmt: skip
    assert [n.name for n in graph.nodes][:3] == ["stem/Conv", "depthwise/Conv", "pointwise/Conv"]
    session = onnxruntime.InferenceSession(model_file(), providers=["CPUExecutionProvider"])
    for image in digits.test.images[:40]:
        (wanted,) = session.run(None, {"image": image[np.newaxis].transpose(0, 3, 1, 2)})
        (got,) = interpret(graph, [image[np.newaxis]]).outputs
        np.testing.assert_allclose(got, wanted, atol=2e-6)


def test_all_test_digits_in_onnxruntime(digits):
    session = onnxruntime.InferenceSession(model_file(), providers=["CPUExecutionProvider"])
    images = digits.test.images.transpose(0, 3, 1, 2)
    outputs = [session.run(None, {"image": image[np.newaxis]})[0] for image in images]
    assert accuracy(outputs, digits.test.labels) >= 0.98


def test_the_int8_model_reads_digits(digits):
    graph = load(model_file().read_bytes(), "digits")
    small = quantize(graph, calibrate(graph, digits.calibration.samples()[::10]))
    test = digits.test.samples()[::3]
    stored = [interpret(small, quantize_inputs(small, sample)).outputs for sample in test]
    outputs = [dequantize_outputs(small, values)[0] for values in stored]
    assert accuracy(outputs, digits.test.labels[::3]) >= 0.97


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install 'netsuke\[demo\]'"):
        load_digits()


def test_a_missing_model_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "src" / "netsuke" / "demo.py"))
    with pytest.raises(InputError, match=r"digits\.onnx"):
        model_file()
