"""ConvTranspose: TRANSPOSE_CONV without padding, then what the padding cuts off."""

from __future__ import annotations

import numpy as np

from netsuke.importers.onnx.arithmetic import binary, per_axis, real_value
from netsuke.importers.onnx.builder import Value
from netsuke.importers.onnx.layout import channels_last, channels_last_order
from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.importers.onnx.parts import ordered, taken
from netsuke.importers.onnx.walk import Handler, Walk
from netsuke.ir import Array, DType
from netsuke.ops.concatenation import Concatenation
from netsuke.ops.geometry import Padding
from netsuke.ops.pad import Pad
from netsuke.ops.transpose_conv import TransposeConv

LARGEST = 1 << 15


def conv_transpose(walk: Walk, node: OnnxNode) -> None:
    """One TRANSPOSE_CONV a group."""
    x, w = real_value(walk, node), walk.known(node, 1).data.astype(np.float32)
    rank = len(x.shape) - 2
    groups = node.int_("group", 1)
    if (
        rank not in (1, 2)
        or w.ndim != rank + 2
        or groups < 1
        or x.shape[1] % groups
        or w.shape[0] != x.shape[1]
    ):
        raise Refusal(
            node,
            f"an input {list(x.shape)} and weights {list(w.shape)} in {groups} groups; images or signals were wanted",
        )
    strides, dilations = (sizes(node, name, rank) for name in ("strides", "dilations"))
    w = dilated(w, dilations)
    full = [(n - 1) * s + k for n, s, k in zip(x.shape[2:], strides, w.shape[2:], strict=True)]
    wanted, before = outputs(node, x.shape[2:], strides, w.shape[2:])
    given = walk.optional(node, 2)
    bias = None if given is None else given.data.astype(np.float32).reshape(-1)
    beyond = any(b < 0 or b + n > f for f, b, n in zip(full, before, wanted, strict=True))
    same = is_same(x.shape[2:], strides, full, wanted, before)
    made = groups_of(
        walk, node, x, w, strides, wanted if same else full, groups, None if beyond else bias, same=same
    )
    y = node.outputs[0]
    if not same:
        made = fitted(walk, made, full, wanted, before, f"{y}_cut")
    if beyond and bias is not None:
        made = binary(walk, "add", made, per_axis(bias, 1, rank + 2), y)
    walk.put(y, made)


