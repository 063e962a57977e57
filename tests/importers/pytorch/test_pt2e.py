"""torchao's quantised programs: integers stay integers, with torch's own scales, and give torch's values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchao")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torchao.quantization.pt2e.quantizer.x86_inductor_quantizer import (  # noqa: E402
    X86InductorQuantizer,
    get_default_x86_inductor_quantization_config,
)

import netsuke  # noqa: E402
from netsuke.compress.coding import dequantize_outputs, quantize_inputs  # noqa: E402
from netsuke.errors import UnsupportedModel  # noqa: E402
from netsuke.ir import DType, Graph  # noqa: E402
from netsuke.ops.interpret import interpret  # noqa: E402
from netsuke.pipeline import BuildOptions, build  # noqa: E402
from tests.importers.pytorch.agree import channels_last  # noqa: E402
from tests.importers.pytorch.pt2e import Small, activations, converted, kind_of, weights  # noqa: E402

IMAGE = (1, 3, 9, 11)
"""Sizes that tell which layout it is."""


class Fn(nn.Module):
    """A layer, and a function of it."""

    def __init__(self, layers: dict[str, nn.Module], fn: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.fn = fn
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fn(self, x)


def loaded(model: Any, x: torch.Tensor) -> Graph:
    """The graph of a converted module."""
    return netsuke.load(model, (x[:1],)).graph


def steps_apart(graph: Graph, model: Any, x: torch.Tensor) -> int:
    """The largest difference from torch's simulation, in steps of the output's scale."""
    worst, (name,) = 0, graph.outputs
    for sample in x:
        with torch.no_grad():
            wanted = model(sample[None]).numpy()
        feed = channels_last(sample[None].numpy(), graph.tensors[graph.inputs[0]].shape)
        ours = dequantize_outputs(graph, interpret(graph, quantize_inputs(graph, [feed])).outputs)[0]
        difference = np.abs(ours - channels_last(wanted, ours.shape)) / graph.tensors[name].scale
        worst = max(worst, int(np.rint(difference.max())))
    return worst


def codings(graph: Graph) -> set[tuple[float, int]]:
    """Scale and zero point of every computed tensor."""
    found = [t for t in graph.tensors.values() if t.quantization is not None and t.data is None]
    return {(t.scale, t.zero_point) for t in found}


def torch_codings(model: Any) -> set[tuple[float, int]]:
    """Of every quantize_per_tensor, as int8."""
    calls = [n for n in model.graph.nodes if kind_of(n) == "quantize_per_tensor"]
    return {
        (float(np.float32(n.args[1])), n.args[2] - (128 if n.args[5] is torch.uint8 else 0)) for n in calls
    }


def check(
    module: nn.Module,
    shape: tuple[int, ...],
    ops: list[str],
    quantizer: Any = None,
    within: int = 1,
    **more: Any,
) -> Graph:
    """Integers throughout, these operators, torch's parameters, torch's values to a step or two."""
    model, x = converted(module, shape, quantizer or Small(), **more)
    graph = loaded(model, x)
    assert [n.op for n in graph.nodes if n.op != "reshape"] == ops
    assert {t.dtype for t in graph.tensors.values()} <= {DType.INT8, DType.INT32}
    assert codings(graph) <= torch_codings(model)
    assert steps_apart(graph, model, x) <= within
    return graph


class Residual(nn.Module):
    """Convolutions of all kinds, a sum, a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU6())
        self.point = nn.Conv2d(8, 8, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.first(x)
        return torch.cat([F.relu(a + self.point(self.depthwise(a))), a], 1)


CONV, LINEAR = "conv_2d", "fully_connected"
torch.manual_seed(0)
NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...], list[str]]] = {
    "residual": (Residual(), IMAGE, [CONV, "depthwise_conv_2d", CONV, "add", "concatenation"]),
    "pools": (
        nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 4)),
        IMAGE, [CONV, "max_pool_2d", "average_pool_2d", LINEAR],
    ),
    "signal": (nn.Sequential(nn.Conv1d(4, 6, 3), nn.ReLU()), (1, 4, 9), [CONV]),
    "rows": (nn.Sequential(nn.Linear(6, 7, bias=False), nn.ReLU(), nn.Linear(7, 5)), (1, 4, 6), [LINEAR, LINEAR]),
    "hardswish": (nn.Sequential(nn.Linear(6, 5), nn.Hardswish()), (1, 6), [LINEAR, "hard_swish"]),
}  # fmt: skip


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("name", NETWORKS)
def test_integers_with_torchs_parameters(name: str) -> None:
    module, shape, ops = NETWORKS[name]
    quantizer = Small(fused=tuple(f for f in Small().fused if f != "hardswish"))
    check(module, shape, ops, quantizer, within=1 if len(ops) == 1 else 2)


def test_unsigned_activations() -> None:
    check(Residual(), IMAGE, NETWORKS["residual"][2], Small(act=activations(torch.uint8)), within=2)


def test_one_scale_for_all_weights() -> None:
    check(*NETWORKS["rows"], Small(weight=weights(False)), within=2)


