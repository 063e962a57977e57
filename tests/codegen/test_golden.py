"""One small network, worked out by hand, and the text of its whole project.

`NETSUKE_UPDATE_GOLDEN=1 pytest tests/codegen/test_golden.py` rewrites `golden/`; read the diff before committing it.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path

import numpy as np
import pytest

from netsuke.codegen import Project, Vector, make_project
from netsuke.ops import interpret
from netsuke.ops.program import bind
from netsuke.ops.text import parse
from netsuke.plan import make_plan

GOLDEN = Path(__file__).parent / "golden"
GRAPH = """
graph "Hand Checked"
input image: int8[1,2,2,1] q(0.5f, 0)
const w1: int8[2,1,1,1] q(0.5f, 0) = [2, -3]
const b1: int32[2] q(0.25f, 0) = [1, 0]
lines: int8[1,2,2,2] q(0.25f, 0) = conv_2d(image, w1, b1) @"Model/Lines"
peaks: int8[1,1,1,2] q(0.25f, 0) = max_pool_2d(lines) kernel=(2, 2) stride=(2, 2)
const w2: int8[2,2] q(0.5f, 0) = [1, 1, 2, -1]
const b2: int32[2] q(0.125f, 0) = [0, 1]
scores: int8[1,2] q(0.125f, 0) = fully_connected(peaks, w2, b2)
output scores
"""
NOT_OURS = "hand_checked_kernels.h"
"""The kernels' own sources, which change for reasons of their own."""


def project() -> Project:
    """Every requantisation is a multiplication by 1, so that the numbers can be followed by hand.

    lines: 2 x + 1 = 3 5 7 9 and -3 x = -3 -6 -9 -12; their maxima 9 and -3;
    scores 9 - 3 + 0 = 6 and 2 * 9 + 3 + 1 = 22.
    """
    vector = Vector(
        inputs=(np.array([1, 2, 3, 4], np.int8).reshape(1, 2, 2, 1),),
        outputs=(np.array([[6, 22]], np.int8),),
    )
    graph = parse(GRAPH)
    return make_project(make_plan(bind(graph)), name=graph.name, vectors=[vector])


def test_the_reference_agrees_with_the_hand() -> None:
    image = np.array([1, 2, 3, 4], np.int8).reshape(1, 2, 2, 1)
    assert interpret(parse(GRAPH), [image]).outputs[0].tolist() == [[6, 22]]


def test_the_project_is_the_golden_one() -> None:
    files = {name: text for name, text in project().files.items() if name != NOT_OURS}
    if os.environ.get("NETSUKE_UPDATE_GOLDEN") == "1":
        for old in GOLDEN.iterdir():
            old.unlink()
        for name, text in files.items():
            (GOLDEN / name).write_text(text, encoding="utf-8")
    wanted = {path.name: path.read_text(encoding="utf-8") for path in GOLDEN.iterdir()}
    assert sorted(files) == sorted(wanted)
    diff = "".join(
        line
        for name in sorted(files)
        for line in unified_diff(
            wanted[name].splitlines(True), files[name].splitlines(True), f"golden/{name}", f"made/{name}"
        )
    )
    if diff:
        pytest.fail(f"NETSUKE_UPDATE_GOLDEN=1 accepts this:\n{diff}", pytrace=False)
