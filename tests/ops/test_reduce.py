"""SUM of integers: LiteRT's reference kernel reads them as uint8, so its optimised one is the oracle here."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from netsuke.exporters import tflite
from netsuke.ir import Array
from netsuke.ops.interpret import interpret
from netsuke.ops.registry import site
from tests.ops.case import Case
from tests.ops.cases_reduce import cases

INTEGER_SUMS = [case for case in cases() if case.graph.nodes[0].op == "sum" and not case.oracle]


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


def draw(case: Case, seed: int) -> Array:
    """Random elements over the type's whole range."""
    x = case.graph.tensors["x0"]
    low, high = x.dtype.range
    values: Array = np.random.default_rng(seed).integers(low, high, x.shape, x.dtype.numpy, endpoint=True)
    return values


def test_integer_sums_equal_the_optimised_kernel() -> None:
    assert len(INTEGER_SUMS) > 100
    for seed, case in enumerate(INTEGER_SUMS):
        x = draw(case, seed)
        theirs = litert(case, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES, x)
        np.testing.assert_array_equal(interpret(case.graph, [x]).outputs[0], theirs, err_msg=case.id)


def test_the_reference_kernel_reads_int8_as_uint8() -> None:
    """The reason for not using it: when this fails LiteRT is mended, and the cases can have their oracle."""
    case = next(case for case in INTEGER_SUMS if site(case.graph, case.graph.nodes[0]).x().dtype.size == 1)
    x = np.full(case.graph.tensors["x0"].shape, -1, dtype=np.int8)
    ours = interpret(case.graph, [x]).outputs[0]
    theirs = litert(case, OpResolverType.BUILTIN_REF, x)
    assert (ours != theirs).any()


@pytest.mark.parametrize("op", ["mean", "sum"])
def test_the_shapes_cover_every_loop_of_the_kernels(op: str) -> None:
    deep = [
        case for case in cases() if case.graph.nodes[0].op == op and len(case.graph.tensors["x0"].shape) == 6
    ]
    assert len(deep) >= 8