def is_same(
    inputs: tuple[int, ...], strides: list[int], full: list[int], wanted: list[int], before: list[int]
) -> bool:
    """Whether what is cut off is what TensorFlow's SAME cuts off: nothing has to be computed first."""
    cut = [f - n for f, n in zip(full, wanted, strict=True)]
    whole = all(-(-n // s) == i for n, s, i in zip(wanted, strides, inputs, strict=True))
    return any(cut) and whole and all(c >= 0 and b == c // 2 for c, b in zip(cut, before, strict=True))


def sizes(node: OnnxNode, name: str, rank: int) -> list[int]:
    """A list of whole numbers of 1 or more; 1 each by default."""
    found = list(node.ints(name) or [1] * rank)
    if len(found) != rank or any(not 1 <= v <= LARGEST for v in found):
        raise Refusal(node, f"{name} is {found[:8]}; {rank} sizes of 1 or more were wanted")
    return found


def dilated(w: Array, dilations: list[int]) -> Array:
    """Weights with zeros between the taps."""
    shape = (*w.shape[:2], *((k - 1) * d + 1 for k, d in zip(w.shape[2:], dilations, strict=True)))
    if max(shape) > LARGEST:
        raise ValueError(f"weights would grow to {list(shape)}")
    wide = np.zeros(shape, np.float32)
    wide[(slice(None), slice(None), *(slice(None, None, d) for d in dilations))] = w
    return wide


def outputs(
    node: OnnxNode, inputs: tuple[int, ...], strides: list[int], kernel: tuple[int, ...]
) -> tuple[list[int], list[int]]:
    """Spatial sizes that come out, and how much is cut off before."""
    rank = len(inputs)
    extra = list(node.ints("output_padding") or [0] * rank)
    flat = list(node.ints("pads") or [0] * (2 * rank))
    shape, auto = node.ints("output_shape"), node.text("auto_pad", "NOTSET")
    if len(extra) != rank or len(flat) != 2 * rank or any(not 0 <= v <= LARGEST for v in (*extra, *flat)):
        raise Refusal(node, f"pads {flat[:8]} and output_padding {extra[:8]} do not fit {rank} dimensions")
    wanted, before = [], []
    for i in range(rank):
        full = (inputs[i] - 1) * strides[i] + kernel[i]
        if shape is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
            size = inputs[i] * strides[i] if shape is None else list(shape)[-rank:][i]
            total = full + extra[i] - size
            before.append(total // 2 if auto == "SAME_UPPER" else total - total // 2)
        else:
            size = full + extra[i] - flat[i] - flat[i + rank]
            before.append(flat[i])
        if not 1 <= size <= LARGEST:
            raise Refusal(node, f"a size of {size} would come out")
        wanted.append(size)
    return wanted, before


def groups_of(
    walk: Walk, node: OnnxNode, x: Value, w: Array, strides: list[int], full: list[int], groups: int,
    bias: Array | None, *, same: bool,
) -> Value:  # fmt: skip
    """The whole result, groups of channels one after the other; with `same` what SAME leaves of it."""
    x = walk.builder.arrange(x, channels_last(x.shape))
    inputs, each = x.shape[1] // groups, w.shape[1]
    image = [*([1] * (2 - len(full))), *full]
    step = [*([1] * (2 - len(full))), *strides]
    parts = []
    for g in range(groups):
        part = w[g * inputs : (g + 1) * inputs]
        part = part[:, :, np.newaxis] if part.ndim == 3 else part
        name = walk.builder.constant(f"{node.outputs[0]}_weights", part.transpose(1, 2, 3, 0))
        source = x.tensor
        if groups > 1:
            walk_part = [range(d) for d in x.shape]
            walk_part[1] = range(g * inputs, (g + 1) * inputs)
            taken(walk, f"{node.outputs[0]}_group{g}", *ordered(walk, x), walk_part)
            source = walk.value_of(f"{node.outputs[0]}_group{g}").tensor
        args = TransposeConv(
            output=(image[0], image[1]),
            stride=(step[0], step[1]),
            padding=Padding.SAME if same else Padding.VALID,
        )
        names = [source, name]
        if bias is not None:
            shift = bias[g * each : (g + 1) * each]
            names.append(walk.builder.constant(f"{node.outputs[0]}_bias", shift))
        parts.append(
            walk.builder.emit("transpose_conv", args, tuple(names), f"{node.outputs[0]}_full", DType.FLOAT32)
        )
    tensor = parts[0]
    if groups > 1:
        tensor = walk.builder.emit(
            "concatenation", Concatenation(axis=3), tuple(parts), f"{node.outputs[0]}_all", DType.FLOAT32
        )
    shape = (x.shape[0], each * groups, *full)
    return Value(tensor=tensor, shape=shape, placed=channels_last(shape))


def fitted(walk: Walk, x: Value, full: list[int], wanted: list[int], before: list[int], name: str) -> Value:
    """Padding cut off, and zeros where the output reaches beyond."""
    start = [max(0, b) for b in before]
    stop = [min(f, b + n) for f, b, n in zip(full, before, wanted, strict=True)]
    taken(walk, name, *ordered(walk, x), [*map(range, x.shape[:2]), *map(range, start, stop)])
    x = walk.value_of(name)
    zeros = [(max(0, -b), max(0, b + n - f)) for f, b, n in zip(full, before, wanted, strict=True)]
    if not any(map(any, zeros)):
        return x
    amounts = [(0, 0), (0, 0), *zeros]
    order = channels_last_order(len(x.shape))
    args = Pad(amounts=tuple((0, 0) if axis is None else amounts[axis] for axis in order))
    tensor = walk.builder.emit("pad", args, (x.tensor,), f"{name}_padded", DType.FLOAT32)
    shape = (*x.shape[:2], *wanted)
    return Value(tensor=tensor, shape=shape, placed=channels_last(shape))


HANDLERS: dict[str, Handler] = {"ConvTranspose": conv_transpose}
