"""Resize: one resizing node where TFLite has the convention, picked and mixed elements elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from netsuke.compress.quantize import kept_in_float
from netsuke.importers.onnx import load
from tests.importers.onnx.models import compare, model, ops, step

NEAREST = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
ONE_NODE = {
    "nearest twice": ("resize_nearest_neighbor", NEAREST, (1, 1, 2, 2)),
    "nearest odd": ("resize_nearest_neighbor", NEAREST, (1, 1, 1.5, 3)),
    "nearest by default": ("resize_nearest_neighbor", {"mode": "nearest"}, (1, 1, 2, 2)),
    "bilinear twice": ("resize_bilinear", {"mode": "linear"}, (1, 1, 2, 2)),
    "bilinear down": ("resize_bilinear", {"mode": "linear"}, (1, 1, 0.5, 0.75)),
    "bilinear as in torch": (
        "resize_bilinear", {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"}, (1, 1, 3, 2)
    ),
    "bilinear of corners": (
        "resize_bilinear", {"mode": "linear", "coordinate_transformation_mode": "align_corners"}, (1, 1, 2, 2)
    ),
    "bilinear asymmetric": (
        "resize_bilinear", {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}, (1, 1, 2, 2)
    ),
    "one axis": ("resize_bilinear", {"mode": "linear"}, (1, 1, 1, 2)),
}  # fmt: skip


def resized(attributes, scales, image=(1, 3, 8, 12)):
    constants = {"scales": np.asarray(scales, np.float32)}
    return model([step("Resize", "x - scales", "y", **attributes)], {"x": image}, constants)


@pytest.mark.parametrize("name", ONE_NODE)
def test_one_node(name):
    op, attributes, scales = ONE_NODE[name]
    graph = compare(resized(attributes, scales))
    assert ops(graph) == [op]
    assert kept_in_float(graph) == ()


def test_signal():
    graph = compare(resized({"mode": "linear"}, (1, 1, 2), image=(1, 3, 10)))
    assert ops(graph) == ["resize_bilinear"]


@pytest.mark.parametrize(
    ("attributes", "scales"),
    [
        ({"mode": "nearest", "nearest_mode": "ceil"}, (1, 1, 2, 2)),
        (NEAREST, (1, 2, 1, 1)),
        ({"mode": "linear"}, (1, 1, 1.3, 1)),
    ],
    ids=["ceil", "channels", "length rounded off"],
)
def test_what_tflite_does_not_have_is_picked_and_mixed(attributes, scales):
    graph = compare(resized(attributes, scales))
    assert "gather" in ops(graph)


def test_moves_of_values_have_int8_forms():
    graph = load(resized({"mode": "nearest", "nearest_mode": "ceil"}, (1, 1, 2, 2)), "m")
    assert kept_in_float(graph) == ()