def test_fewer_integers_than_the_type_has_are_a_clamp() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 1))
    model, x = converted(module, IMAGE, Small(act=activations(torch.uint8, 0, 127)))
    graph = loaded(model, x)
    assert [n.args.clamp for n in graph.nodes if n.op == "conv_2d"][-1] == (-128, -1)
    assert codings(graph) <= torch_codings(model)
    assert steps_apart(graph, model, 3 * x) <= 1


def test_weights_and_biases_are_torchs() -> None:
    model, x = converted(nn.Linear(6, 5), (1, 6), Small())
    graph = loaded(model, x)
    layer = graph.nodes[-1]
    w, b = (graph.tensors[name] for name in layer.inputs[1:])
    np.testing.assert_array_equal(w.data, model._frozen_param0.numpy())
    scales = np.asarray(w.quantization.scale, np.float32)
    np.testing.assert_array_equal(scales, model._scale_0.numpy())
    wanted = model.bias.detach().numpy() / (np.float32(graph.tensors[graph.inputs[0]].scale) * scales)
    np.testing.assert_array_equal(b.data, np.rint(wanted.astype(np.float64)))


def test_a_fused_hardswish_is_integers_with_a_scale_of_its_own() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Hardswish(), nn.Conv2d(8, 4, 1))
    model, x = converted(module, IMAGE, Small())
    graph = loaded(model, x)
    assert [n.op for n in graph.nodes] == ["conv_2d", "hard_swish", "conv_2d"]
    between = graph.tensors[graph.nodes[0].outputs[0]]
    assert between.scale * (-128 - between.zero_point) == pytest.approx(-3, abs=between.scale)
    assert codings(graph) - {(between.scale, between.zero_point)} <= torch_codings(model)
    assert steps_apart(graph, model, x) <= 2


@pytest.mark.slow  # torchao matches its patterns for a minute
def test_trained_with_fake_quantisation() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 4),
    )  # fmt: skip
    quantizer = Small(act=activations(torch.uint8, qat=True), weight=weights(qat=True))
    # A step of all means is 17 of the output here.
    check(module, IMAGE, ["conv_2d", "mean", "fully_connected"], quantizer, within=4, qat=True)


def test_a_part_stays_in_float() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.SiLU(), nn.Conv2d(8, 4, 1))
    model, x = converted(module, IMAGE, Small(floats=("conv2d_1", "silu")))
    graph = loaded(model, x)
    floats = [n.op for n in graph.nodes if graph.tensors[n.outputs[0]].dtype is DType.FLOAT32]
    assert floats == ["dequantize", "conv_2d", "logistic", "mul"]
    assert graph.nodes[0].op == "conv_2d"
    assert [graph.tensors[n.outputs[0]].dtype for n in graph.nodes if n.op == "conv_2d"] == [
        DType.INT8, DType.FLOAT32, DType.INT8,
    ]  # fmt: skip
    assert steps_apart(graph, model, x) <= 1


def test_the_quantizer_that_torchao_has_for_x86() -> None:
    quantizer = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(140, 4)
    )
    model, x = converted(module, IMAGE, quantizer)
    graph = loaded(model, x)
    assert [n.op for n in graph.nodes if n.op == "conv_2d"] == ["conv_2d"] * 2
    # Outputs that no quantised layer reads have no scale there.
    assert graph.tensors[graph.outputs[0]].dtype is DType.FLOAT32


class Net(nn.Module):
    """A residual network with all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.ReLU6())
        self.point = nn.Sequential(nn.Conv2d(8, 8, 1), nn.Hardswish())
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.first(x)
        b = a + self.point(self.depthwise(a))
        return self.head(F.adaptive_avg_pool2d(torch.cat([b, a], 1), 1).flatten(1))


def test_exact_on_the_emulated_core(tmp_path: Path) -> None:
    model, x = converted(Net(), IMAGE, Small(act=activations(torch.uint8)))
    graph = loaded(model, x)
    assert {graph.tensors[n.outputs[0]].dtype for n in graph.nodes} == {DType.INT8}
    assert steps_apart(graph, model, x) <= 2
    result = build(
        graph, board="nucleo-l4r5zi", out=tmp_path / "out", options=BuildOptions(replace=True, compare=False)
    )
    assert result.exact


def test_an_exported_program_and_its_file_are_the_same(tmp_path: Path) -> None:
    model, x = converted(*NETWORKS["rows"][:2], Small())
    program = torch.export.export(model, (x[:1],))
    torch.export.save(program, tmp_path / "saved.pt2")
    graphs = [loaded(model, x), netsuke.load(program).graph, netsuke.load(tmp_path / "saved.pt2").graph]
    assert {tuple(n.op for n in g.nodes if n.op != "reshape") for g in graphs} == {(LINEAR, LINEAR)}


def test_dynamic_scales_are_refused() -> None:
    class Dynamic(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            ops = torch.ops.quantized_decomposed
            scale, zero = ops.choose_qparams.tensor(x, -128, 127, 1e-5, torch.int8)
            q = ops.quantize_per_tensor.tensor(x, scale, zero, -128, 127, torch.int8)
            return ops.dequantize_per_tensor.tensor(q, scale, zero, -128, 127, torch.int8)

    with pytest.raises(UnsupportedModel, match="choose_qparams"):
        netsuke.load(Dynamic(), (torch.zeros(1, 8),))
