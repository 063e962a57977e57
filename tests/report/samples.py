"""Build results made up for the report's tests: a model of two layers, and one of thirty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from netsuke.report import BufferKind, BufferResult, BuildResult, LayerResult, PassResult, PortResult


def layer(index: int, op: str, macs: int, cycles: int, **options: object) -> LayerResult:
    values: dict[str, object] = {
        "name": f"model/{op}_{index}",
        "kernel": f"nk_{op}_s8",
        "output_shape": (1, 8, 8, 16),
        "weight_bytes": macs // 49,
        "scratch_bytes": 0,
        "instructions": cycles * 4 // 5,
    }
    return LayerResult(index=index, op=op, macs=macs, cycles=cycles, **{**values, **options})  # type: ignore[arg-type]


def buffer(name: str, offset: int, nbytes: int, first: int, last: int, kind: BufferKind) -> BufferResult:
    return BufferResult(
        name=name, tensors=(name,), offset=offset, nbytes=nbytes, first_step=first, last_step=last, kind=kind
    )


def small() -> BuildResult:
    """Two layers: a fully connected one and a softmax, in an arena of 96 bytes."""
    return BuildResult(
        model="tiny",
        model_sha256="ab" * 32,
        board="nucleo-l4r5zi",
        board_title="ST NUCLEO-L4R5ZI",
        core="cortex-m4",
        clock_hz=120_000_000,
        exact=True,
        inputs_compared=20,
        ran_on=("host", "unicorn cortex-m4"),
        first_difference=None,
        tolerances=(),
        arena_bytes=96,
        arena_lower_bound=96,
        naive_peak_bytes=96,
        state_bytes=0,
        static_bytes=16,
        stack_bytes=200,
        ram_available=655_360,
        flash_code_bytes=2_000,
        flash_weights_bytes=720,
        flash_available=2_097_152,
        macs=640,
        instructions=2_400,
        cycles=3_000,
        milliseconds=0.025,
        energy_microjoules=0.99,
        timing_source="Arm Cortex-M4 TRM (DDI 0439), table 3-1; zero wait states",
        energy_source="DS12023: 110 µA/MHz at 3.0 V",
        compiler="zig cc 0.17.1",
        optimize="speed",
        inputs=(PortResult(name="x", shape=(1, 64), dtype="int8", scale=0.0625, zero_point=-128),),
        outputs=(PortResult(name="y", shape=(1, 10), dtype="int8", scale=0.00390625, zero_point=-128),),
        layers=(
            layer(0, "fully_connected", 640, 2_200, output_shape=(1, 10), weight_bytes=720),
            layer(1, "softmax", 0, 700, output_shape=(1, 10)),
        ),
        buffers=(
            buffer("x", 0, 64, -1, 0, BufferKind.INPUT),
            buffer("logits", 64, 12, 0, 1, BufferKind.ACTIVATION),
            buffer("softmax scratch", 80, 16, 1, 1, BufferKind.SCRATCH),
            buffer("y", 0, 12, 1, 2, BufferKind.OUTPUT),
        ),
        passes=(
            PassResult(name="fold-constants"),
            PassResult(name="fuse-clamps", lines=("1 clamp fused into fully_connected",)),
        ),
        project=Path("out/tiny"),
    )


def large() -> BuildResult:
    """Thirty layers of a MobileNet's kind."""
    layers, buffers = [], [buffer("serving_default_input:0", 0, 27_648, -1, 0, BufferKind.INPUT)]
    for i in range(28):
        op = "conv2d" if i % 2 == 0 else "depthwise_conv2d"
        macs = 60_000 + (i * 7919 % 17) * 15_000 // (1 if i % 2 == 0 else 6)
        scratch = 1_024 if i % 2 else 0
        layers.append(layer(i, op, macs, int(macs * (1.6 if i % 2 == 0 else 4.4)), scratch_bytes=scratch))
        width = max(36_864 >> (i // 4), 1_152)
        lower = i % 2 == 1
        offset = 0 if lower else 36_864 if i < 8 else 18_432
        buffers.append(buffer(f"model/{op}_{i}/Relu6;bn", offset, width, i, i + 1, BufferKind.ACTIVATION))
        if scratch:
            buffers.append(
                buffer(f"{op}_{i} scratch", 74_000 if i < 8 else 40_000, scratch, i, i, BufferKind.SCRATCH)
            )
    layers.append(layer(28, "reshape", 0, 0, kernel="", instructions=0))
    layers.append(layer(29, "softmax", 0, 2_900, output_shape=(1, 2)))
    buffers.append(buffer("StatefulPartitionedCall:0", 4, 2, 29, 30, BufferKind.OUTPUT))
    total = sum(one.cycles or 0 for one in layers)
    return replace(
        small(),
        model="vww_96_int8",
        arena_bytes=75_024,
        arena_lower_bound=73_728,
        naive_peak_bytes=82_000,
        stack_bytes=440,
        flash_code_bytes=14_200,
        flash_weights_bytes=219_064,
        macs=sum(one.macs for one in layers),
        cycles=total + 1_200,
        instructions=total * 4 // 5,
        milliseconds=(total + 1_200) / 120_000,
        energy_microjoules=(total + 1_200) * 330e-6,
        layers=tuple(layers),
        buffers=tuple(buffers),
    )
