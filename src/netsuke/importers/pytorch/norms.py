"""Normalisations of ATen, in evaluation mode."""

from __future__ import annotations

import numpy as np

from netsuke.importers.pytorch.emit import Aten, Emitter, Ref, Untranslatable


def batch_norm(emit: Emitter, call: Aten) -> Ref:
    """With the running statistics; scale and shift may be absent."""
    x = call.tensor("input")
    mean, variance = call.optional("running_mean"), call.optional("running_var")
    if mean is None or variance is None:
        if x.rank < 3 or x.shape[0] != 1:
            raise Untranslatable(
                "it has no running statistics (track_running_stats=False); netsuke needs them"
            )
        return of_image(emit, call, x)
    if call.flag("training"):
        raise Untranslatable("it is in training mode; call module.eval() before the export")
    channels = x.shape[1] if x.rank > 1 else x.shape[0]
    scale, shift = affine(emit, call, channels)
    return emit.node(
        "BatchNormalization", (x.name, scale, shift, mean.name, variance.name), call.shape,
        epsilon=call.number("eps", 1e-5),
    )  # fmt: skip


def affine(emit: Emitter, call: Aten, count: int) -> tuple[str, str]:
    """Names of scale and shift, ones and zeros where torch has none."""
    scale = call.name("weight") or emit.constant(np.ones(count, np.float32))
    return scale, call.name("bias") or emit.constant(np.zeros(count, np.float32))


def layer_norm(emit: Emitter, call: Aten) -> Ref:
    """Over the last axes."""
    x, over = call.tensor("input"), call.ints("normalized_shape")
    scale = call.name("weight") or emit.constant(np.ones(over, np.float32))
    bias = call.name("bias")
    inputs = (x.name, scale, *([bias] if bias else []))
    return emit.node(
        "LayerNormalization", inputs, call.shape, axis=-len(over), epsilon=call.number("eps", 1e-5)
    )


def rms_norm(emit: Emitter, call: Aten) -> Ref:
    """Root mean square over the last axes; torch's default epsilon is that of float32."""
    x, over = call.tensor("input"), call.ints("normalized_shape")
    scale = call.name("weight") or emit.constant(np.ones(over, np.float32))
    epsilon = call.number("eps", float(np.finfo(np.float32).eps))
    return emit.node("RMSNormalization", (x.name, scale), call.shape, axis=-len(over), epsilon=epsilon)


def group_norm(emit: Emitter, call: Aten) -> Ref:
    """Over groups of channels."""
    x = call.tensor("input")
    groups = int(call.number("num_groups" if "num_groups" in call.operands else "group"))
    scale, shift = affine(emit, call, x.shape[1])
    return emit.node(
        "GroupNormalization", (x.name, scale, shift), call.shape, num_groups=groups, epsilon=call.number("eps", 1e-5)
    )  # fmt: skip


def instance_norm(emit: Emitter, call: Aten) -> Ref:
    """Over every channel of an image."""
    if not call.flag("use_input_stats"):
        return batch_norm(emit, call)
    return of_image(emit, call, call.tensor("input"))


def of_image(emit: Emitter, call: Aten, x: Ref) -> Ref:
    """Every channel by its own statistics; those of a batch of one image are the same."""
    scale, shift = affine(emit, call, x.shape[1])
    return emit.node(
        "InstanceNormalization", (x.name, scale, shift), call.shape, epsilon=call.number("eps", 1e-5)
    )


HANDLERS = {
    "batch_norm": batch_norm,
    "_native_batch_norm_legit": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm,
    "native_batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "native_layer_norm": layer_norm,
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "native_group_norm": group_norm,
    "instance_norm": instance_norm,
}
