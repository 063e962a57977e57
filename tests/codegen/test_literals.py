"""Every number comes back from C as it was."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.codegen.literals import array, integer, real, wrapped
from netsuke.emulate.compiler import find_compiler
from tests.codegen.build import run

BITS = np.random.default_rng(5).integers(0, 1 << 32, 3000, dtype=np.uint32).view(np.float32)
FLOATS = np.array([0.0, -0.0, 1.0, -1.0, 0.1, 1e-45, -1e-45, 1.1754944e-38, 3.4028235e38, 16777217.0, 1e10])
ARRAYS = {
    "floats": np.concatenate([FLOATS.astype(np.float32), BITS[np.isfinite(BITS)]]),
    "bytes": np.arange(-128, 128).astype(np.int8),
    "octets": np.arange(256).astype(np.uint8),
    "shorts": np.array([-32768, -1, 0, 32767], np.int16),
    "words": np.array([0, 65535], np.uint16),
    "ints": np.array([-(1 << 31), -(1 << 31) + 1, -1, 0, (1 << 31) - 1], np.int32),
    "naturals": np.array([0, 1 << 31, (1 << 32) - 1], np.uint32),
    "longs": np.array(
        [-(1 << 63), -(1 << 63) + 1, -(1 << 31) - 1, -(1 << 31), 1 << 31, (1 << 63) - 1], np.int64
    ),
    "truths": np.array([[True, False], [False, True]]),
    "scalar": np.array(-7, np.int8),
}


def test_arrays_come_back_to_the_bit(tmp_path: Path) -> None:
    writes = "".join(f"  (void)fwrite({n}, sizeof {n}[0], {a.size}, stdout);\n" for n, a in ARRAYS.items())
    definitions = "\n".join(array(name, data, "") for name, data in ARRAYS.items())
    source = tmp_path / "literals.c"
    source.write_text(
        "#include <stdbool.h>\n#include <stdint.h>\n#include <stdio.h>\n"
        f"{definitions}\nint main(void) {{\n{writes}  return 0;\n}}\n"
    )
    program, out = tmp_path / "literals", tmp_path / "out"
    find_compiler(None).compile_and_link([source], program, optimize="-O0")
    run(["sh", "-c", f"'{program}' > '{out}'"], tmp_path)
    data = out.read_bytes()
    for name, wanted in ARRAYS.items():
        assert data[: wanted.nbytes] == wanted.tobytes(), name
        data = data[wanted.nbytes :]
    assert not data


@settings(deadline=None)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back(value: float) -> None:
    text = real(value)
    assert text.endswith("f")
    assert "." in text or "e" in text
    assert np.float32(text[:-1]).tobytes() == np.float32(value).tobytes()


def test_what_is_no_number_has_no_literal() -> None:
    with pytest.raises(AssertionError, match="cannot be written"):
        real(float("nan"))


def test_infinities_are_quotients() -> None:
    assert (real(float("inf")), real(float("-inf"))) == ("(1.0f / 0.0f)", "(-1.0f / 0.0f)")


@settings(deadline=None)
@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_an_integer_is_read_back(value: int) -> None:
    text = integer(value)
    for macro in ("INT64_C(", ")", "("):
        text = text.replace(macro, "")
    assert sum(int(part) for part in text.replace(" - ", " -").split()) == value


@pytest.mark.parametrize("width", range(1, 30))
def test_lines_are_filled_and_not_too_long(width: int) -> None:
    items = ["9" * (1 + (i * width) % 13) for i in range(60)]
    lines = wrapped(items).split("\n")
    assert [item for line in lines for item in line.strip().strip(",").split(", ")] == items
    assert all(len(line) <= 110 for line in lines)
    # The next item and its comma would not have fitted, or only just.
    assert all(len(a) + len(b.split()[0]) + 2 > 110 for a, b in pairwise(lines))
