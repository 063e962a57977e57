"""Nodes whose inputs are all known: computed at import. Exporters build shapes and weights with these."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from netsuke.importers.onnx.model import OnnxNode, Refusal
from netsuke.ir import Array

MAX_ELEMENTS = 1 << 24
"""Most elements that a folded constant may have: a short file can ask for a huge one."""
CASTS = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    5: np.int16,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float32,
    11: np.float32,
    16: np.float32,
}
"""ONNX element type → ours; half and double precision (and bfloat16) become float32."""

Evaluator = Callable[[OnnxNode, Sequence[Array | None]], Array]


def evaluate(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """The node's first output.

    Raises:
        Refusal: when the inputs do not suit it, or the result would be absurdly large.
    """
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(EVALUATORS[node.op](node, inputs))
    except (ValueError, IndexError, TypeError, AssertionError, OverflowError, ZeroDivisionError) as error:
        raise Refusal(
            node, f"its constant inputs do not fit together ({error}); export the model again"
        ) from None
    return result.astype(np.float32) if result.dtype.kind == "f" else result


def operand(inputs: Sequence[Array | None], index: int) -> Array:
    """Input `index`, which must be there."""
    value = inputs[index] if index < len(inputs) else None
    if value is None:
        raise ValueError(f"input {index} is missing")
    return value


def limited(node: OnnxNode, shape: Sequence[int]) -> tuple[int, ...]:
    """The shape, held against the limit."""
    if any(d < 0 for d in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise Refusal(node, f"it makes a constant of shape {list(shape)[:8]}; that is too large")
    return tuple(int(d) for d in shape)


def axes_of(node: OnnxNode, inputs: Sequence[Array | None], index: int = 1) -> tuple[int, ...] | None:
    """The axes, an attribute in old opsets and an input in new ones; None when absent."""
    if index < len(inputs) and inputs[index] is not None:
        return tuple(int(a) for a in operand(inputs, index).reshape(-1))
    return node.ints("axes")


def normal_axes(node: OnnxNode, axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, in increasing order.

    Raises:
        Refusal: when one is outside, or there twice.
    """
    found = sorted(a + rank if a < 0 else a for a in axes)
    if len(set(found)) != len(found) or any(not 0 <= a < rank for a in found):
        raise Refusal(node, f"axes {list(axes)} of {rank} dimensions; each once was wanted")
    return tuple(found)


