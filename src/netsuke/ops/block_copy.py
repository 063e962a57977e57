"""Copies of strided blocks: the kernel behind TRANSPOSE, SLICE, SPLIT, CONCATENATION, PACK, UNPACK and PAD.

Each of them moves elements along a grid of up to six dimensions whose steps through the source and through
the destination are known at build time. Dimensions that run together on both sides are merged first, so that
the usual case is one run of bytes, or one loop over runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from netsuke.errors import GraphError
from netsuke.ir import Array, TensorType
from netsuke.ops.kernel import Call, Input, Kernel, KernelArgs, Output, Param
from netsuke.ops.operator import Shape, Site
from netsuke.ops.overlap import Overlap, useful
from netsuke.ops.state import COPY, CopyArgs

LEVELS = 6
MAX_RANK = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One dimension of the grid: how many blocks, and elements from one block to the next on either side."""

    count: int
    x_step: int
    y_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyBlocksArgs(KernelArgs):
    """Loops outermost first, absent ones with a count of 1; steps and block size in bytes.

    The step of a loop leads from the first block of its last inner row to the first block of its next inner
    row, so that the kernel only ever adds.
    """

    c_name: ClassVar[str] = "nk_copy_blocks_args"
    count: tuple[int, ...] = field(metadata={"length": LEVELS})
    x_step: tuple[int, ...] = field(metadata={"length": LEVELS})
    y_step: tuple[int, ...] = field(metadata={"length": LEVELS})
    nbytes: int


def dense_steps(shape: Shape) -> tuple[int, ...]:
    """Elements from one index to the next along each dimension of a dense tensor."""
    steps: list[int] = []
    step = 1
    for size in reversed(shape):
        steps.append(step)
        step *= size
    return tuple(reversed(steps))


def collapsed(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """The same blocks in the same order with as few dimensions as can be."""
    kept: list[Axis] = []
    for axis in axes:
        if axis.count == 1:
            continue
        outer = kept[-1] if kept else None
        runs_on = outer is not None and (outer.x_step, outer.y_step) == (
            axis.count * axis.x_step,
            axis.count * axis.y_step,
        )
        if outer is not None and runs_on:
            kept[-1] = Axis(count=outer.count * axis.count, x_step=axis.x_step, y_step=axis.y_step)
        else:
            kept.append(axis)
    return tuple(kept)


def copy_blocks(x: Input, y: Output, axes: Sequence[Axis], element: int) -> Call:
    """The call that copies elements of `element` bytes from `x` to `y` over the grid `axes`, outermost first.

    Raises:
        GraphError: when more loops are left after merging than the kernel has.
    """
    loops = list(collapsed(axes))
    run = element
    if loops and (loops[-1].x_step, loops[-1].y_step) == (1, 1):
        run *= loops.pop().count
    if not loops:
        return COPY.call(x, y, args=CopyArgs(nbytes=run))
    if len(loops) > LEVELS:
        raise GraphError(f"got a copy over {len(loops)} separate dimensions; at most {LEVELS} are possible")
    loops = [Axis(count=1, x_step=0, y_step=0)] * (LEVELS - len(loops)) + loops
    args = CopyBlocksArgs(
        count=tuple(axis.count for axis in loops),
        x_step=relative([(axis.count, axis.x_step * element) for axis in loops]),
        y_step=relative([(axis.count, axis.y_step * element) for axis in loops]),
        nbytes=run,
    )
    return COPY_BLOCKS.call(x, y, args=args)


def relative(loops: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Steps of (count, step) loops, less what the loops inside have walked (the innermost one rewinds)."""
    steps: list[int] = []
    for level, (count, step) in enumerate(loops):
        walked = sum((n - 1) * s for n, s in loops[level + 1 : -1])
        steps.append(step - walked if count > 1 else 0)
    return tuple(steps)


def places_of(call: Call) -> tuple[Array, Array, int]:
    """Byte offsets of a copy's blocks from its pointers, in order, in the source and in the target; a block's bytes."""
    args = call.args
    if isinstance(args, CopyArgs):
        return np.zeros(1, np.int64), np.zeros(1, np.int64), args.nbytes
    assert isinstance(args, CopyBlocksArgs)
    found = []
    for relative_steps in (args.x_step, args.y_step):
        at = np.zeros(1, np.int64)
        walked = 0
        for level in reversed(range(LEVELS)):
            step, count = relative_steps[level] + walked, args.count[level]
            at = (np.arange(count, dtype=np.int64)[:, None] * step + at).reshape(-1)
            walked += (count - 1) * step if level < LEVELS - 1 else 0
        found.append(at)
    return found[0], found[1], args.nbytes


def over_the_inputs(
    bind: Callable[[Site[Any]], tuple[Call, ...]],
) -> Callable[[Site[Any]], tuple[Overlap, ...]]:
    """Claims of an operator made of copies: each input may lie where no block is written before it is copied.

    A block and its copy keep apart, since memcpy wants that.
    """

    def overlap(site: Site[Any]) -> tuple[Overlap, ...]:
        moments: dict[int, list[tuple[Array, Array]]] = {}
        written = 0
        for call in bind(site):
            source, target = call.pointers
            assert isinstance(source, Input)
            assert isinstance(target, Output)
            x_at, y_at, nbytes = places_of(call)
            x_at = x_at + source.offset * site.x(source.index).dtype.size
            ends = np.full(len(y_at), written)
            if target.index == 0:
                y_at = y_at + target.offset * site.y().dtype.size
                ends = np.maximum(np.maximum.accumulate(y_at + nbytes), written)
                written = int(ends[-1])
            moments.setdefault(source.index, []).append((ends, x_at))
        return tuple(claim for i, found in moments.items() for claim in useful(site, claim_of(i, found)))

    return overlap


def claim_of(index: int, moments: Sequence[tuple[Array, Array]]) -> Overlap:
    """The claim about an input from its blocks: bytes written when each is done, and where it lies in the input."""
    written, first = (np.concatenate(part) for part in zip(*moments, strict=True))
    unread = np.minimum.accumulate(first[::-1])[::-1]
    return Overlap(input=index, lead=int((written - unread).max()))


def grid(shape: Shape, x_steps: Sequence[int], y_steps: Sequence[int]) -> tuple[Axis, ...]:
    """Axes from a shape and the steps on either side."""
    return tuple(Axis(count=n, x_step=x, y_step=y) for n, x, y in zip(shape, x_steps, y_steps, strict=True))


def slab(whole: TensorType, axis: int, start: int) -> int:
    """Elements before index `start` of `axis` in a dense tensor: where that slab begins."""
    return start * dense_steps(whole.shape)[axis]


def bound_by_operator(site: object) -> tuple[Call, ...]:
    """The operators that use this kernel bind it themselves."""
    raise AssertionError(f"nk_copy_blocks has no operator of its own; got {site!r}")


COPY_BLOCKS_PARAMS = (Param(name="x", ctype="const void"), Param(name="y", ctype="void"))
COPY_BLOCKS = Kernel(
    name="nk_copy_blocks", params=COPY_BLOCKS_PARAMS, args=CopyBlocksArgs, bind=bound_by_operator
)


def block_kernel(bind: Callable[[Site[Any]], tuple[Call, ...]]) -> Kernel:
    """The kernel of an operator that is made of copies."""
    return Kernel(
        name="nk_copy_blocks",
        params=COPY_BLOCKS_PARAMS,
        args=CopyBlocksArgs,
        bind=bind,
        overlap=over_the_inputs(bind),
    )
