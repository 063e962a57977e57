"""TILE: a tensor repeated along its dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from netsuke.ir import Args, Array, DType
from netsuke.ops.block_copy import MAX_RANK, Axis, block_kernel, collapsed, copy_blocks, dense_steps
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.operator import Operator, Shape, Site, dtypes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Args):
    """How often the tensor is repeated along each dimension, 1 or more."""

    multiples: tuple[int, ...]


def multiples_fit(site: Site[Tile]) -> str | None:
    """There is a multiple of 1 or more for each of at most 8 dimensions; few enough of them differ from 1."""
    multiples, rank = site.args.multiples, len(site.x().shape)
    fine = (
        len(multiples) == rank
        and min(multiples, default=1) >= 1
        and len(collapsed(axes_of(site))) <= MAX_RANK
    )
    return None if fine else f"{list(multiples)} for rank {rank}"


def infer(site: Site[Tile]) -> tuple[Shape]:
    """Every dimension times its multiple."""
    return (tuple(n * size for n, size in zip(site.args.multiples, site.x().shape, strict=True)),)


def reference(site: Site[Tile], values: Sequence[Array | None]) -> tuple[Array]:
    """The same elements again and again."""
    x = values[0]
    assert x is not None
    return (np.ascontiguousarray(np.tile(x, site.args.multiples)),)


def axes_of(site: Site[Tile]) -> list[Axis]:
    """Two loops a dimension: the repetitions, which stand still in the source, and the elements."""
    shape, (whole,) = site.x().shape, infer(site)
    axes = []
    for n, size, x_step, y_step in zip(
        site.args.multiples, shape, dense_steps(shape), dense_steps(whole), strict=True
    ):
        axes.append(Axis(count=n, x_step=0, y_step=size * y_step))
        axes.append(Axis(count=size, x_step=x_step, y_step=y_step))
    return axes


def bind(site: Site[Tile]) -> tuple[Call]:
    """One copy whose outer loops read the same again."""
    return (copy_blocks(Input(index=0), Output(index=0), axes_of(site), site.x().dtype.size),)


TILE = Operator(
    name="tile",
    tflite=("TILE",),
    summary="a tensor repeated along its dimensions",
    args=Tile,
    infer=infer,
    reference=reference,
    constraints=(
        dtypes_of(DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL),
        multiples_fit,
    ),
    kernels=(block_kernel(bind),),
)

OPERATORS: tuple[Operator[Tile], ...] = (TILE,)
