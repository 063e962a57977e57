"""Cases of MAX_POOL_2D and AVERAGE_POOL_2D."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from netsuke.ir import DType, TensorType
from netsuke.ops.activation import Activation, clamp_of
from netsuke.ops.geometry import Padding, window
from netsuke.ops.pool import Pool2d
from tests.ops.case import Case, one_node, tensor_type

OPS = ("max_pool_2d", "average_pool_2d")
TYPES = ((DType.INT8, 0.1, -3), (DType.INT16, 0.002, 0), (DType.FLOAT32, None, 0))


def pool_case(
    op: str,
    shape: tuple[int, int, int, int],
    kind: tuple[DType, float | None, int],
    args: Pool2d,
    activation: Activation = Activation.NONE,
) -> Case:
    """A case from its input shape; the output's type follows."""
    rows = window(shape[1], args.kernel[0], args.stride[0], args.padding, explicit=args.explicit[0])
    columns = window(shape[2], args.kernel[1], args.stride[1], args.padding, explicit=args.explicit[1])
    x = tensor_type(shape, *kind)
    y = tensor_type((shape[0], rows.output, columns.output, shape[3]), *kind)
    args = Pool2d(
        kernel=args.kernel,
        stride=args.stride,
        padding=args.padding,
        explicit=args.explicit,
        clamp=clamp_of(activation, y),
    )
    return one_node(case_id(x, args, activation), op, args, [x], [y])


def case_id(x: TensorType, args: Pool2d, activation: Activation) -> str:
    """Everything that tells two cases apart."""
    quantized = f"-q{x.scale:.3g},{x.zero_point}" if x.quantization else ""
    explicit = f"{args.explicit}".replace(" ", "") if args.padding is Padding.EXPLICIT else ""
    return (
        f"{x.dtype.value}-{'x'.join(map(str, x.shape))}-k{args.kernel[0]}x{args.kernel[1]}"
        f"-s{args.stride[0]}x{args.stride[1]}-{args.padding.value}{explicit}"
        f"-{activation.name.lower()}{quantized}"
    )


def cases() -> Iterator[Case]:
    """Windows, strides and paddings for every type; activations, zero points, batches, whole images."""
    yield from windows_grid()
    yield from activations()
    yield from whole_images()
    yield from explicit_paddings()


def windows_grid() -> Iterator[Case]:
    """Sizes around the kernel's, where SAME pads on no, one or both sides."""
    shapes = ((1, 5, 7, 3), (1, 8, 8, 4), (2, 1, 6, 1))
    for op, kind, shape in product(OPS, TYPES, shapes):
        for kernel, stride in product(((1, 1), (2, 2), (3, 2), (1, 5)), ((1, 1), (2, 3))):
            for padding in (Padding.SAME, Padding.VALID):
                if padding is Padding.SAME or (kernel[0] <= shape[1] and kernel[1] <= shape[2]):
                    yield pool_case(op, shape, kind, Pool2d(kernel=kernel, stride=stride, padding=padding))


def activations() -> Iterator[Case]:
    """Fused clamps; zero points at the ends of the range; scales that put the clamp in and out of it."""
    quantized = [(DType.INT8, scale, zero) for scale, zero in product((0.02, 0.1, 1.0), (-128, -1, 0, 127))]
    kinds = [*quantized, (DType.INT16, 0.0004, 0), (DType.INT16, 0.01, 0), (DType.FLOAT32, None, 0)]
    for op, kind, activation in product(OPS, kinds, Activation):
        args = Pool2d(kernel=(2, 3), stride=(2, 1), padding=Padding.SAME)
        yield pool_case(op, (1, 4, 5, 2), kind, args, activation)


def whole_images() -> Iterator[Case]:
    """Global pooling, odd and even counts of taps, one of them larger than the usual."""
    for op, kind, (height, width) in product(OPS, TYPES, ((1, 1), (3, 3), (7, 7), (5, 25), (20, 20))):
        yield pool_case(op, (1, height, width, 5), kind, Pool2d(kernel=(height, width), stride=(1, 1)))


def explicit_paddings() -> Iterator[Case]:
    """Paddings that are neither SAME nor VALID. TFLite can say so of a maximum only, through a PADV2."""
    for kind, explicit in product(TYPES, (((1, 0), (0, 2)), ((0, 1), (1, 1)))):
        args = Pool2d(kernel=(2, 3), stride=(2, 2), padding=Padding.EXPLICIT, explicit=explicit)
        yield pool_case("max_pool_2d", (1, 6, 5, 3), kind, args)
