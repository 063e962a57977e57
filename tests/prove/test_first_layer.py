"""A kernel that computes something else is found out, and its layer named."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from netsuke.ir import DType, Graph, Node, Quantization, Tensor
from netsuke.ops import operators
from netsuke.ops.geometry import Padding
from netsuke.ops.kernel import Call, Kernel
from netsuke.ops.operator import Site
from netsuke.ops.pool import Pool2d
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target
from netsuke.prove.stimuli import random_inputs


def chain() -> Graph:
    """Three max pools, one after the other."""
    quantization = Quantization.per_tensor(0.5, 3)
    names = ["image", "first", "second", "third"]
    tensors = {
        n: Tensor(name=n, shape=(1, 6, 6, 2), dtype=DType.INT8, quantization=quantization) for n in names
    }
    args = Pool2d(kernel=(2, 2), stride=(1, 1), padding=Padding.SAME)
    nodes = tuple(
        Node(op="max_pool_2d", name=b, inputs=(a,), outputs=(b,), args=args) for a, b in pairwise(names)
    )
    return Graph(name="chain", tensors=tensors, nodes=nodes, inputs=("image",), outputs=("third",))


@pytest.fixture
def broken_second_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever kernel computes the node called 'second' is told that its window is one pixel."""
    pool = operators()["max_pool_2d"]

    def broken_kernel(kernel: Kernel) -> Kernel:
        def bind(site: Site) -> tuple[Call, ...]:
            calls = kernel.bind(site)
            if site.node.name != "second":
                return calls
            return tuple(replace(c, args=replace(c.args, kernel_h=1, kernel_w=1)) for c in calls)

        return replace(kernel, bind=bind)

    broken = replace(pool, kernels=tuple(map(broken_kernel, pool.kernels)))
    monkeypatch.setitem(operators(), "max_pool_2d", broken)


@pytest.mark.usefixtures("broken_second_layer")
@pytest.mark.parametrize("target", [Target.HOST, Target.EMULATOR])
def test_the_layer_is_named(target: Target, tmp_path: Path) -> None:
    result = build(
        chain(), board="nucleo-l4r5zi", out=tmp_path / "out", options=BuildOptions(targets=(target,))
    )
    assert not result.exact
    assert result.first_difference is not None
    assert (
        "the first layer that differs is 'second' (max_pool_2d, kernel nk_max_pool_2d_s8"
        in result.first_difference
    )
    assert "output 'third'" in result.first_difference


@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_an_exact_build_says_so(optimize: str, tmp_path: Path) -> None:
    options = BuildOptions(optimize=optimize)
    result = build(chain(), board="nucleo-l4r5zi", out=tmp_path / "out", options=options)
    assert result.exact
    assert result.first_difference is None
    assert result.inputs_compared == 3


def test_random_inputs_are_repeatable_and_cover_the_range() -> None:
    once, again = random_inputs(chain(), 6, seed=4), random_inputs(chain(), 6, seed=4)
    for a, b in zip(once, again, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
    everything = np.concatenate([x[0].reshape(-1) for x in random_inputs(chain(), 60, seed=0)])
    assert everything.min() == -128
    assert everything.max() == 127