def constant(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """The value, in one of the attributes that may hold it."""
    for name, dtype in (("value", None), ("value_float", np.float32), ("value_int", np.int64),
                        ("value_floats", np.float32), ("value_ints", np.int64)):  # fmt: skip
        if name in node.attributes:
            return np.asarray(node.attributes[name], dtype=dtype)
    raise ValueError("it has no value of numbers")


def constant_of_shape(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """One value repeated."""
    value = np.asarray(node.attributes.get("value", np.zeros(1, np.float32)))
    return np.full(limited(node, [int(d) for d in operand(inputs, 0).reshape(-1)]), value.reshape(-1)[0])


def cast(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Another element type."""
    to = node.int_("to", 0)
    if to not in CASTS:
        raise Refusal(node, f"element type number {to} is none that netsuke holds")
    return operand(inputs, 0).astype(CASTS[to])


def reshaped(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Another shape."""
    x = operand(inputs, 0)
    return x.reshape(reshape_to(node, x.shape, [int(d) for d in operand(inputs, 1).reshape(-1)]))


def reshape_to(node: OnnxNode, shape: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """Reshape's target: 0 keeps a dimension (unless allowzero), one -1 takes what is left.

    Raises:
        Refusal: when the elements do not come out.
    """
    keep = not node.int_("allowzero", 0)
    sizes = [shape[i] if d == 0 and keep and i < len(shape) else d for i, d in enumerate(wanted)]
    known = math.prod(d for d in sizes if d != -1)
    if sizes.count(-1) == 1 and known > 0:
        sizes[sizes.index(-1)] = math.prod(shape) // known
    if any(d < 1 for d in sizes) or math.prod(sizes) != math.prod(shape):
        raise Refusal(
            node,
            f"shape {list(wanted)[:8]} for an input of {list(shape)}; the same number of elements was wanted "
            "(a fixed batch other than 1 in the file's shapes does this: export with batch 1)",
        )
    return tuple(sizes)


def squeezed(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Dimensions of 1 dropped."""
    x, axes = operand(inputs, 0), axes_of(node, inputs)
    found: Array = np.squeeze(x, axis=None if axes is None else axes)
    return found


def unsqueezed(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Dimensions of 1 put in."""
    axes = axes_of(node, inputs)
    if axes is None:
        raise ValueError("it has no axes")
    return np.expand_dims(operand(inputs, 0), axes)


def sliced(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """A regular part."""
    x = operand(inputs, 0)
    if len(inputs) < 3:
        starts, ends = node.ints("starts") or (), node.ints("ends") or ()
    else:
        starts, ends = (tuple(int(v) for v in operand(inputs, i).reshape(-1)) for i in (1, 2))
    axes = axes_of(node, inputs, 3) or tuple(range(len(starts)))
    steps = (
        operand(inputs, 4).reshape(-1)
        if len(inputs) > 4 and inputs[4] is not None
        else np.ones(len(starts), int)
    )
    part = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        part[axis] = slice(start, end, int(step))
    return x[tuple(part)]


def joined(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Arrays one after the other."""
    return np.concatenate([operand(inputs, i) for i in range(len(inputs))], axis=node.int_("axis", 0))


def permuted(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Axes in another order."""
    return np.transpose(operand(inputs, 0), node.ints("perm"))


def divided(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Division; whole numbers give whole numbers, cut toward zero."""
    a, b = operand(inputs, 0), operand(inputs, 1)
    if a.dtype.kind == "f":
        return np.asarray(a / b)
    if not np.all(b):
        raise ZeroDivisionError("division by zero")
    quotient: Array = np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
    return quotient.astype(a.dtype)


def binary(operation: Callable[[Array, Array], Array]) -> Evaluator:
    """An element-wise operation of two arrays, its result held against the limit."""

    def run(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
        a, b = operand(inputs, 0), operand(inputs, 1)
        limited(node, np.broadcast_shapes(a.shape, b.shape))
        return operation(a, b)

    return run


def all_of(operation: Callable[[Array, Array], Array]) -> Evaluator:
    """An element-wise operation of one or more arrays, one after the other."""

    def run(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
        total = operand(inputs, 0)
        for i in range(1, len(inputs)):
            total = binary(operation)(node, [total, operand(inputs, i)])
        return total

    return run


def counted(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Numbers from a start to a limit."""
    start, limit, step = (operand(inputs, i).reshape(()) for i in range(3))
    if step == 0:
        raise ZeroDivisionError("a step of 0")
    limited(node, [max(0, math.ceil((limit - start) / step))])
    found: Array = np.arange(start.item(), limit.item(), step.item(), dtype=start.dtype)
    return found


def expanded(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """Stretched to a shape that it is broadcast against."""
    x = operand(inputs, 0)
    shape = np.broadcast_shapes(x.shape, tuple(int(d) for d in operand(inputs, 1).reshape(-1)))
    return np.broadcast_to(x, limited(node, shape)).copy()


def shape_of(node: OnnxNode, inputs: Sequence[Array | None]) -> Array:
    """The sizes."""
    shape = operand(inputs, 0).shape
    return np.asarray(shape[node.int_("start", 0) : node.int_("end", len(shape))], dtype=np.int64)


EVALUATORS: dict[str, Evaluator] = {
    "Range": counted,
    "Expand": expanded,
    "Shape": shape_of,
    "Size": lambda node, inputs: np.asarray(operand(inputs, 0).size, dtype=np.int64),
    "Equal": binary(np.equal),
    "Less": binary(np.less),
    "Greater": binary(np.greater),
    "And": binary(np.logical_and),
    "Or": binary(np.logical_or),
    "Not": lambda node, inputs: np.logical_not(operand(inputs, 0)),
    "Mod": lambda node, inputs: binary(np.fmod if node.int_("fmod", 0) else np.mod)(node, inputs),
    "Min": all_of(np.minimum),
    "Max": all_of(np.maximum),
    "Where": lambda node, inputs: np.where(operand(inputs, 0), operand(inputs, 1), operand(inputs, 2)),
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Identity": lambda node, inputs: operand(inputs, 0),
    "Cast": cast,
    "Reshape": reshaped,
    "Squeeze": squeezed,
    "Unsqueeze": unsqueezed,
    "Slice": sliced,
    "Gather": lambda node, inputs: np.take(
        operand(inputs, 0), operand(inputs, 1).astype(np.int64), axis=node.int_("axis", 0)
    ),
    "Concat": joined,
    "Transpose": permuted,
    "Add": binary(np.add),
    "Sub": binary(np.subtract),
    "Mul": binary(np.multiply),
    "Div": divided,
    "Sqrt": lambda node, inputs: np.sqrt(operand(inputs, 0)),
    "Neg": lambda node, inputs: np.negative(operand(inputs, 0)),
}
