"""Float graphs in fewer operators: the same numbers, and the operators that were wanted."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest

from netsuke.importers.simplify import simplified
from netsuke.ir import Graph
from netsuke.ir.verify import verify
from netsuke.ops.interpret import interpret
from netsuke.ops.text import parse


def checked(text: str, operators: list[str], atol: float = 1e-5) -> Graph:
    """The simplified graph, which computes the same on random inputs."""
    before = parse(dedent(text))
    after = simplified(before)
    verify(after)
    random = np.random.default_rng(0)
    for _ in range(3):
        feeds = [random.normal(size=before.tensors[n].shape).astype(np.float32) for n in before.inputs]
        for wanted, got in zip(
            interpret(before, feeds).outputs, interpret(after, feeds).outputs, strict=True
        ):
            np.testing.assert_allclose(got, wanted, atol=atol, rtol=1e-5)
    assert [n.op for n in after.nodes] == operators
    return after


LAYER = """
    graph g
    input x: float32[1,4,4,2]
    const w: float32[2,1,1,2] = [1.0, 2.0, -3.0, 0.5f]
    const a: float32[1,1,1,2] = [2.0, -0.5f]
    const b: float32[2] = [0.25f, 4.0]
    """


def test_behind_a_layer_it_goes_into_the_weights() -> None:
    graph = checked(
        LAYER
        + """
    c: float32[1,4,4,2] = conv_2d(x, w)
    m: float32[1,4,4,2] = mul(c, a)
    y: float32[1,4,4,2] = add(m, b) clamp=(0.0, 3.4028235e+38f)
    output y
    """,
        ["conv_2d"],
    )
    assert graph.nodes[0].outputs == ("y",)


def test_before_layers_too() -> None:
    checked(
        LAYER
        + """
    m: float32[1,4,4,2] = mul(x, a)
    s: float32[1,4,4,2] = sub(b, m)
    y: float32[1,4,4,2] = conv_2d(s, w)
    z: float32[1,4,4,2] = conv_2d(s, w, b)
    output y
    output z
    """,
        ["conv_2d", "conv_2d"],
    )


def test_a_shift_does_not_pass_padding_but_a_factor_does() -> None:
    padded = (
        LAYER
        + """
    const k: float32[1,3,3,2] = fill(0.5f)
    m: float32[1,4,4,2] = mul(x, a)
    s: float32[1,4,4,2] = {step}
    y: float32[1,4,4,2] = depthwise_conv_2d(s, k) padding=SAME
    output y
    """
    )
    checked(padded.format(step="add(m, b)"), ["depthwise_conv_2d", "depthwise_conv_2d"])
    checked(padded.format(step="div(m, b)"), ["depthwise_conv_2d"])


def test_what_others_read_stays() -> None:
    checked(
        LAYER
        + """
    c: float32[1,4,4,2] = conv_2d(x, w)
    y: float32[1,4,4,2] = mul(c, a)
    output c
    output y
    """,
        ["conv_2d", "mul"],
    )


@pytest.mark.parametrize("shape", ["3,2", "1,3,2"])
def test_rows_become_an_image(shape: str) -> None:
    checked(
        f"""
    graph g
    input x: float32[{shape}]
    const a: float32[2] = [2.0, -0.5f]
    const b: float32[2] = [0.25f, 4.0]
    m: float32[{shape}] = mul(x, a)
    y: float32[{shape}] = add(m, b)
    output y
    """,
        ["reshape", "depthwise_conv_2d", "reshape"],
    )


def test_nothing_is_removed() -> None:
    checked(
        """
    graph g
    input x: float32[3,2]
    const one: float32[1] = [1.0]
    const none: float32[1] = [0.0]
    n: float32[3,2] = normalize(x) axes=(1,) epsilon=0.1f
    m: float32[3,2] = mul(n, one)
    a: float32[3,2] = add(m, none)
    y: float32[3,2] = relu(a)
    output y
    """,
        ["normalize", "relu"],
    )


NORM = """
    graph g
    input x: float32[2,3,8]
    const e: float32[1] = [1e-05f]
    {centre}
    q: float32[2,3,8] = {square}
    v: float32[2,3,1] = {reduction}(q) axes=(2,) keep_dims=True
    w: float32[2,3,1] = add(v, e)
    {root}
    output y
    """
MEAN = "m: float32[2,3,1] = mean(x) axes=(2,) keep_dims=True\n    d: float32[2,3,8] = sub(x, m)"
QUOTIENT = "r: float32[2,3,1] = sqrt(w)\n    y: float32[2,3,8] = div({0}, r)"
PRODUCT = "r: float32[2,3,1] = rsqrt(w)\n    y: float32[2,3,8] = mul(r, {0})"


@pytest.mark.parametrize("root", [QUOTIENT, PRODUCT])
@pytest.mark.parametrize("square", ["mul(d, d)", "square(d)", "squared_difference(x, m)"])
def test_a_layer_norm_that_is_written_out(root: str, square: str) -> None:
    text = NORM.format(centre=MEAN, square=square, reduction="mean", root=root.format("d"))
    graph = checked(text, ["normalize"], atol=1e-4)
    assert graph.nodes[0].args.centred  # type: ignore[attr-defined]


@pytest.mark.parametrize("root", [QUOTIENT, PRODUCT])
def test_root_mean_square_and_length(root: str) -> None:
    for reduction, operators in (("mean", ["normalize"]), ("sum", ["normalize", "mul"])):
        text = NORM.format(centre="", square="mul(x, x)", reduction=reduction, root=root.format("x"))
        assert not checked(text, operators, atol=1e-4).nodes[0].args.centred  # type: ignore[attr-defined]


def test_a_quotient_by_the_spread_of_something_else_stays() -> None:
    text = NORM.format(centre=MEAN, square="square(x)", reduction="mean", root=QUOTIENT.format("d"))
    checked(text, ["mean", "sub", "square", "mean", "add", "sqrt", "div"])
