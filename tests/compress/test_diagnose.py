"""An outlier-ridden model: plain quantisation fails, the diagnosis names the layer, a fix brings the accuracy back."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from netsuke.bench.outliers import outlier_ridden
from netsuke.compress import ArraySamples, Recipe, accuracy, adaround
from netsuke.compress import fix as fixing
from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.fix import Aim
from netsuke.demo import load_digits, model_file
from netsuke.diagnosis import diagnose_model
from netsuke.errors import InputError
from netsuke.importers.loading import load
from netsuke.quantization import float_graph
from netsuke.report.diagnosis_html import diagnosis_to_html
from netsuke.report.diagnosis_json import diagnosis_to_json
from netsuke.report.diagnosis_words import advice_words
from tests.compress.litert import litert_outputs

LAYER = "deep/Conv"


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn")
    pytest.importorskip("onnx")
    found = load_digits()

    def part(split, step):
        return ArraySamples(arrays=(split.images[::step],), labels=split.labels[::step])

    return part(found.calibration, 4), part(found.test, 2)


@pytest.fixture(scope="module")
def outliers(digits):
    del digits
    return outlier_ridden(float_graph(model_file()), LAYER)


def hits(path, samples):
    """Accuracy of a written file under LiteRT's reference kernels."""
    graph, data = load(path), path.read_bytes()
    stored = [quantize_inputs(graph, [x[None]])[0] for x in samples.arrays[0]]
    outputs = [dequantize_outputs(graph, [y])[0] for y in litert_outputs(data, stored)]
    return accuracy(outputs, samples.labels)


@pytest.fixture(scope="module")
def diagnosis(digits, outliers, tmp_path_factory):
    out = tmp_path_factory.mktemp("fix") / "fixed.tflite"
    calib, scored = digits
    return diagnose_model(outliers, scored, calib=calib, aim=Aim.parse("accuracy>=95%"), out=out)


def test_plain_quantisation_fails_and_the_layer_is_named(diagnosis):
    study = diagnosis.study
    assert study.real.accuracy > 0.97
    assert diagnosis.measured.accuracy < 0.85
    assert abs(diagnosis.measured.accuracy - study.rounded.accuracy) < 0.03
    assert diagnosis.metric == "accuracy"
    layers = {one.name: one for one in study.layers}
    assert layers[LAYER].channel_ratio > 500
    assert all(one.channel_ratio < 20 for one in study.layers if one.group != layers[LAYER].group)
    most = max(study.layers, key=lambda one: one.in_float.accuracy)
    assert most.group == layers[LAYER].group
    advised = [one for one in diagnosis.advice if one.action.subject == LAYER]
    assert re.fullmatch(
        r"make `deep/Conv` 16-bit: \+\d+\.\d points, [+-][\d,]+ bytes \(.*\)",
        advice_words(advised[0], diagnosis),
    )


def test_the_fix_costs_least_and_its_file_is_accurate(diagnosis, digits):
    fix = diagnosis.fix
    assert [step.action.kind for step in fix.steps] == ["equalize"]
    assert fix.reached
    assert fix.after.accuracy >= 0.95
    assert hits(diagnosis.out, digits[1]) == pytest.approx(fix.after.accuracy)


def test_without_free_actions_the_layer_gets_16_bits(digits, outliers, tmp_path, monkeypatch):
    monkeypatch.setattr(fixing, "free_actions", lambda recipe: [])
    calib, scored = digits
    out = tmp_path / "fixed.tflite"
    done = diagnose_model(outliers, scored, calib=calib, aim=Aim.parse("accuracy>=0.93"), out=out)
    assert [(s.action.kind, s.action.subject) for s in done.fix.steps] == [("int16", LAYER)]
    assert hits(out, scored) == pytest.approx(done.fix.after.accuracy)
    assert done.fix.after.accuracy >= 0.93


def test_an_aim_out_of_reach_writes_nothing(digits, outliers, tmp_path, monkeypatch):
    monkeypatch.setattr(fixing, "free_actions", lambda recipe: [])
    monkeypatch.setattr(fixing, "wide_action", lambda *given: None)
    calib, scored = digits
    out, recipe = tmp_path / "none.tflite", Recipe(adaround=True)
    monkeypatch.setattr(adaround, "STEPS", 2)
    done = diagnose_model(outliers, scored, calib=calib, aim=Aim.parse("sqnr>=90"), recipe=recipe, out=out)
    assert not done.fix.reached
    assert done.out is None
    assert not out.exists()


def test_a_fix_that_needs_nothing(digits, tmp_path):
    calib, scored = digits
    out = tmp_path / "fine.tflite"
    graph = float_graph(model_file())
    done = diagnose_model(graph, scored, calib=calib, aim=Aim.parse("accuracy>=0.9"), out=out)
    assert done.fix.steps == ()
    assert out.exists()


def test_json_and_page(diagnosis):
    found = json.loads(diagnosis_to_json(diagnosis))
    assert found["fix"]["reached"]
    assert len(found["layers"]) == len(diagnosis.study.layers)
    page = diagnosis_to_html(diagnosis)
    assert page.count("<svg") == 2
    assert "http" not in re.sub(r"http-equiv", "", page)
    assert "deep/Conv" in page
    assert page == diagnosis_to_html(diagnosis)


def test_hostile_names_do_not_reach_the_page(diagnosis):
    layers = tuple(replace(one, name="<script>\x1b[31m") for one in diagnosis.study.layers)
    page = diagnosis_to_html(replace(diagnosis, study=replace(diagnosis.study, layers=layers)))
    assert "<script>\x1b" not in page
    assert "&lt;script&gt;" in page


def test_without_labels_it_speaks_of_decibels(outliers, digits):
    calib, scored = digits
    done = diagnose_model(outliers, scored.arrays[0], calib=calib)
    assert done.metric == "sqnr"
    assert done.study.real.accuracy is None
    assert all("dB" in advice_words(one, done) for one in done.advice)
    with pytest.raises(InputError, match="no labels"):
        diagnose_model(
            outliers,
            scored.arrays[0],
            aim=Aim.parse("accuracy>=0.9"),
            out=model_file().with_suffix(".tflite"),
        )


def test_data_is_split_when_nothing_else_is_given(outliers, digits):
    scored = digits[1]
    done = diagnose_model(outliers, scored.part(np.arange(40)))
    assert (done.calibration_samples, done.study.samples, done.held_out) == (20, 20, True)
    few = diagnose_model(outliers, scored.part(np.arange(5)))
    assert (few.calibration_samples, few.study.samples, few.held_out) == (5, 5, False)


@pytest.mark.parametrize("text", ["accuracy", "accuracy>0.9", "accuracy>=1.5", "f1>=0.5", "sqnr>=30%", ""])
def test_wrong_aims(text):
    with pytest.raises(InputError):
        Aim.parse(text)


def test_aims():
    assert Aim.parse("accuracy>=92.5%") == Aim(metric="accuracy", least=0.925)
    assert Aim.parse(" sqnr >= 30 ") == Aim(metric="sqnr", least=30)
