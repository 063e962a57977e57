"""LOGISTIC and TANH of int16: one table of the sigmoid, interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Array, DType
from netsuke.ops.kernel import Call, Constant, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Site
from netsuke.ops.overlap import elementwise
from netsuke.ops.unary import NoArgs

FRACTION_16 = 2.0**-15
"""The only output scale of the int16 forms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigmoidS16Args(KernelArgs):
    """x * multiplier * 2^-shift is in 1/12288, where the table's step is 512 (logistic) or 256 (tanh)."""

    c_name: ClassVar[str] = "nk_sigmoid_s16_args"
    count: int
    multiplier: int
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputScaling:
    """How int16 inputs reach the table's units."""

    multiplier: int
    shift: int


def input_scale_fits(site: Site[NoArgs]) -> str | None:
    """int16 inputs have a scale from 2^-44 to 5."""
    x = site.x()
    return None if x.dtype is not DType.INT16 or 2.0**-44 <= x.scale <= 5.0 else f"scale {x.scale}"


def input_scaling(site: Site[NoArgs], pot_shifts: tuple[int, ...]) -> InputScaling:
    """SigmoidPrepare and TanhPrepare for int16: exact for the power-of-two scales 2^-12 << pot_shifts."""
    exponent = float(np.log2(site.x().scale))
    shift = 12 + round(exponent)
    if abs(exponent - round(exponent)) < 1e-3 and shift in pot_shifts:
        return InputScaling(multiplier=3 << shift, shift=0)
    multiplier, shift = site.x().scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    return InputScaling(multiplier=int(multiplier), shift=shift)


def sigmoid_table() -> Array:
    """sigmoid(i / 24) in 1/65536 for i = 0..255, uint16[256], as TFLite's table has it.

    Each entry is raised by half of what a straight line to the next one misses in the middle. The last entry
    is 65535, where the kernels saturate.
    """
    here, middle, after = (1.0 / (1.0 + np.exp(-(np.arange(256) + step) / 24.0)) for step in (0.0, 0.5, 1.0))
    table = np.floor(65536.0 * (here + (middle - (here + after) / 2) / 2) + 0.5)
    table[255] = 65535
    result: Array = table.astype(np.uint16)
    return result


def scaled_inputs(x: Array, scaling: InputScaling) -> Array:
    """int16 inputs in the table's units, rounded half up."""
    nudge = 1 << (scaling.shift - 1) if scaling.shift else 0
    result: Array = (x.astype(np.int64) * scaling.multiplier + nudge) >> scaling.shift
    return result


def interpolated(size: Array, bits: int, beyond: int) -> Array:
    """The table between its entries, `bits` of `size` being the fraction; `beyond` from entry 255 on."""
    table = sigmoid_table().astype(np.int64)
    index = np.minimum(size >> bits, 254)
    fraction = size & ((1 << bits) - 1)
    inside = (table[index] << bits) + fraction * (table[index + 1] - table[index])
    return np.where(size >> bits >= 255, beyond, inside)


def logistic_s16(site: Site[NoArgs], x: Array) -> Array:
    """reference_integer_ops::Logistic for int16."""
    scaled = scaled_inputs(x, input_scaling(site, (0,)))
    y = interpolated(np.abs(scaled), 9, 0x7FFF << 10)
    result: Array = (np.where(scaled >= 0, y + 512, (1 << 25) - y + 511) >> 10).astype(np.int16)
    return result


def tanh_s16(site: Site[NoArgs], x: Array) -> Array:
    """reference_integer_ops::Tanh for int16."""
    scaled = scaled_inputs(x, input_scaling(site, (0, 1)))
    y = interpolated(np.abs(scaled), 8, 0xFFFF << 8) - (1 << 23)
    result: Array = (np.where(scaled >= 0, y + 128, -y + 127) >> 8).astype(np.int16)
    return result


def s16_kernel(name: str, pot_shifts: tuple[int, ...]) -> Kernel:
    """The int16 kernel that interpolates in the table of the sigmoid."""

    def bind(site: Site[NoArgs]) -> tuple[Call]:
        scaling = input_scaling(site, pot_shifts)
        args = SigmoidS16Args(count=site.y().elements, multiplier=scaling.multiplier, shift=scaling.shift)
        table = Constant(label="sigmoid", data=sigmoid_table(), shape_note="sigmoid(i / 24) in 1/65536")
        return (kernel.call(Input(index=0), table, Output(index=0), args=args),)

    kernel = Kernel(
        name=name,
        params=(
            Param(name="x", ctype="const int16_t"),
            Param(name="table", ctype="const uint16_t"),
            Param(name="y", ctype="int16_t"),
        ),
        args=SigmoidS16Args,
        bind=bind,
        accepts=lambda site: site.x().dtype is DType.INT16,
        overlap=elementwise,
    )
    return kernel
