"""fuse-functions: what several operators do to one 8-bit number becomes its table, the same bytes."""

from __future__ import annotations

from textwrap import dedent

from netsuke.lower.fuse_functions import FuseFunctions
from netsuke.ops.text import parse
from tests.lower.harness import after, canonical, same_function

SILU = """
    graph g
    input x: int8[1,4,4,2] q(0.05f, 3)
    s: int8[1,4,4,2] q(0.00390625f, -128) = logistic(x)
    y: int8[1,4,4,2] q(0.03f, -118) = mul(x, s)
    output y
    """


def operators_after(text: str) -> list[str]:
    got, _ = after(FuseFunctions(), text)
    assert same_function(parse(dedent(text)), parse(got))
    return [
        line.split(" = ")[1].split("(")[0]
        for line in got.splitlines()
        if " = " in line and "const" not in line
    ]


def test_x_times_its_sigmoid_is_a_table() -> None:
    got, changes = after(FuseFunctions(), SILU)
    assert changes == ("y is a table of 'x'",)
    assert "y: int8[1,4,4,2] q(0.03f, -118) = lookup(x, y_table)" in got
    assert operators_after(SILU)[-1] == "lookup"


def test_a_chain_of_functions_and_numbers_is_one_table() -> None:
    text = """
        graph g
        input x: int8[2,3] q(0.05f, 3)
        const c: int8[1] q(0.01f, 0) = [70]
        a: int8[2,3] q(0.04f, 0) = mul(x, c)
        b: int8[2,3] q(0.0078125f, 0) = tanh(a)
        y: int8[2,3] q(0.02f, -9) = sub(c, b)
        output y
        """
    got, _ = after(FuseFunctions(), text)
    assert "y: int8[2,3] q(0.02f, -9) = lookup(x, y_table)" in got
    assert operators_after(text)[-1] == "lookup"


def test_other_operands_and_single_functions_stay() -> None:
    of_two = SILU.replace("mul(x, s)", "mul(z, s)").replace(
        "    s: int8", "    input z: int8[1,4,4,2] q(0.05f, 3)\n    s: int8", 1
    )
    several = SILU.replace("mul(x, s)", "mul(x, c)").replace(
        "    s: int8", "    const c: int8[2] q(0.01f, 0) = [3, 4]\n    s: int8", 1
    )
    for text in (of_two, several):
        assert after(FuseFunctions(), text) == (canonical(text), ())


def test_a_function_that_something_else_reads_is_kept_for_it() -> None:
    text = SILU.replace("output y", "output s\n    output y")
    assert operators_after(text) == ["logistic", "lookup"]
