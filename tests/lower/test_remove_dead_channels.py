"""remove-dead-channels: what it removes, what it must leave, and that nothing changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netsuke.importers.loading import load
from netsuke.ir import Array, DType, Graph, Node, Quantization, Tensor
from netsuke.lower import lower
from netsuke.lower.remove_dead_channels import RemoveDeadChannels
from netsuke.ops.conv_2d import Conv2d
from netsuke.ops.depthwise import DepthwiseConv2d
from netsuke.ops.fully_connected import FullyConnected
from netsuke.ops.geometry import Padding
from netsuke.ops.program import bind
from netsuke.ops.reshape import Reshape
from tests.lower.harness import same_function
from tests.models.places import mlperf

SCALE = 0.05


class Net:
    """A chain of layers over an 6x6 image, with weights from a seed."""

    def __init__(self, seed: int, channels: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.tensors: dict[str, Tensor] = {}
        self.nodes: list[Node] = []
        self.last = self.tensor("x", (1, 6, 6, channels), -128)

    def tensor(self, name: str, shape: tuple[int, ...], zero_point: int) -> str:
        quantization = Quantization.per_tensor(SCALE, zero_point)
        self.tensors[name] = Tensor(name=name, shape=shape, dtype=DType.INT8, quantization=quantization)
        return name

    def constant(self, name: str, data: Array, axis: int | None, scale: float) -> str:
        count = 1 if axis is None else data.shape[axis]
        quantization = Quantization(
            scale=(float(np.float32(scale)),) * count, zero_point=(0,) * count, axis=axis
        )
        self.tensors[name] = Tensor(
            name=name, shape=data.shape, dtype=DType.of(data), quantization=quantization, data=data
        )
        return name

    def bias(self, name: str, channels: int, dead: list[int]) -> str:
        """A bias that drives the `dead` channels far below zero."""
        data = self.chance.integers(-2000, 2000, channels).astype(np.int32)
        data[[d for d in dead if d < channels]] = -10_000_000
        return self.constant(name, data, None, SCALE * 0.01)

    def add(
        self,
        op: str,
        args: object,
        weights: Array,
        axis: int,
        shape: tuple[int, ...],
        dead: list[int],
        zero_point: int,
    ) -> None:
        name = f"{op}_{len(self.nodes)}"
        w = self.constant(f"{name}/w", weights, axis, 0.01)
        b = self.bias(f"{name}/b", shape[-1], dead)
        y = self.tensor(name, shape, zero_point)
        self.nodes.append(Node(op=op, name=name, inputs=(self.last, w, b), outputs=(y,), args=args))  # type: ignore[arg-type]
        self.last = y

    def conv(
        self, channels: int, dead: list[int], padding: Padding = Padding.SAME, zero_point: int = -128
    ) -> None:
        _, h, w, c = self.tensors[self.last].shape
        if padding is Padding.VALID:
            h, w = h - 2, w - 2
        weights = self.chance.integers(-127, 128, (channels, 3, 3, c)).astype(np.int8)
        self.add(
            "conv_2d",
            Conv2d(padding=padding, clamp=(zero_point, 127)),
            weights,
            0,
            (1, h, w, channels),
            dead,
            zero_point,
        )

    def depthwise(self, dead: list[int], zero_point: int = -128) -> None:
        shape = self.tensors[self.last].shape
        weights = self.chance.integers(-127, 128, (1, 3, 3, shape[3])).astype(np.int8)
        args = DepthwiseConv2d(padding=Padding.SAME, clamp=(zero_point, 127))
        self.add("depthwise_conv_2d", args, weights, 3, shape, dead, zero_point)

    def head(self, channels: int) -> None:
        shape = self.tensors[self.last].shape
        flat = self.tensor("flat", (1, int(np.prod(shape))), self.tensors[self.last].zero_point)
        self.nodes.append(
            Node(
                op="reshape",
                name="flat",
                inputs=(self.last,),
                outputs=(flat,),
                args=Reshape(shape=self.tensors[flat].shape),
            )
        )
        self.last = flat
        weights = self.chance.integers(-127, 128, (channels, self.tensors[flat].shape[1])).astype(np.int8)
        self.add("fully_connected", FullyConnected(), weights, 0, (1, channels), [], 0)

    def graph(self) -> Graph:
        return Graph(
            name="net", tensors=self.tensors, nodes=tuple(self.nodes), inputs=("x",), outputs=(self.last,)
        )


def test_a_dead_channel_goes_with_the_weights_that_read_it() -> None:
    net = Net(0, 2)
    net.conv(4, dead=[1, 3])
    net.conv(3, dead=[])
    before = net.graph()
    outcome = RemoveDeadChannels().run(before)
    assert outcome.changes == ("conv_2d_0: 2 of 4 channels removed",)
    first, second = outcome.graph.nodes
    assert outcome.graph.tensors[first.inputs[1]].shape == (2, 3, 3, 2)
    assert outcome.graph.tensors[second.inputs[1]].shape == (3, 3, 3, 2)
    assert same_function(before, outcome.graph)


def test_a_dead_depthwise_channel_takes_its_input_with_it() -> None:
    net = Net(1, 3)
    net.conv(4, dead=[])
    net.depthwise(dead=[2])
    net.conv(2, dead=[])
    outcome = RemoveDeadChannels().run(net.graph())
    assert outcome.changes == (
        "conv_2d_0: 1 of 4 channels removed",
        "depthwise_conv_2d_1: 1 of 4 channels removed",
    )
    assert same_function(net.graph(), outcome.graph)


def test_a_constant_other_than_zero_is_folded_where_nothing_is_padded() -> None:
    """The dead channel's value is the clamp's low end, -100, which stands for a real number other than zero."""
    net = Net(2, 2)
    net.conv(3, dead=[0], zero_point=-128)
    net.nodes[0] = Node(
        **{**fields_of(net.nodes[0]), "args": Conv2d(padding=Padding.SAME, clamp=(-100, 127))}
    )
    valid, same = Net.__new__(Net), Net.__new__(Net)
    for copy, padding in ((valid, Padding.VALID), (same, Padding.SAME)):
        copy.__dict__.update(
            chance=np.random.default_rng(5), tensors=dict(net.tensors), nodes=list(net.nodes), last=net.last
        )
        copy.conv(2, dead=[], padding=padding)
    outcome = RemoveDeadChannels().run(valid.graph())
    assert outcome.changes == ("conv_2d_0: 1 of 3 channels removed",)
    assert same_function(valid.graph(), outcome.graph)
    # Padded taps read zero, not -100: the border would come out differently.
    assert RemoveDeadChannels().run(same.graph()).changes == ()


def fields_of(node: Node) -> dict[str, object]:
    return {name: getattr(node, name) for name in ("op", "name", "inputs", "outputs", "args")}


def test_outputs_keep_their_channels() -> None:
    net = Net(3, 2)
    net.conv(4, dead=[0, 1])
    assert RemoveDeadChannels().run(net.graph()).changes == ()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_nothing_changes(seed: int, data: st.DataObject) -> None:
    """Random chains with random dead channels compute the same bytes before and after."""
    net = Net(seed, data.draw(st.integers(1, 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        dead = data.draw(st.lists(st.integers(0, 5), max_size=4))
        if data.draw(st.booleans()):
            net.conv(data.draw(st.integers(1, 6)), dead, zero_point=data.draw(st.sampled_from([-128, -3])))
        else:
            net.depthwise(dead, zero_point=data.draw(st.sampled_from([-128, -3])))
    if data.draw(st.booleans()):
        net.head(2)
    graph = net.graph()
    lowered = lower(graph)
    assert same_function(graph, lowered.graph, seed=seed)


@pytest.mark.parametrize(
    ("model", "before", "after"),
    [
        ("vww_96_int8", 7_489_664, 3_727_313),
        ("kws_ref_model", 2_656_768, 2_656_768),
        ("pretrainedResnet_quant", 12_501_632, 12_501_632),
        ("ad01_int8", 264_192, 264_192),
        ("str_ww_ref_model", 826_368, 826_368),
    ],
)
def test_macs_of_the_mlperf_models(model: str, before: int, after: int) -> None:
    """vww: constant channels alone would leave 3,903,749; channels that no remaining weight reads go as well."""
    path: Path = mlperf(model)
    graph = load(path)
    assert bind(graph).macs == before
    assert bind(lower(graph).graph).macs == after
