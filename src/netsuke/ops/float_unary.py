"""Functions of one real number, element by element, in float32: ABS, EXP, LOG, SQRT, ELU, GELU and their like.

They are TFLite's operators of those names, but for ERF and SOFTPLUS, which only netsuke has. Those that networks
activate with have int8 forms too: tables (`float_tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops import float_functions as functions
from netsuke.ops.float_math import exp_f32
from netsuke.ops.float_tables import TABLES, single_scales
from netsuke.ops.kernel import Kernel
from netsuke.ops.operator import Constraint, Operator, Site, dtypes_of
from netsuke.ops.rows import ELEMENTWISE
from netsuke.ops.unary import NoArgs, infer, lookup_kernels, unary_kernel

FLOAT_ONLY = dtypes_of(DType.FLOAT32)
FLOAT_OR_INT8 = dtypes_of(DType.FLOAT32, DType.INT8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gelu(Args):
    """`approximate`: by way of tanh instead of the error function."""

    approximate: bool = False


def abs_f32(x: Array) -> Array:
    """Size without sign."""
    return np.abs(x)


def neg_f32(x: Array) -> Array:
    """The other sign."""
    return np.negative(x)


def square_f32(x: Array) -> Array:
    """x times x."""
    with np.errstate(over="ignore", under="ignore"):
        return np.multiply(x, x)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatFunction:
    """One operator of the family: its numpy twin, and what `netsuke ops` says."""

    name: str
    twin: Callable[[Array], Array]
    summary: str
    tflite: bool = True


FUNCTIONS = (
    FloatFunction(name="abs", twin=abs_f32, summary="size without sign"),
    FloatFunction(name="neg", twin=neg_f32, summary="the other sign"),
    FloatFunction(name="square", twin=square_f32, summary="x times x"),
    FloatFunction(name="sqrt", twin=functions.sqrt_f32, summary="square root"),
    FloatFunction(name="rsqrt", twin=functions.rsqrt_f32, summary="1 / square root"),
    FloatFunction(name="exp", twin=exp_f32, summary="e to the power of x"),
    FloatFunction(name="log", twin=functions.log_f32, summary="natural logarithm"),
    FloatFunction(name="floor", twin=functions.floor_f32, summary="the whole number below"),
    FloatFunction(name="ceil", twin=functions.ceil_f32, summary="the whole number above"),
    FloatFunction(name="round", twin=functions.round_f32, summary="the nearest whole number, halves to even"),
    FloatFunction(name="sign", twin=functions.sign_f32, summary="-1, 0 or 1"),
    FloatFunction(name="elu", twin=functions.elu_f32, summary="x above 0, else exp(x) - 1"),
    FloatFunction(name="erf", twin=functions.erf_f32, summary="the error function", tflite=False),
    FloatFunction(name="softplus", twin=functions.softplus_f32, summary="log(1 + exp(x))", tflite=False),
)


def reference_of(
    name: str,
    twin: Callable[[Array], Array],
) -> Callable[[Site[NoArgs], Sequence[Array | None]], tuple[Array]]:
    """The twin as an operator's reference; int8 by its table's rule."""

    def reference(site: Site[NoArgs], values: Sequence[Array | None]) -> tuple[Array]:
        x = values[0]
        assert x is not None
        return (TABLES[name](site, x) if x.dtype == np.int8 else twin(x),)

    return reference


def rules_of(name: str) -> tuple[Constraint[NoArgs], ...]:
    """The element types."""
    return (FLOAT_OR_INT8, single_scales) if name in TABLES else (FLOAT_ONLY,)


def tables_of(name: str) -> tuple[Kernel, ...]:
    """The kernels of the int8 form, where there is one."""
    return lookup_kernels(TABLES[name]) if name in TABLES else ()


def operator_of(kind: FloatFunction) -> Operator[NoArgs]:
    """One of the family."""
    return Operator(
        name=kind.name,
        tflite=(kind.name.upper(),) if kind.tflite else (),
        summary=kind.summary,
        args=NoArgs,
        infer=infer,
        reference=reference_of(kind.name, kind.twin),
        constraints=rules_of(kind.name),
        rows=ELEMENTWISE,
        kernels=(
            *tables_of(kind.name),
            unary_kernel(f"nk_{kind.name}_f32", DType.FLOAT32, DType.FLOAT32),
        ),
    )


def gelu_reference(site: Site[Gelu], values: Sequence[Array | None]) -> tuple[Array]:
    """Through erfc, or through tanh."""
    x = values[0]
    assert x is not None
    if x.dtype == np.int8:
        return (TABLES["gelu"](site, x),)
    return (functions.gelu_tanh_f32(x) if site.args.approximate else functions.gelu_f32(x),)


GELU = Operator(
    name="gelu",
    tflite=("GELU",),
    summary="x times the normal distribution's share below x",
    args=Gelu,
    infer=infer,
    reference=gelu_reference,
    constraints=(FLOAT_OR_INT8, single_scales),
    rows=ELEMENTWISE,
    kernels=(
        *tables_of("gelu"),
        unary_kernel(
            "nk_gelu_f32", DType.FLOAT32, DType.FLOAT32, accepts=lambda site: not site.args.approximate
        ),
        unary_kernel(
            "nk_gelu_tanh_f32", DType.FLOAT32, DType.FLOAT32, accepts=lambda site: site.args.approximate
        ),
    ),
)

OPERATORS: tuple[Operator[NoArgs] | Operator[Gelu], ...] = (*map(operator_of, FUNCTIONS), GELU)
