"""SUM of integers has no oracle for all inputs: LiteRT's reference kernel reads int8 and int16 as uint8.

What it computes is the template of MEAN with another multiplier, and TFLite Micro runs that template with the
right type. So ours is held against the reference kernel to the bit where both readings are one, on int8 from
0 to 127; and over the whole range against LiteRT's optimised kernel, which scales the sum in float and may
round the other way.
"""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from netsuke.exporters import tflite
from netsuke.ir import Array, DType
from netsuke.ops.interpret import interpret
from tests.ops.case import Case
from tests.ops.cases_reduce import cases

INTEGER_SUMS = tuple(case for case in cases() if case.graph.nodes[0].op == "sum" and not case.oracle)
INT8_SUMS = tuple(case for case in INTEGER_SUMS if case.graph.tensors["x0"].dtype is DType.INT8)


def litert(case: Case, resolver: OpResolverType, x: Array) -> Array:
    """The output of one set of LiteRT's kernels."""
    interpreter = Interpreter(
        model_content=tflite.write(case.graph), experimental_op_resolver_type=resolver, num_threads=1
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    result: Array = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return result


def draw(case: Case, low: int, seed: int) -> Array:
    """Random elements from `low` to the type's highest."""
    x = case.graph.tensors["x0"]
    high = x.dtype.range[1]
    values: Array = np.random.default_rng(seed).integers(low, high, x.shape, x.dtype.numpy, endpoint=True)
    return values


def test_where_int8_and_uint8_are_one_sums_equal_the_reference_kernel() -> None:
    compared = 0
    for seed, case in enumerate(INT8_SUMS):
        x = draw(case, 0, seed)
        ours = interpret(case.graph, [x]).outputs[0]
        theirs = litert(case, OpResolverType.BUILTIN_REF, x).view(np.uint8)
        unclamped = (theirs > 0) & (theirs < 127)
        np.testing.assert_array_equal(ours[unclamped], theirs[unclamped].astype(np.int8), err_msg=case.id)
        compared += int(unclamped.sum())
    assert compared > 100


def test_over_the_whole_range_sums_are_within_1_of_the_optimised_kernel() -> None:
    elements = different = 0
    for seed, case in enumerate(INTEGER_SUMS):
        x = draw(case, case.graph.tensors["x0"].dtype.range[0], seed)
        theirs = litert(case, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, x).astype(np.int64)
        apart = np.abs(interpret(case.graph, [x]).outputs[0] - theirs)
        assert apart.max() <= 1, case.id
        elements += apart.size
        different += int(apart.sum())
    assert elements > 1000
    assert different <= elements // 100


def test_the_reference_kernel_reads_int8_as_uint8() -> None:
    """The reason for this file: when this fails LiteRT is mended, and the cases can have their oracle."""
    case = INT8_SUMS[0]
    x = np.full(case.graph.tensors["x0"].shape, -1, dtype=np.int8)
    ours = interpret(case.graph, [x]).outputs[0]
    assert (ours != litert(case, OpResolverType.BUILTIN_REF, x)).all()


@pytest.mark.parametrize("op", ["mean", "sum", "reduce_max"])
def test_the_cases_run_every_loop_of_the_kernels(op: str) -> None:
    """Three loops over kept dimensions and three over reduced ones."""
    shapes = {
        case.graph.nodes[0].args.axes  # type: ignore[attr-defined]
        for case in cases()
        if case.graph.nodes[0].op == op and len(case.graph.tensors["x0"].shape) == 6
    }
    assert {(0, 2, 4), (1, 3, 5)} <= shapes
