"""Normalisation, which TFLite has no operator for: its steps, each rounded as our operator rounds it."""

from __future__ import annotations

import numpy as np

from netsuke.errors import UnsupportedModel
from netsuke.exporters.tflite.emitter import Emitter
from netsuke.importers.tflite.options import AddOptions, MulOptions, Options, ReducerOptions, SubOptions
from netsuke.importers.tflite.options_more import PLAIN
from netsuke.ir import DType, TensorType
from netsuke.ops.normalize import Normalize
from netsuke.ops.operator import Site


def normalize(emitter: Emitter, site: Site[Normalize]) -> None:
    """MEAN, SUB, SQUARE, MEAN, ADD, RSQRT, MUL; without MEAN and SUB where no mean is taken off.

    Raises:
        UnsupportedModel: for integers.
    """
    a, shape = site.args, site.x().shape
    if site.x().dtype is not DType.FLOAT32:
        raise UnsupportedModel(
            f"normalize {site.node.name!r}: normalisation of integers cannot be written to .tflite, which has no "
            "operator for it; in float32 it can"
        )
    whole = TensorType(shape=shape, dtype=DType.FLOAT32)
    groups = TensorType(
        shape=tuple(1 if axis in a.axes else size for axis, size in enumerate(shape)), dtype=DType.FLOAT32
    )
    axes = emitter.int32(a.axes, f"{site.node.name}/axes")

    def step(op: str, inputs: tuple[int, ...], kind: TensorType, label: str, options: Options | None) -> int:
        made = emitter.intermediate(kind, f"{site.node.name}/{label}")
        emitter.emit(op, inputs, (made,), options)
        return made

    apart = emitter.x(site)
    if a.centred:
        mean = step("MEAN", (apart, axes), groups, "mean", ReducerOptions(keep_dims=True))
        apart = step("SUB", (apart, mean), whole, "apart", SubOptions())
    squares = step("SQUARE", (apart,), whole, "squares", PLAIN["SQUARE"]())
    spread = step("MEAN", (squares, axes), groups, "spread", ReducerOptions(keep_dims=True))
    epsilon = emitter.constant(np.asarray(a.epsilon, np.float32), f"{site.node.name}/epsilon")
    above = step("ADD", (spread, epsilon), groups, "above", AddOptions())
    factor = step("RSQRT", (above,), groups, "factor", None)
    emitter.emit("MUL", (apart, factor), (emitter.y(site),), MulOptions())


ENCODERS = {"normalize": normalize}
