"""torchao's pt2e flow as its users run it: a small quantizer, calibration, conversion."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torchao.quantization.pt2e import observer
from torchao.quantization.pt2e.fake_quantize import FakeQuantize
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torchao.quantization.pt2e.quantizer import (
    QuantizationAnnotation,
    QuantizationSpec,
    Quantizer,
    SharedQuantizationSpec,
)

KEY = "quantization_annotation"
LAYERS = {"conv1d", "conv2d", "linear"}
SUMS = {"add", "mul"}
SAME = {
    "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "mean", "flatten", "view", "reshape", "permute",
    "cat", "dropout",
}  # fmt: skip
"""Calls whose output has the scale of their first input."""


def spec(
    dtype: torch.dtype, low: int, high: int, scheme: torch.qscheme, kind: Any, **more: Any
) -> QuantizationSpec:
    """How one kind of tensor is quantised."""
    return QuantizationSpec(
        dtype=dtype, quant_min=low, quant_max=high, qscheme=scheme, observer_or_fake_quant_ctr=kind, **more
    )


def activations(
    dtype: torch.dtype, low: int | None = None, high: int | None = None, qat: bool = False
) -> Any:
    """Per tensor, with a zero point."""
    limits = torch.iinfo(dtype)
    low, high = limits.min if low is None else low, limits.max if high is None else high
    kind = observer.MovingAverageMinMaxObserver if qat else observer.MinMaxObserver
    made = FakeQuantize.with_args(observer=kind, eps=2**-12) if qat else kind.with_args(eps=2**-12)
    return spec(dtype, low, high, torch.per_tensor_affine, made)


def weights(per_channel: bool = True, qat: bool = False) -> Any:
    """Symmetric int8."""
    if per_channel:
        kind: Any = (
            observer.MovingAveragePerChannelMinMaxObserver if qat else observer.PerChannelMinMaxObserver
        )
        scheme, more = torch.per_channel_symmetric, {"ch_axis": 0}
    else:
        kind = observer.MovingAverageMinMaxObserver if qat else observer.MinMaxObserver
        scheme, more = torch.per_tensor_symmetric, {}
    made = FakeQuantize.with_args(observer=kind, eps=2**-12) if qat else kind.with_args(eps=2**-12)
    return spec(torch.int8, -127, 127, scheme, made, **more)


@dataclass
class Small(Quantizer):
    """Layers with the activation behind them, sums, and what only moves values; `floats` are call names left alone."""

    act: Any = field(default_factory=lambda: activations(torch.int8))
    weight: Any = field(default_factory=weights)
    fused: tuple[str, ...] = ("batch_norm", "relu", "hardtanh", "relu6", "hardswish", "clamp")
    alone: tuple[str, ...] = ("hardswish", "sigmoid", "tanh", "relu")
    floats: tuple[str, ...] = ()

    def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
        for node in model.graph.nodes:
            name = kind_of(node)
            if (
                node.op != "call_function"
                or KEY in node.meta
                or any(f in str(node.name) for f in self.floats)
            ):
                continue
            if name in LAYERS:
                self.layer(node)
            elif name in SUMS:
                self.ends(node, dict.fromkeys(node.all_input_nodes, self.act))
            elif name in SAME:
                first = node.all_input_nodes[0]
                rest = node.all_input_nodes[1:]
                shared = SharedQuantizationSpec((first, node))
                node.meta[KEY] = QuantizationAnnotation(
                    input_qspec_map={first: self.act} | dict.fromkeys(rest, shared),
                    output_qspec=shared, _annotated=True,
                )  # fmt: skip
            elif name in self.alone:
                self.ends(node, {node.all_input_nodes[0]: self.act})
        return model

    def layer(self, node: Any) -> None:
        """Input and weight; the bias stays as it is."""
        inputs = {node.args[0]: self.act, node.args[1]: self.weight}
        self.ends(node, inputs)

    def ends(self, node: Any, inputs: dict[Any, Any]) -> None:
        """Inputs of a call; the output of its last fused follower."""
        last = node
        while len(last.users) == 1 and kind_of(follower := next(iter(last.users))).strip("_") in self.fused:
            last = follower
            last.meta[KEY] = QuantizationAnnotation(_annotated=True)
        node.meta[KEY] = QuantizationAnnotation(input_qspec_map=inputs, _annotated=True)
        last.meta[KEY].output_qspec = self.act

    def validate(self, model: torch.fx.GraphModule) -> None:
        pass


def kind_of(node: Any) -> str:
    """Such as "conv2d"."""
    schema = getattr(node.target, "_schema", None)
    return "" if schema is None else schema.name.split("::")[-1]


def converted(
    module: nn.Module, shape: Sequence[int], quantizer: Quantizer, *, qat: bool = False, samples: int = 8
) -> tuple[Any, torch.Tensor]:
    """The module after prepare, calibration (or a few steps of training) and convert; and the samples."""
    torch.manual_seed(0)
    x = torch.randn(samples, *shape[1:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(module.train(qat), (x[:1],)).module()
        prepared = (prepare_qat_pt2e if qat else prepare_pt2e)(exported, quantizer)
        optimizer = torch.optim.SGD(prepared.parameters(), 1e-3)
        for sample in x:
            y = prepared(sample[None])
            if qat:
                y.square().mean().backward()
                optimizer.step()
                optimizer.zero_grad()
        return convert_pt2e(prepared), x
