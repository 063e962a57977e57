"""What a measurement is kept under: everything that a count hangs on, and nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from netsuke.ops.kernel import Constant
from netsuke.ops.program import Step
from netsuke.tune import keys
from netsuke.tune.keys import kernel_key, layer_key
from tests.tune.samples import steps


@pytest.fixture
def step() -> Step:
    return next(some[0] for some in steps().values() if some[0].node.op == "conv_2d")


def with_constant(step: Step, change: object) -> Step:
    """The step with its first constant changed."""
    call = step.calls[0]
    at = next(i for i, p in enumerate(call.pointers) if isinstance(p, Constant))
    old = call.pointers[at]
    assert isinstance(old, Constant)
    new = dataclasses.replace(old, data=np.ascontiguousarray(change(old.data)))  # type: ignore[operator]
    pointers = (*call.pointers[:at], new, *call.pointers[at + 1 :])
    return dataclasses.replace(step, calls=(dataclasses.replace(call, pointers=pointers),))


def test_values_of_weights_are_not_in_it_but_their_number_is(step: Step) -> None:
    assert layer_key(with_constant(step, lambda w: w // 2)) == layer_key(step)
    assert layer_key(with_constant(step, lambda w: w.reshape(-1)[:-1])) != layer_key(step)


def test_the_argument_struct_is_in_it(step: Step) -> None:
    call = step.calls[0]
    args = dataclasses.replace(call.args, channels=call.args.channels + 1)  # type: ignore[attr-defined, call-arg]
    other = dataclasses.replace(step, calls=(dataclasses.replace(call, args=args),))
    assert layer_key(other) != layer_key(step)


def test_the_c_is_in_it_but_not_its_comments(step: Step) -> None:
    text = "int nk_f(int x) { return x; }"
    same = "/* says\n what */ int nk_f(int x) {\n  return x; // it\n}"
    assert keys._c_digest("nk_f", same.replace("\n", " \n")) == keys._c_digest("nk_f", same)
    assert keys._c_digest("nk_f", text) == keys._c_digest(
        "nk_f", "/* */" + text.replace("{", "{ /* a */").strip()
    )
    assert keys._c_digest("nk_f", text) != keys._c_digest("nk_f", text.replace("return x", "return 1"))


def test_kernels_differ(step: Step) -> None:
    kernels = {s.kernel.name: s.kernel for some in steps().values() for s in some}
    assert len({kernel_key(kernel) for kernel in kernels.values()}) == len(kernels)
