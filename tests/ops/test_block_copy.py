"""The grid of a strided copy: as few loops as can be, and every element where it belongs."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsuke.errors import GraphError
from netsuke.ops.block_copy import Axis, CopyBlocksArgs, collapsed, copy_blocks, dense_steps, grid
from netsuke.ops.kernel import Call, Input, Output
from netsuke.ops.state import CopyArgs


def call(axes: tuple[Axis, ...], element: int = 1) -> Call:
    """The call of a whole input and output."""
    return copy_blocks(Input(index=0), Output(index=0), axes, element)


def places(axes: tuple[Axis, ...]) -> list[tuple[int, int]]:
    """(source, target) offsets of the elements in the order of the grid."""
    counters = product(*(range(axis.count) for axis in axes))
    return [
        (
            sum(i * axis.x_step for i, axis in zip(index, axes, strict=True)),
            sum(i * axis.y_step for i, axis in zip(index, axes, strict=True)),
        )
        for index in counters
    ]


def walked(args: CopyBlocksArgs) -> list[tuple[int, int]]:
    """(source, target) byte offsets of the blocks that the kernel copies, by its own steps."""
    found = []
    x = y = 0
    index = [0] * 5
    level = 0
    while level >= 0:
        found += [(x + i * args.x_step[5], y + i * args.y_step[5]) for i in range(args.count[5])]
        level = 4
        while level >= 0:
            index[level] += 1
            if index[level] < args.count[level]:
                x, y = x + args.x_step[level], y + args.y_step[level]
                break
            index[level] = 0
            level -= 1
    return found


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=6).flatmap(
        lambda s: st.tuples(st.just(s), st.permutations(range(len(s))))
    )
)
def test_merging_keeps_every_element_in_its_place(drawn: tuple[list[int], list[int]]) -> None:
    shape, perm = drawn
    steps = dense_steps(tuple(shape))
    turned = tuple(shape[axis] for axis in perm)
    axes = grid(turned, [steps[axis] for axis in perm], dense_steps(turned))
    assert places(collapsed(axes)) == places(axes)
    made = call(axes)
    if isinstance(made.args, CopyArgs):
        assert places(axes) == [(i, i) for i in range(made.args.nbytes)]
        return
    assert isinstance(made.args, CopyBlocksArgs)
    run = made.args.nbytes
    assert [(x + i, y + i) for x, y in walked(made.args) for i in range(run)] == places(axes)


def test_a_dense_tensor_is_one_run() -> None:
    steps = dense_steps((2, 3, 4))
    assert call(grid((2, 3, 4), steps, steps), element=4).args == CopyArgs(nbytes=96)


def test_rows_of_a_wider_tensor_are_one_loop_of_runs() -> None:
    made = call(grid((5, 3, 4), dense_steps((5, 3, 4)), dense_steps((5, 7, 4))), element=2).args
    assert isinstance(made, CopyBlocksArgs)
    assert made.nbytes == 24
    assert made.count == (1, 1, 1, 1, 1, 5)
    assert (made.x_step[5], made.y_step[5]) == (24, 56)


def test_more_loops_than_the_kernel_has_are_refused() -> None:
    axes = tuple(Axis(count=2, x_step=3**i, y_step=5**i) for i in range(7, 0, -1))
    with pytest.raises(GraphError, match="got a copy over 7 separate dimensions; at most 6 are possible"):
        call(axes)
