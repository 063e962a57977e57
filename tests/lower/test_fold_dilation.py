"""fold-dilation: a dilated convolution of a signal as a plain one of its rows, the same bytes."""

from __future__ import annotations

from textwrap import dedent

import pytest

from netsuke.lower.fold_dilation import FoldDilation
from netsuke.ops.text import parse
from tests.lower.harness import after, canonical, same_function

SIGNAL = """
    graph g
    input x: {dtype}[1,1,{length},2]{q}
    const w: {dtype}[{outputs},1,3,2]{w_q} = [{values}]
    y: {dtype}[1,1,{result},2]{y_q} = {op}(x, w) dilation=(1, 4){padding}
    output y
    """


def signal(op: str, dtype: str, length: int, result: int, padding: str = "") -> str:
    outputs = 2 if op == "conv_2d" else 1
    integer = dtype == "int8"
    values = ", ".join(str(v) if integer else f"{v}.0" for v in range(-6, 6)[: outputs * 6])
    return SIGNAL.format(
        op=op, dtype=dtype, length=length, result=result, padding=padding, outputs=outputs, values=values,
        q=" q(0.5f, 3)" if integer else "", y_q=" q(4.0f, -5)" if integer else "",
        w_q=f" q(0.25f 0.5f, 0 0, axis {0 if op == 'conv_2d' else 3})" if integer else "",
    )  # fmt: skip


@pytest.mark.parametrize("op", ["conv_2d", "depthwise_conv_2d"])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize(
    ("length", "result", "padding"),
    [
        (16, 8, ""),
        (16, 16, " padding=SAME"),
        (16, 16, " padding=EXPLICIT explicit=((0, 0), (8, 0))"),
        (20, 28, " padding=EXPLICIT explicit=((0, 0), (8, 8))"),
    ],
)
def test_rows_of_the_dilation(op: str, dtype: str, length: int, result: int, padding: str) -> None:
    text = signal(op, dtype, length, result, padding)
    got, changes = after(FoldDilation(), text)
    assert changes == ("y takes rows of 4 for its dilation",)
    assert "dilation" not in got
    assert same_function(parse(dedent(text)), parse(got))


@pytest.mark.parametrize(
    ("length", "result", "padding"),
    [(18, 10, ""), (16, 11, " padding=EXPLICIT explicit=((0, 0), (3, 0))"), (16, 4, " stride=(1, 2)")],
)
def test_what_does_not_divide_stays(length: int, result: int, padding: str) -> None:
    text = signal("conv_2d", "int8", length, result, padding)
    assert after(FoldDilation(), text) == (canonical(text), ())
