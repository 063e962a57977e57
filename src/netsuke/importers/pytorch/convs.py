"""Convolutions and matrix products of ATen."""

from __future__ import annotations

from collections.abc import Sequence

from netsuke.importers.pytorch.emit import Aten, Emitter, Ref, Untranslatable


def conv(emit: Emitter, call: Aten) -> Ref:
    """conv1d, conv2d (padding in numbers, 'same' or 'valid') and convolution."""
    x, weight = call.tensor("input"), call.tensor("weight")
    spatial = weight.rank - 2
    if spatial not in (1, 2):
        raise Untranslatable(f"weights {list(weight.shape)}; 1-D and 2-D convolutions are translated")
    if call.flag("transposed"):
        return conv_transposed(emit, call)
    if x.rank == weight.rank - 1:
        return without_batch(emit, call, x)
    dilation = call.ints("dilation", spatial)
    return emit.node(
        "Conv", _operands(call, x), call.shape,
        kernel_shape=weight.shape[2:], strides=call.ints("stride", spatial), dilations=dilation,
        pads=pads_of(call, weight.shape[2:], dilation), group=int(call.number("groups", 1)),
    )  # fmt: skip


def without_batch(emit: Emitter, call: Aten, x: Ref) -> Ref:
    """torch lets an image [C, H, W] do without a batch."""
    operands = dict(call.operands) | {"input": emit.reshape(x, (1, *x.shape))}
    batched = Aten(op=call.op, operands=operands, shape=(1, *call.shape), shapes=())
    return emit.reshape(conv(emit, batched), call.shape)


def _operands(call: Aten, x: Ref) -> tuple[str, ...]:
    bias = call.name("bias")
    return (x.name, call.tensor("weight").name, *([bias] if bias else []))


def pads_of(call: Aten, kernel: Sequence[int], dilation: Sequence[int]) -> tuple[int, ...]:
    """Pads before every axis, then after; of an odd total, torch's 'same' puts the larger part behind."""
    padding = call.operands.get("padding", 0)
    if padding == "valid":
        return (0,) * (2 * len(kernel))
    if padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        return (*(t // 2 for t in totals), *(t - t // 2 for t in totals))
    found = call.ints("padding", len(kernel))
    return (*found, *found)


def conv_transposed(emit: Emitter, call: Aten) -> Ref:
    """conv_transpose1d, conv_transpose2d."""
    x, weight = call.tensor("input"), call.tensor("weight")
    spatial = weight.rank - 2
    padding = call.ints("padding", spatial)
    return emit.node(
        "ConvTranspose", _operands(call, x), call.shape,
        kernel_shape=weight.shape[2:], strides=call.ints("stride", spatial),
        dilations=call.ints("dilation", spatial), pads=(*padding, *padding),
        output_padding=call.ints("output_padding", spatial), group=int(call.number("groups", 1)),
    )  # fmt: skip


def linear(emit: Emitter, call: Aten) -> Ref:
    """x times weight transposed, plus bias: a Gemm of rows, so that a vector or a batch of rows are the same layer."""
    x, weight = call.tensor("input"), call.tensor("weight")
    if weight.rank != 2:
        raise Untranslatable(f"weights {list(weight.shape)}; a matrix was wanted")
    bias = call.name("bias")
    if x.rank == 2:
        inputs = (x.name, weight.name, *([bias] if bias else []))
        return emit.node("Gemm", inputs, call.shape, transB=1)
    rows = x if x.rank > 1 else emit.reshape(x, (1, *x.shape))
    shape = (*rows.shape[:-1], weight.shape[0])
    product = emit.node("MatMul", (rows.name, emit.transpose(weight, (1, 0)).name), shape)
    summed = emit.node("Add", (product.name, bias), shape) if bias else product
    return emit.reshape(summed, call.shape)


def addmm(emit: Emitter, call: Aten) -> Ref:
    """beta * input + alpha * mat1 mat2."""
    inputs = tuple(call.tensor(n).name for n in ("mat1", "mat2", "self"))
    alpha, beta = call.number("alpha", 1), call.number("beta", 1)
    return emit.node("Gemm", inputs, call.shape, alpha=alpha, beta=beta)


def baddbmm(emit: Emitter, call: Aten) -> Ref:
    """input + batch1 batch2."""
    if call.number("alpha", 1) != 1 or call.number("beta", 1) != 1:
        raise Untranslatable("alpha or beta is not 1; multiply apart")
    product = emit.node("MatMul", (call.tensor("batch1").name, call.tensor("batch2").name), call.shape)
    return emit.node("Add", (product.name, call.tensor("self").name), call.shape)


def matmul(emit: Emitter, call: Aten) -> Ref:
    """matmul, mm, bmm: vectors become matrices of one row or column for the product."""
    a = call.tensor("self")
    b = call.tensor(next(n for n in ("mat2", "other", "vec", "tensor") if n in call.operands))
    left = a if a.rank > 1 else emit.reshape(a, (1, *a.shape))
    right = b if b.rank > 1 else emit.reshape(b, (*b.shape, 1))
    batch = broadcast(left.shape[:-2], right.shape[:-2])
    product = emit.node("MatMul", (left.name, right.name), (*batch, left.shape[-2], right.shape[-1]))
    return emit.reshape(product, call.shape)


def outer(emit: Emitter, call: Aten) -> Ref:
    """Every element of one vector times every one of another."""
    column, row = call.tensor("self"), call.tensor("vec2")
    return emit.node("Mul", (emit.reshape(column, (*column.shape, 1)).name, row.name), call.shape)


def broadcast(a: Sequence[int], b: Sequence[int]) -> tuple[int, ...]:
    """Numpy's rule."""
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b), strict=True)
    return tuple(max(p) if min(p) > 0 else 0 for p in pairs)


HANDLERS = {
    "conv1d": conv,
    "conv2d": conv,
    "convolution": conv,
    "conv_transpose1d": conv_transposed,
    "conv_transpose2d": conv_transposed,
    "linear": linear,
    "addmm": addmm,
    "baddbmm": baddbmm,
    "mm": matmul,
    "bmm": matmul,
    "matmul": matmul,
    "mv": matmul,
    "dot": matmul,
    "outer": outer,
}
