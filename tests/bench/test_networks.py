"""The networks with random weights: their shapes, and what RAM they run in on the emulated Cortex-M4."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from netsuke.bench.networks import mcunet, mobilenet_v2
from netsuke.ir import Graph, verify
from netsuke.pipeline import BuildOptions, build
from netsuke.prove import Target, expected_vectors, random_inputs


@pytest.mark.parametrize(("make", "layers", "pixels"), [(mobilenet_v2, 65, 144), (mcunet, 60, 176)])
def test_a_network_is_what_it_says(make: Callable[..., Graph], layers: int, pixels: int) -> None:
    graph = make()
    verify(graph)
    assert len(graph.nodes) == layers
    assert graph.tensors[graph.inputs[0]].shape == (1, pixels, pixels, 3)
    assert graph.tensors[graph.outputs[0]].shape == (1, 10)
    same = make()
    for name, tensor in graph.tensors.items():
        if tensor.data is not None:
            assert np.array_equal(tensor.data, same.tensors[name].data)


@pytest.mark.parametrize("make", [partial(mobilenet_v2, 48), partial(mcunet, 48)])
def test_scores_depend_on_the_image(make: Callable[[], Graph]) -> None:
    graph = make()
    scores = [vector.outputs[0] for vector in expected_vectors(graph, random_inputs(graph, 2, 0))]
    assert not np.array_equal(*scores)
    assert len(np.unique(scores[0])) > 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "ram", "pushed"),
    [
        (partial(mobilenet_v2, 144, 1), 64 * 1024, False),
        (partial(mobilenet_v2, 144, 1), 32 * 1024, False),
        (partial(mobilenet_v2, 144, 3), 32 * 1024, True),
        (partial(mcunet, 176, 3), 64 * 1024, True),
        (partial(mcunet, 144, 1), 32 * 1024, False),
    ],
)
def test_a_network_fits_its_budget(make: Callable[[], Graph], ram: int, pushed: bool, tmp_path: Path) -> None:
    """One image, its bytes held against the reference; without pushed rows the image is in the arena too."""
    result = build(
        make(),
        board="nucleo-l4r5zi",
        out=tmp_path / "out",
        options=BuildOptions(ram=ram, push_rows=pushed, runs=1, targets=(Target.EMULATOR,)),
    )
    assert result.exact
    assert result.arena_bytes <= ram
    if not pushed and ram < 40_000:
        tiles = [layer.stream for layer in result.layers if layer.stream is not None and layer.stream.grid]
        assert tiles, "row streams alone do not fit beside the image"
        assert all(1 <= stream.recompute <= 3 for stream in tiles)
