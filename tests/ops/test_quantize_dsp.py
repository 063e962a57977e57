"""The proofs behind the DSP kernels of QUANTIZE and SOFTMAX: what they accept gives the definition's values."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from netsuke.ir import DType
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier
from netsuke.ops.quantize_dsp import FIXED, crosses, has_the_steps, parts_of
from netsuke.ops.rescale_dsp import SHIFTS, UNITS, Rescale, linear
from netsuke.ops.softmax_s16_dsp import FURTHEST, exp_words, one_product
from netsuke.ops.softmax_tables import exp_table, interpolate

SCALES = (1.0, 0.5, 0.0235, 1 / 255, 0.1, 3e-3, 7.0, 1e-4, 2.0**-15)


def rounded(exact: Fraction) -> np.float32:
    """To the nearest float32, ties to even."""
    near = np.float32(float(exact))
    around = (np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf)))
    return min(around, key=lambda f: (abs(Fraction(float(f)) - exact), int(np.array(f).view(np.int32)) & 1))


def product(x: np.float32, scale: float) -> np.float32:
    """What the FPU makes of x: the second part rounded, the sum of both rounded once."""
    high, rest = parts_of(scale)
    return rounded(Fraction(float(x)) * Fraction(float(high)) + Fraction(float(x * rest)))


@pytest.mark.parametrize("scale", SCALES)
def test_the_product_rounds_as_the_quotient(scale: float) -> None:
    single = np.float32(scale)
    assert has_the_steps(float(single), 255)
    for k in (1, 2, 3, 100, 127, 128, 255):
        x = np.float32((k - 0.5) * float(single))
        for _ in range(3):
            x = np.nextafter(x, np.float32(0))
        for _ in range(7):
            quotient = np.float32(x / single)
            wanted = int(np.floor(float(quotient) + 0.5))
            found = int(float(product(x, float(single))))
            assert (found + FIXED // 2) // FIXED == wanted
            x = np.nextafter(x, np.float32(np.inf))


def test_crossing_is_exact() -> None:
    """Held against fractions, on both sides of a step."""
    scale, k = float(np.float32(0.0235)), 77
    x = np.float32((k - 0.5) * scale)
    for _ in range(40):
        x = np.nextafter(x, np.float32(0))
    for _ in range(80):
        said = bool(crosses(np.array([x]), *parts_of(scale), np.array([k - 0.5]))[0])
        assert said == (float(product(x, scale)) >= FIXED * (k - 0.5))
        x = np.nextafter(x, np.float32(np.inf))


def test_a_reciprocal_that_misses_steps_is_refused() -> None:
    high, rest = parts_of(float(np.float32(0.0235)))
    wrong = np.nextafter(high, np.float32(np.inf))
    wanted = np.arange(1, 256) - 0.5
    x = (wanted * float(np.float32(0.0235))).astype(np.float32)
    steps = [x, np.nextafter(x, np.float32(0)), np.nextafter(x, np.float32(np.inf))]
    differs = [crosses(s, high, rest, wanted) != crosses(s, wrong, rest, wanted) for s in steps]
    assert np.any(differs)
    assert not has_the_steps(2.0**-120, 255)


@pytest.mark.parametrize(("x", "y", "ratio"), [
    (DType.INT16, DType.INT8, 0.005),
    (DType.INT8, DType.INT16, 99.99999), (DType.INT8, DType.INT16, 1.7), (DType.INT8, DType.INT16, 0.5),
])  # fmt: skip
def test_linear_rescaling_is_the_definition_for_every_element(x: DType, y: DType, ratio: float) -> None:
    of = Rescale(x=x, y=y, x_zero=0 if x is DType.INT16 else -5, y_zero=-5, multiplier=Multiplier.of(ratio))
    found = linear(of)
    assert found is not None
    multiplier, addend = found
    for value in range(x.range[0], x.range[1] + 1, 97 if x is DType.INT16 else 1):
        got = ((multiplier * value * UNITS[x] >> 16) + addend) >> SHIFTS[y]
        wide = multiply_by_quantized_multiplier(
            np.array(value - of.x_zero), of.multiplier.value, of.multiplier.shift
        )
        assert min(max(got, y.range[0]), y.range[1]) == np.clip(int(wide) - 5, *y.range)


def test_a_ratio_that_overflows_is_refused() -> None:
    of = Rescale(x=DType.INT16, y=DType.INT8, x_zero=0, y_zero=0, multiplier=Multiplier.of(1.0))
    assert linear(of) is None


@pytest.mark.parametrize("ratio", [0.7, 1.6, 6.55, 85.0, 12000.0])
def test_softmax_differences_reach_their_places(ratio: float) -> None:
    m = Multiplier.of(ratio)
    found = one_product(m)
    assert found is not None
    left, multiplier = found
    below = -np.arange(FURTHEST + 1)
    places = np.maximum(((below << left) * multiplier + (1 << 31) >> 32) + 32767, -32768)
    wanted = np.maximum(multiply_by_quantized_multiplier(below, m.value, m.shift) + 32767, -32768)
    np.testing.assert_array_equal(places, wanted)
    assert -(FURTHEST << left) >= -(1 << 31)


def test_softmax_words_interpolate_as_the_table() -> None:
    words = exp_words().data.view(np.uint32).astype(np.int64)
    place = np.arange(-32768, 32768)
    word = words[256 + (place >> 7)]
    got = ((word >> 10) + (word & 0xFFFF) * (place & 0x7F)) >> 7
    np.testing.assert_array_equal(got, interpolate(exp_table(), place))
