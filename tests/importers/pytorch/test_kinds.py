"""Networks of many kinds: torch's numbers in float32, integers that stay near them, C that computes the integers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from netsuke.compress.coding import dequantize_outputs, quantize_inputs  # noqa: E402
from netsuke.compress.measure import sqnr_db  # noqa: E402
from netsuke.compress.recipe import Recipe, quantize_by  # noqa: E402
from netsuke.compress.samples import ArraySamples  # noqa: E402
from netsuke.importers.onnx.load import Imported  # noqa: E402
from netsuke.importers.pytorch.load import imported_program  # noqa: E402
from netsuke.ir import Array, DType, Graph  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from netsuke.pipeline import BuildOptions, build  # noqa: E402
from netsuke.prove import Target  # noqa: E402
from netsuke.qat.network import arranged  # noqa: E402
from tests.importers.pytorch.agree import randomised  # noqa: E402
from tests.importers.pytorch.kinds import KINDS, Kind  # noqa: E402

COUNT = 24
MOVES = ("quantize", "dequantize")


def imported(kind: Kind) -> tuple[Any, Imported, list[Any]]:
    torch.manual_seed(0)
    module = randomised(kind.make())
    chance = torch.Generator().manual_seed(1)
    inputs = [
        torch.randint(0, kind.tokens, (COUNT, *s[1:]), generator=chance)
        if kind.tokens
        else torch.randn(COUNT, *s[1:], generator=chance)
        for s in kind.shapes
    ]
    return module, imported_program(module, tuple(x[:1] for x in inputs), "m"), inputs


def samples_of(found: Imported, inputs: Sequence[Any]) -> tuple[Array, ...]:
    arrays = [arranged(x, placed).numpy() for x, placed in zip(inputs, found.inputs, strict=True)]
    return tuple(np.ascontiguousarray(a.astype(np.int32) if a.dtype == np.int64 else a) for a in arrays)


def feeds(graph: Graph, arrays: Sequence[Array], index: int) -> list[Array]:
    return [a[index].reshape(graph.tensors[n].shape) for a, n in zip(arrays, graph.inputs, strict=True)]


def listed(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, (tuple, list)) else [outputs]


@pytest.mark.parametrize("name", KINDS)
def test_float_and_integers(name: str) -> None:
    kind = KINDS[name]
    module, found, inputs = imported(kind)
    arrays = samples_of(found, inputs)
    done = quantize_by(found.graph, ArraySamples(arrays=arrays), Recipe())
    exact, near = [], []
    for i in range(6):
        real = interpret(found.graph, feeds(found.graph, arrays, i)).outputs
        with torch.no_grad():
            wanted = listed(module(*[x[i : i + 1] for x in inputs]))
        for ours, theirs, placed in zip(real, wanted, found.outputs, strict=True):
            np.testing.assert_allclose(
                ours.reshape(-1), arranged(theirs, placed).numpy().reshape(-1), atol=5e-5, rtol=2e-5
            )
        outputs = interpret(done.graph, quantize_inputs(done.graph, feeds(done.graph, arrays, i))).outputs
        exact.append(np.concatenate([y.reshape(-1) for y in real]))
        near.append(np.concatenate([y.reshape(-1) for y in dequantize_outputs(done.graph, outputs)]))
    assert sqnr_db(np.stack(exact), np.stack(near)) > kind.sqnr
    tensors = done.graph.tensors
    floats = {n.op for n in done.graph.nodes if any(tensors[y].dtype is DType.FLOAT32 for y in n.outputs)}
    assert floats - {*MOVES} <= {*kind.floats}


@pytest.mark.parametrize("name", ["tcn", "autoencoder", "gpt", "cbam"])
def test_the_c_computes_the_integers(name: str, tmp_path: Path) -> None:
    _, found, inputs = imported(KINDS[name])
    done = quantize_by(found.graph, ArraySamples(arrays=samples_of(found, inputs)), Recipe())
    options = BuildOptions(targets=(Target.HOST,), runs=2)
    assert build(done.graph, board="nucleo-l4r5zi", out=tmp_path / "out", options=options).exact
