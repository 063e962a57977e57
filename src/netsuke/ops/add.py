"""ADD and SUB with broadcasting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from netsuke.ir import Args, Array, DType, TensorType
from netsuke.ops import add_dsp
from netsuke.ops.activation import Clamp, full_clamp
from netsuke.ops.add_linear import linear_kernel
from netsuke.ops.add_mve import add_kernel
from netsuke.ops.arithmetic import (
    ARITHMETIC_TYPES,
    ArithmeticF32Args,
    f32_args,
    float_reference,
    int16_is_symmetric,
    operands,
    stored,
)
from netsuke.ops.broadcast import RowsArgs, at_most_rank_6, binary_kernels, full_size_inputs, infer, rows_of
from netsuke.ops.fixed_point import Multiplier, multiply_by_quantized_multiplier, rounding_divide_by_pot
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Operator, Site
from netsuke.ops.rows import ELEMENTWISE


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSub(Args):
    """`clamp` is the fused activation as a range of stored values.

    `power_of_two` is TFLite's pot_scale_int16: it asks for the shift-only arithmetic of int16 tensors whose
    scales are powers of two, and says nothing for other tensors.
    """

    clamp: Clamp | None = None
    power_of_two: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddArgs(RowsArgs):
    """y = clamp((r0 + sign_1 * r1) * multiplier * 2^shift + offset).

    r is ((x + offset) << left_shift) * multiplier * 2^shift, with the numbers of the operand.
    """

    c_name: ClassVar[str] = "nk_add_args"
    offset_0: int
    offset_1: int
    left_shift: int
    multiplier_0: int
    shift_0: int
    multiplier_1: int
    shift_1: int
    sign_1: int
    multiplier: int
    shift: int
    offset: int
    clamp_low: int
    clamp_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPotArgs(KernelArgs):
    """y = clamp((x0 >> shift_0) + sign_1 * (x1 >> shift_1)), the shifts rounding to nearest."""

    c_name: ClassVar[str] = "nk_add_pot_args"
    count: int
    shift_0: int
    shift_1: int
    sign_1: int
    clamp_low: int
    clamp_high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescaling:
    """The multipliers of quantised ADD and SUB: operands to a common scale, their sum to the output's."""

    left_shift: int
    inputs: tuple[Multiplier, Multiplier]
    output: Multiplier


def sign(site: Site[AddSub]) -> int:
    """What the second operand is multiplied by: 1 for ADD, -1 for SUB."""
    return -1 if site.node.op == "sub" else 1


def left_shift(y: TensorType) -> int:
    """Bits that operands gain before they are rescaled: sums of int8 then fill 29 bits, sums of int16 31."""
    return 15 if y.dtype is DType.INT16 else 20


def output_multiplier(site: Site[AddSub]) -> float:
    """From the common scale of both operands to the output's; the scales in float32, as add.cc has them."""
    common = np.float32(2) * np.float32(max(site.x(0).scale, site.x(1).scale))
    return float(common) / float(np.float32(1 << left_shift(site.y())) * np.float32(site.y().scale))


def rescaling(site: Site[AddSub]) -> Rescaling:
    """The multipliers of add.cc and sub.cc."""
    common = 2 * max(site.x(0).scale, site.x(1).scale)
    return Rescaling(
        left_shift=left_shift(site.y()),
        inputs=(Multiplier.of(site.x(0).scale / common), Multiplier.of(site.x(1).scale / common)),
        output=Multiplier.of(output_multiplier(site)),
    )


def log2_of(scale: float) -> int | None:
    """The exponent of a scale that counts as a power of two (within 0.001 of one: CheckedLog2), else None."""
    exponent = math.log2(scale)
    return round(exponent) if abs(exponent - round(exponent)) < 1e-3 else None


def pot_shifts(site: Site[AddSub]) -> tuple[int, int] | None:
    """Right shifts of both operands when the shift-only arithmetic of int16 applies, else None."""
    if not site.args.power_of_two or site.y().dtype is not DType.INT16:
        return None
    exponents = [log2_of(t.scale) for t in (site.x(0), site.x(1), site.y())]
    if any(e is None for e in exponents):
        return None
    first, second, output = (int(e) for e in exponents if e is not None)
    return output - first, output - second


def scales_rescale(site: Site[AddSub]) -> str | None:
    """The output's scale is above 2^-19 (int8) or 2^-14 (int16) of the larger input scale.

    Below that the sum would have to be shifted left, which TFLite's kernels do not do.
    """
    if site.y().dtype is DType.FLOAT32 or pot_shifts(site) is not None:
        return None
    real = output_multiplier(site)
    return None if real < 1 else f"scales {site.x(0).scale} and {site.x(1).scale} to {site.y().scale}"


