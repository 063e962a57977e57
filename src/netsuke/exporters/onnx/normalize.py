"""Normalisation: of integers one operator of ONNX's between its quantisations, of real numbers its steps."""

from __future__ import annotations

import numpy as np

from netsuke.exporters.onnx.emitter import Emitter, Encoder
from netsuke.ir import DType
from netsuke.ops.normalize import Normalize
from netsuke.ops.operator import Site

RMS_OPSET = 23
"""The first that has RMSNormalization."""


def normalize(emitter: Emitter, site: Site[Normalize]) -> None:
    """By the element type: read back, the first form is our integer operator, the second our float one."""
    if site.x().dtype is DType.INT8:
        between_quantisations(emitter, site)
    else:
        in_steps(emitter, site)


def between_quantisations(emitter: Emitter, site: Site[Normalize]) -> None:
    """LayerNormalization or RMSNormalization over the last axes, to which stored values are brought first."""
    a, x, y = site.args, site.x(), site.y()
    order = (*(axis for axis in range(len(x.shape)) if axis not in a.axes), *a.axes)
    sizes = [x.shape[axis] for axis in a.axes]
    moves = order != tuple(range(len(order)))
    if moves:
        stored = emitter.emit("Transpose", (emitter.stored(x),), f"{y.name}_axes_last", perm=order)
        real = emitter.dequantized(stored, x.type, None)
    else:
        real = emitter.real(x)
    ones = emitter.constant(np.ones(sizes, np.float32), f"{y.name}_ones")
    op = "LayerNormalization" if a.centred else "RMSNormalization"
    if not a.centred:
        emitter.need(RMS_OPSET)
    value = emitter.emit(
        op, (real, ones), f"{y.name}_value", axis=len(order) - len(sizes), epsilon=float(a.epsilon)
    )
    if not moves:
        emitter.result(y, value)
        return
    names = (value, *emitter.parameters(y.type, y.name))
    turned = emitter.emit("QuantizeLinear", names, f"{y.name}_turned")
    back = tuple(int(axis) for axis in np.argsort(order))
    emitter.moved(y, emitter.emit("Transpose", (turned,), f"{y.name}_stored", perm=back))


def in_steps(emitter: Emitter, site: Site[Normalize]) -> None:
    """Each rounded as our operator rounds it: mean, difference, mean of squares, 1 / root, product."""
    y, a = site.y(), site.args
    axes = emitter.ints(a.axes, f"{y.name}_axes")
    apart = emitter.real(site.x())
    if a.centred:
        mean = emitter.emit("ReduceMean", (apart, axes), f"{y.name}_mean", keepdims=1)
        apart = emitter.emit("Sub", (apart, mean), f"{y.name}_apart")
    squares = emitter.emit("Mul", (apart, apart), f"{y.name}_squares")
    spread = emitter.emit("ReduceMean", (squares, axes), f"{y.name}_spread", keepdims=1)
    shifted = emitter.emit("Add", (spread, emitter.scalar(a.epsilon, f"{y.name}_epsilon")), f"{y.name}_above")
    root = emitter.emit("Sqrt", (shifted,), f"{y.name}_root")
    factor = emitter.emit("Reciprocal", (root,), f"{y.name}_factor")
    emitter.result(y, emitter.emit("Mul", (apart, factor), f"{y.name}_value"))


ENCODERS: dict[str, Encoder] = {"normalize": normalize}
