"""remove-unused, fold-constants, simplify-reshapes, separate-outputs: text in, text out."""

from __future__ import annotations

from netsuke.lower.fold_constants import FoldConstants
from netsuke.lower.remove_unused import RemoveUnused
from netsuke.lower.separate_outputs import SeparateOutputs
from netsuke.lower.simplify_reshapes import SimplifyReshapes
from tests.lower.harness import after, canonical, expect


def test_a_node_that_nobody_reads_goes() -> None:
    changes = expect(
        RemoveUnused(),
        """
        graph g
        input x: int8[1,4,4,2] q(0.5f, 3)
        a: int8[1,2,2,2] q(0.5f, 3) = max_pool_2d(x) kernel=(2, 2) stride=(2, 2)
        b: int8[1,4,4,2] q(0.5f, 3) = max_pool_2d(x) kernel=(1, 1) stride=(1, 1)
        c: int8[1,2,2,2] q(0.5f, 3) = max_pool_2d(b) kernel=(2, 2) stride=(2, 2)
        output a
        """,
        """
        graph g
        input x: int8[1,4,4,2] q(0.5f, 3)
        a: int8[1,2,2,2] q(0.5f, 3) = max_pool_2d(x) kernel=(2, 2) stride=(2, 2)
        output a
        """,
    )
    assert changes == ("removed b (max_pool_2d): nobody reads it", "removed c (max_pool_2d): nobody reads it")


def test_a_state_keeps_its_producer() -> None:
    text = """
        graph g
        state s: int8[1,4] q(0.5f, 0) = fill(0)
        input x: int8[1,2,2] q(0.5f, 0)
        flat: int8[1,4] q(0.5f, 0) = reshape(x) shape=(1, 4)
        old: int8[1,4] q(0.5f, 0) = read_variable() variable="s"
        assign_variable(flat) variable="s"
        output old
        """
    assert after(RemoveUnused(), text) == (canonical(text), ())


def test_a_state_that_is_only_read_in_vain_goes() -> None:
    expect(
        RemoveUnused(),
        """
        graph g
        state s: int8[1,4] q(0.5f, 0) = fill(0)
        input x: int8[1,4] q(0.5f, 0)
        old: int8[1,4] q(0.5f, 0) = read_variable() variable="s"
        y: int8[4] q(0.5f, 0) = reshape(x) shape=(4,)
        output y
        """,
        """
        graph g
        input x: int8[1,4] q(0.5f, 0)
        y: int8[4] q(0.5f, 0) = reshape(x) shape=(4,)
        output y
        """,
    )


def test_what_depends_on_constants_is_computed() -> None:
    got, changes = after(
        FoldConstants(),
        """
        graph g
        input x: int8[1,4] q(0.5f, 0)
        const k: int8[2,2] q(0.5f, 0) = [1, 2, 3, 4]
        flat: int8[1,4] q(0.5f, 0) = reshape(k) shape=(1, 4)
        y: int8[2,4] q(0.5f, 0) = concatenation(x, flat) axis=0
        output y
        """,
    )
    assert "reshape" not in got
    assert "const flat: int8[1,4]" in got
    assert changes == ("computed flat (reshape) at build time",)


def test_a_large_result_is_left_to_run_time() -> None:
    text = """
        graph g
        input x: int8[1,4] q(0.5f, 0)
        const k: int8[2,2] q(0.5f, 0) = [1, 2, 3, 4]
        flat: int8[1,4] q(0.5f, 0) = reshape(k) shape=(1, 4)
        y: int8[2,4] q(0.5f, 0) = concatenation(x, flat) axis=0
        output y
        """
    assert after(FoldConstants(largest=3), text) == (canonical(text), ())


def test_reshapes_merge_and_vanish() -> None:
    expect(
        SimplifyReshapes(),
        """
        graph g
        input x: int8[1,4,4,2] q(0.5f, 3)
        a: int8[1,32] q(0.5f, 3) = reshape(x) shape=(1, 32)
        b: int8[1,8,2,2] q(0.5f, 3) = reshape(a) shape=(1, 8, 2, 2)
        c: int8[1,8,2,2] q(0.5f, 3) = reshape(b) shape=(1, 8, 2, 2)
        y: int8[1,4,1,2] q(0.5f, 3) = max_pool_2d(c) kernel=(2, 2) stride=(2, 2)
        output y
        """,
        """
        graph g
        input x: int8[1,4,4,2] q(0.5f, 3)
        b: int8[1,8,2,2] q(0.5f, 3) = reshape(x) shape=(1, 8, 2, 2)
        y: int8[1,4,1,2] q(0.5f, 3) = max_pool_2d(b) kernel=(2, 2) stride=(2, 2)
        output y
        """,
    )


def test_a_reshape_to_the_output_is_not_lost() -> None:
    text = """
        graph g
        input x: int8[1,4] q(0.5f, 3)
        y: int8[1,4] q(0.5f, 3) = reshape(x) shape=(1, 4)
        output y
        """
    assert after(SimplifyReshapes(), text) == (canonical(text), ())


def test_outputs_get_values_of_their_own() -> None:
    got, changes = after(
        SeparateOutputs(),
        """
        graph g
        input x: int8[1,4] q(0.5f, 3)
        y: int8[4] q(0.5f, 3) = reshape(x) shape=(4,)
        output x
        output y
        output y
        """,
    )
    assert changes == ("output 'x' gets a copy of its own", "output 'y' gets a copy of its own")
    assert got.count("reshape") == 3