def pot_form(site: Site[AddSub]) -> str | None:
    """With power_of_two, shapes are equal, one operand has the output's scale, the other no larger one."""
    shifts = pot_shifts(site)
    if shifts is None:
        return None
    fine = site.x(0).shape == site.x(1).shape and min(shifts) == 0 and max(shifts) <= 15
    return (
        None if fine else f"shapes {list(site.x(0).shape)} and {list(site.x(1).shape)}, right shifts {shifts}"
    )


def add_reference(site: Site[AddSub], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops and reference_integer_ops: Add, BroadcastAdd6DSlow, Sub, BroadcastQuantSubSlow, Sub16."""
    x0, x1 = operands(values)
    if site.y().dtype is DType.FLOAT32:
        return (float_reference(site, np.add if sign(site) > 0 else np.subtract, x0, x1),)
    shifts = pot_shifts(site)
    if shifts is not None:
        total = rounding_divide_by_pot(x0, shifts[0]) + sign(site) * rounding_divide_by_pot(x1, shifts[1])
        return (stored(site, total),)
    scaling = rescaling(site)
    rescaled = [
        multiply_by_quantized_multiplier(
            (x.astype(np.int64) - t.zero_point) << scaling.left_shift, m.value, m.shift
        )
        for x, t, m in zip((x0, x1), (site.x(0), site.x(1)), scaling.inputs, strict=True)
    ]
    total = rescaled[0] + sign(site) * rescaled[1]
    m = scaling.output
    return (stored(site, multiply_by_quantized_multiplier(total, m.value, m.shift) + site.y().zero_point),)


def add_args(site: Site[AddSub]) -> AddArgs:
    """The struct of the quantised ADD and SUB."""
    scaling = rescaling(site)
    low, high = full_clamp(site.args.clamp, site.y())
    return AddArgs(
        **rows_of(site),
        offset_0=-site.x(0).zero_point, offset_1=-site.x(1).zero_point, left_shift=scaling.left_shift,
        multiplier_0=scaling.inputs[0].value, shift_0=scaling.inputs[0].shift,
        multiplier_1=scaling.inputs[1].value, shift_1=scaling.inputs[1].shift, sign_1=sign(site),
        multiplier=scaling.output.value, shift=scaling.output.shift, offset=site.y().zero_point,
        clamp_low=int(low), clamp_high=int(high),
    )  # fmt: skip


def bind_add_pot(site: Site[AddSub]) -> tuple[Call]:
    """One call over all elements."""
    shifts = pot_shifts(site)
    assert shifts is not None
    low, high = full_clamp(site.args.clamp, site.y())
    args = AddPotArgs(
        count=site.y().elements, shift_0=shifts[0], shift_1=shifts[1], sign_1=sign(site),
        clamp_low=int(low), clamp_high=int(high),
    )  # fmt: skip
    return (ADD_POT_S16.call(Input(index=0), Input(index=1), Output(index=0), args=args),)


ADD_POT_S16 = Kernel(
    name="nk_add_pot_s16",
    params=(
        Param(name="x0", ctype="const int16_t"),
        Param(name="x1", ctype="const int16_t"),
        Param(name="y", ctype="int16_t"),
    ),
    args=AddPotArgs,
    bind=bind_add_pot,
    accepts=lambda site: pot_shifts(site) is not None,
    overlap=full_size_inputs,
)
FAST_SUMS = (add_kernel(add_reference), add_dsp.add_kernel(add_reference), linear_kernel(add_reference))
QUANTISED_SUMS = (
    *binary_kernels("add", DType.INT8, AddArgs, add_args),
    ADD_POT_S16,
    *binary_kernels("add", DType.INT16, AddArgs, add_args, lambda site: pot_shifts(site) is None),
)
CONSTRAINTS = (ARITHMETIC_TYPES, at_most_rank_6, int16_is_symmetric, scales_rescale, pot_form)

ADD = Operator(
    name="add",
    tflite=("ADD",),
    summary="sum of two tensors, broadcast",
    args=AddSub,
    infer=infer,
    reference=add_reference,
    constraints=CONSTRAINTS,
    rows=ELEMENTWISE,
    kernels=(*FAST_SUMS, *QUANTISED_SUMS, *binary_kernels("add", DType.FLOAT32, ArithmeticF32Args, f32_args)),
)
SUB = Operator(
    name="sub",
    tflite=("SUB",),
    summary="difference of two tensors, broadcast",
    args=AddSub,
    infer=infer,
    reference=add_reference,
    constraints=CONSTRAINTS,
    rows=ELEMENTWISE,
    kernels=(*FAST_SUMS, *QUANTISED_SUMS, *binary_kernels("sub", DType.FLOAT32, ArithmeticF32Args, f32_args)),
)

OPERATORS: tuple[Operator[AddSub], ...] = (ADD, SUB)
