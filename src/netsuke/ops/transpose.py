"""TRANSPOSE: dimensions in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array
from netsuke.ops.block_copy import (
    MAX_RANK,
    block_kernel,
    copy_blocks,
    dense_steps,
    grid,
)
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.operator import Operator, Shape, Site
from netsuke.ops.reshape import same_dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Transpose(Args):
    """Output dimension i is input dimension perm[i]; every entry is in 0..rank-1."""

    perm: tuple[int, ...]


def a_permutation(site: Site[Transpose]) -> str | None:
    """The permutation names each dimension of the input once, and there are at most 6 of them."""
    perm, rank = site.args.perm, len(site.x().shape)
    return None if sorted(perm) == list(range(rank)) and rank <= MAX_RANK else f"{list(perm)} for rank {rank}"


def infer(site: Site[Transpose]) -> tuple[Shape]:
    """[d0, d1, ...] → [d(perm0), d(perm1), ...]."""
    shape = site.x().shape
    return (tuple(shape[axis] for axis in site.args.perm),)


def reference(site: Site[Transpose], values: Sequence[Array | None]) -> tuple[Array]:
    """reference_ops::Transpose."""
    x = values[0]
    assert x is not None
    return (np.ascontiguousarray(x.transpose(site.args.perm)),)


def bind(site: Site[Transpose]) -> tuple[Call]:
    """One copy, in the order of the output."""
    (shape,) = infer(site)
    x_steps = dense_steps(site.x().shape)
    axes = grid(shape, [x_steps[axis] for axis in site.args.perm], dense_steps(shape))
    return (copy_blocks(Input(index=0), Output(index=0), axes, site.x().dtype.size),)


TRANSPOSE = Operator(
    name="transpose",
    tflite=("TRANSPOSE",),
    summary="dimensions in another order",
    args=Transpose,
    infer=infer,
    reference=reference,
    constraints=(same_dtype, a_permutation),
    kernels=(block_kernel(bind),),
)

OPERATORS: tuple[Operator[Transpose], ...] = (TRANSPOSE,)
