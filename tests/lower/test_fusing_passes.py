"""fold-padding, fuse-activations, merge-requantize: text in, text out, and the same bytes."""

from __future__ import annotations

from netsuke.lower.fold_padding import FoldPadding
from netsuke.lower.fuse_activations import FuseActivations
from netsuke.lower.merge_requantize import MergeRequantize
from tests.lower.harness import after, canonical, expect

PAD_THEN_CONV = """
    graph g
    input x: int8[1,4,4,1] q(0.5f, 3)
    const w: int8[2,3,3,1] q(0.25f 0.5f, 0 0, axis 0) = [1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, -5, 6, 7, 8, 9]
    p: int8[1,7,6,1] q(0.5f, 3) = pad(x) amounts=((0, 0), (1, 2), (2, 0), (0, 0)) value={value}
    y: int8[1,5,4,2] q(8.0f, -5) = conv_2d(p, w)
    output y
    """


def test_padding_goes_into_the_convolution() -> None:
    changes = expect(
        FoldPadding(),
        PAD_THEN_CONV.format(value=3),
        """
        graph g
        input x: int8[1,4,4,1] q(0.5f, 3)
        const w: int8[2,3,3,1] q(0.25f 0.5f, 0 0, axis 0) = [1, 2, 3, 4, 5, 6, 7, 8, 9, -1, -2, -3, -4, -5, 6, 7, 8, 9]
        y: int8[1,5,4,2] q(8.0f, -5) = conv_2d(x, w) padding=EXPLICIT explicit=((1, 2), (2, 0))
        output y
        """,
    )
    assert changes == ("y pads by itself what p padded",)


def test_padding_with_another_value_stays() -> None:
    text = PAD_THEN_CONV.format(value=4)
    assert after(FoldPadding(), text) == (canonical(text), ())


RELU_AFTER_POOL = """
    graph g
    input x: int8[1,4,4,2] q(0.5f, -10)
    p: int8[1,2,2,2] q(0.5f, -10) = max_pool_2d(x) kernel=(2, 2) stride=(2, 2){clamp}
    y: int8[1,2,2,2] q({scale}, -10) = relu6(p)
    output y
    """


def test_an_activation_becomes_a_clamp() -> None:
    expect(
        FuseActivations(),
        RELU_AFTER_POOL.format(clamp="", scale="0.5f"),
        """
        graph g
        input x: int8[1,4,4,2] q(0.5f, -10)
        y: int8[1,2,2,2] q(0.5f, -10) = max_pool_2d(x) kernel=(2, 2) stride=(2, 2) clamp=(-10, 2) @p
        output y
        """,
    )


def test_clamps_meet() -> None:
    got, _ = after(FuseActivations(), RELU_AFTER_POOL.format(clamp=" clamp=(-40, -3)", scale="0.5f"))
    assert "clamp=(-10, -3)" in got


def test_an_activation_that_requantizes_stays() -> None:
    text = RELU_AFTER_POOL.format(clamp="", scale="0.25f")
    assert after(FuseActivations(), text) == (canonical(text), ())


def test_requantization_to_the_same_scale_goes() -> None:
    expect(
        MergeRequantize(),
        """
        graph g
        input x: int8[1,4] q(0.5f, 3)
        a: int8[1,4] q(0.5f, 3) = quantize(x)
        y: int8[1,4] q(0.25f, -7) = quantize(a)
        output y
        """,
        """
        graph g
        input x: int8[1,4] q(0.5f, 3)
        y: int8[1,4] q(0.25f, -7) = quantize(x)
        output y
        """,
    )


def test_there_and_back_through_float_goes() -> None:
    got, changes = after(
        MergeRequantize(),
        """
        graph g
        input x: int8[1,4,4,2] q(0.3f, 3)
        f: float32[1,4,4,2] = dequantize(x)
        q: int8[1,4,4,2] q(0.3f, 3) = quantize(f)
        y: int8[1,2,2,2] q(0.3f, 3) = max_pool_2d(q) kernel=(2, 2) stride=(2, 2)
        output y
        """,
    )
    assert changes
    assert got.count("quantize(x)") == 0 or "q:" not in got


def test_two_steps_that_are_not_one_stay() -> None:
    """Down to 16 levels and up again loses values: one step would not."""
    text = """
        graph g
        input x: int8[1,4] q(0.1f, 0)
        a: int8[1,4] q(1.6f, 0) = quantize(x)
        y: int8[1,4] q(0.1f, 0) = quantize(a)
        output y
        """
    assert after(MergeRequantize(), text) == (canonical(text), ())
