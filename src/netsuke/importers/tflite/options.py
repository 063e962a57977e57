"""The builtin options of TFLite's operators that netsuke reads and writes, one dataclass a flatbuffer
table.

Fields stand in the order of the table's slots in TFLite's schema (version 3) with the schema's defaults;
how each is stored is its `wire` metadata. The importer reads and the exporter writes through these same
classes, so that a slot is named once. `union` is the class's number in the schema's BuiltinOptions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, ClassVar


class Wire(Enum):
    """How a field lies in a flatbuffer."""

    INT8 = "int8"
    INT32 = "int32"
    FLOAT32 = "float32"
    BOOL = "bool"
    INT32S = "vector of int32"
    STRING = "string"


def slot(wire: Wire, default: Any) -> Any:
    """A field of a table with its schema default."""
    return field(default=default, metadata={"wire": wire})


def int8(default: int = 0) -> Any:
    """A byte, among them all enums."""
    return slot(Wire.INT8, default)


def int32(default: int = 0) -> Any:
    """A 32-bit integer."""
    return slot(Wire.INT32, default)


def flag(default: bool = False) -> Any:
    """A bool."""
    return slot(Wire.BOOL, default)


class Options:
    """Base of the options of an operator."""

    __slots__ = ()
    union: ClassVar[int] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions(Options):
    """An operator without options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2DOptions(Options):
    """CONV_2D: padding (0 SAME, 1 VALID), strides and dilations in pixels."""

    union: ClassVar[int] = 1
    padding: int = int8()
    stride_w: int = int32()
    stride_h: int = int32()
    fused_activation_function: int = int8()
    dilation_w_factor: int = int32(1)
    dilation_h_factor: int = int32(1)
    quantized_bias_type: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseConv2DOptions(Options):
    """DEPTHWISE_CONV_2D: as CONV_2D, and the output channels per input channel."""

    union: ClassVar[int] = 2
    padding: int = int8()
    stride_w: int = int32()
    stride_h: int = int32()
    depth_multiplier: int = int32()
    fused_activation_function: int = int8()
    dilation_w_factor: int = int32(1)
    dilation_h_factor: int = int32(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2DOptions(Options):
    """AVERAGE_POOL_2D and MAX_POOL_2D."""

    union: ClassVar[int] = 5
    padding: int = int8()
    stride_w: int = int32()
    stride_h: int = int32()
    filter_width: int = int32()
    filter_height: int = int32()
    fused_activation_function: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullyConnectedOptions(Options):
    """FULLY_CONNECTED; weights_format 1 is the shuffled form of 32-bit Arm, which netsuke does not read."""

    union: ClassVar[int] = 8
    fused_activation_function: int = int8()
    weights_format: int = int8()
    keep_num_dims: bool = flag()
    asymmetric_quantize_inputs: bool = flag()
    quantized_bias_type: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxOptions(Options):
    """SOFTMAX: exp(beta * x) normalised over the last axis."""

    union: ClassVar[int] = 9
    beta: float = slot(Wire.FLOAT32, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcatenationOptions(Options):
    """CONCATENATION."""

    union: ClassVar[int] = 10
    axis: int = int32()
    fused_activation_function: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions(Options):
    """ADD; pot_scale_int16 chooses the power-of-two form of int16 (LiteRT's default is the general one,
    False).
    """

    union: ClassVar[int] = 11
    fused_activation_function: int = int8()
    pot_scale_int16: bool = flag(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOptions(Options):
    """SUB; as ADD."""

    union: ClassVar[int] = 28
    fused_activation_function: int = int8()
    pot_scale_int16: bool = flag(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class MulOptions(Options):
    """MUL."""

    union: ClassVar[int] = 21
    fused_activation_function: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeBilinearOptions(Options):
    """RESIZE_BILINEAR; the first two slots are of an older schema."""

    union: ClassVar[int] = 15
    new_height: int = int32()
    new_width: int = int32()
    align_corners: bool = flag()
    half_pixel_centers: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeNearestNeighborOptions(Options):
    """RESIZE_NEAREST_NEIGHBOR."""

    union: ClassVar[int] = 74
    align_corners: bool = flag()
    half_pixel_centers: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReshapeOptions(Options):
    """RESHAPE, when the new shape is not an operand."""

    union: ClassVar[int] = 17
    new_shape: tuple[int, ...] = slot(Wire.INT32S, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class PadOptions(Options):
    """PAD."""

    union: ClassVar[int] = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class PadV2Options(Options):
    """PADV2."""

    union: ClassVar[int] = 43


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeOptions(Options):
    """TRANSPOSE."""

    union: ClassVar[int] = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceOptions(Options):
    """SLICE."""

    union: ClassVar[int] = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducerOptions(Options):
    """MEAN, SUM, REDUCE_MAX."""

    union: ClassVar[int] = 27
    keep_dims: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class SqueezeOptions(Options):
    """SQUEEZE."""

    union: ClassVar[int] = 30
    squeeze_dims: tuple[int, ...] = slot(Wire.INT32S, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class StridedSliceOptions(Options):
    """STRIDED_SLICE: one bit an axis in each mask."""

    union: ClassVar[int] = 32
    begin_mask: int = int32()
    end_mask: int = int32()
    ellipsis_mask: int = int32()
    new_axis_mask: int = int32()
    shrink_axis_mask: int = int32()
    offset: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions(Options):
    """SPLIT."""

    union: ClassVar[int] = 35
    num_splits: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitVOptions(Options):
    """SPLIT_V."""

    union: ClassVar[int] = 79
    num_splits: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaximumMinimumOptions(Options):
    """MAXIMUM and MINIMUM."""

    union: ClassVar[int] = 39


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgMaxOptions(Options):
    """ARG_MAX: the element type of the indices."""

    union: ClassVar[int] = 40
    output_type: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeConvOptions(Options):
    """TRANSPOSE_CONV."""

    union: ClassVar[int] = 49
    padding: int = int8()
    stride_w: int = int32()
    stride_h: int = int32()
    fused_activation_function: int = int8()
    quantized_bias_type: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackOptions(Options):
    """PACK."""

    union: ClassVar[int] = 59
    values_count: int = int32()
    axis: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackOptions(Options):
    """UNPACK."""

    union: ClassVar[int] = 64
    num: int = int32()
    axis: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakyReluOptions(Options):
    """LEAKY_RELU: the slope below zero."""

    union: ClassVar[int] = 75
    alpha: float = slot(Wire.FLOAT32, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMatMulOptions(Options):
    """BATCH_MATMUL: whether each operand is transposed."""

    union: ClassVar[int] = 101
    adj_x: bool = flag()
    adj_y: bool = flag()
    asymmetric_quantize_inputs: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOnceOptions(Options):
    """CALL_ONCE: the subgraph that sets the variables' initial values."""

    union: ClassVar[int] = 103
    init_subgraph_index: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class VarHandleOptions(Options):
    """VAR_HANDLE: the variable's name; container and name together say which variable it is."""

    union: ClassVar[int] = 111
    container: str = slot(Wire.STRING, "")
    shared_name: str = slot(Wire.STRING, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadVariableOptions(Options):
    """READ_VARIABLE."""

    union: ClassVar[int] = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignVariableOptions(Options):
    """ASSIGN_VARIABLE."""

    union: ClassVar[int] = 113


TABLES: tuple[type[Options], ...] = (
    Conv2DOptions,
    DepthwiseConv2DOptions,
    Pool2DOptions,
    FullyConnectedOptions,
    SoftmaxOptions,
    ConcatenationOptions,
    AddOptions,
    SubOptions,
    MulOptions,
    ResizeBilinearOptions,
    ResizeNearestNeighborOptions,
    ReshapeOptions,
    PadOptions,
    PadV2Options,
    TransposeOptions,
    SliceOptions,
    ReducerOptions,
    SqueezeOptions,
    StridedSliceOptions,
    SplitOptions,
    SplitVOptions,
    MaximumMinimumOptions,
    ArgMaxOptions,
    TransposeConvOptions,
    PackOptions,
    UnpackOptions,
    LeakyReluOptions,
    BatchMatMulOptions,
    CallOnceOptions,
    VarHandleOptions,
    ReadVariableOptions,
    AssignVariableOptions,
)


@cache
def options_by_union() -> dict[int, type[Options]]:
    """Number in BuiltinOptions → class."""
    from netsuke.importers.tflite.options_more import MORE

    return {table.union: table for table in (*TABLES, *MORE)}
