"""LSTM beside its conformance cases: the 16-bit functions over all inputs, the float form against LiteRT's."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netsuke.errors import GraphError, UnsupportedModel
from netsuke.exporters.tflite import write
from netsuke.ir import Quantization
from netsuke.ops import fixed_point_s16 as fixed
from netsuke.ops.library import include_dir
from netsuke.ops.registry import site
from tests.ops.cases_lstm import float_case, int8_case, sequence
from tests.ops.oracle import litert
from tests.ops.targets import host_compiler
from tests.ops.vectors import reference

EVERY = np.arange(-(1 << 15), 1 << 15, dtype=np.int16)
PROGRAM = """
#include <stdio.h>
#include "nk_fixed_point_s16.h"
int main(void) {
  for (int32_t x = -32768; x < 32768; x++) {
    int16_t row[8] = {(int16_t)nk_logistic_fixed_s16(x)};
    for (int32_t bits = 0; bits < 7; bits++) row[1 + bits] = (int16_t)nk_tanh_fixed_s16(x, bits);
    fwrite(row, sizeof row, 1, stdout);
  }
  return 0;
}
"""


def test_c_gives_pythons_numbers_for_every_input(tmp_path: Path) -> None:
    source, program = tmp_path / "all.c", tmp_path / "all"
    source.write_text(PROGRAM)
    flags = ["-std=c11", "-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all", f"-I{include_dir()}"]
    subprocess.run([*host_compiler(), *flags, str(source), "-o", str(program)], check=True)
    rows = np.frombuffer(subprocess.run([program], check=True, capture_output=True).stdout, np.int16)
    wanted = [fixed.logistic_fixed(EVERY), *[fixed.tanh_fixed(EVERY, bits) for bits in range(7)]]
    np.testing.assert_array_equal(rows.reshape(-1, 8), np.stack(wanted, axis=1))


def test_functions_are_near_the_real_ones() -> None:
    real = EVERY / 4096.0
    assert np.abs(fixed.logistic_fixed(EVERY) / 32768 - 1 / (1 + np.exp(-real))).max() < 3e-4
    assert np.abs(fixed.tanh_fixed(EVERY, 3) / 32768 - np.tanh(real)).max() < 6e-4


@pytest.mark.parametrize("shape", [(1, 5, 8, 8), (2, 4, 7, 5), (1, 20, 6, 12)])
def test_float_is_near_litert(shape: tuple[int, int, int, int]) -> None:
    case = sequence(float_case(*shape))
    for vector in reference(case):
        if not all(np.isfinite(x).all() and np.abs(x).max() < 100 for x in vector.inputs):
            continue
        (theirs,) = litert(case.graph, [vector.inputs])[0]
        np.testing.assert_allclose(vector.outputs[0], theirs, atol=2e-6)


def test_given_states_have_no_tflite_form() -> None:
    case = sequence(int8_case(1, 3, 4, 4, states=True))
    with pytest.raises(UnsupportedModel, match="starts from given states"):
        write(case.graph)


def test_the_cell_state_has_a_power_of_two() -> None:
    graph = int8_case(1, 3, 4, 4).graph
    wrong = replace(graph.tensors["y1"], quantization=Quantization.per_tensor(0.0003))
    changed = graph.with_(tensors={**graph.tensors, "y1": wrong})
    with pytest.raises(GraphError, match="power of two"):
        site(changed, changed.nodes[0])
