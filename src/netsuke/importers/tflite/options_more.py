"""More builtin options, as `options` has them: those of the float functions, comparisons and moves by index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from netsuke.importers.tflite.options import Options, Wire, flag, int8, int32, slot


@dataclass(frozen=True, slots=True, kw_only=True)
class DivOptions(Options):
    """DIV."""

    union: ClassVar[int] = 29
    fused_activation_function: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class GeluOptions(Options):
    """GELU; approximate: by way of tanh."""

    union: ClassVar[int] = 116
    approximate: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class CumsumOptions(Options):
    """CUMSUM."""

    union: ClassVar[int] = 102
    exclusive: bool = flag()
    reverse: bool = flag()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherOptions(Options):
    """GATHER."""

    union: ClassVar[int] = 23
    axis: int = int32()
    batch_dims: int = int32()


@dataclass(frozen=True, slots=True, kw_only=True)
class CastOptions(Options):
    """CAST: element types by their numbers."""

    union: ClassVar[int] = 37
    in_data_type: int = int8()
    out_data_type: int = int8()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpOptions(Options):
    """EXP."""

    union: ClassVar[int] = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsOptions(Options):
    """ABS."""

    union: ClassVar[int] = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class NegOptions(Options):
    """NEG."""

    union: ClassVar[int] = 42


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSoftmaxOptions(Options):
    """LOG_SOFTMAX."""

    union: ClassVar[int] = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class TileOptions(Options):
    """TILE."""

    union: ClassVar[int] = 51


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareOptions(Options):
    """SQUARE."""

    union: ClassVar[int] = 66


@dataclass(frozen=True, slots=True, kw_only=True)
class PowOptions(Options):
    """POW."""

    union: ClassVar[int] = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class SquaredDifferenceOptions(Options):
    """SQUARED_DIFFERENCE."""

    union: ClassVar[int] = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualOptions(Options):
    """EQUAL."""

    union: ClassVar[int] = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEqualOptions(Options):
    """NOT_EQUAL."""

    union: ClassVar[int] = 54


@dataclass(frozen=True, slots=True, kw_only=True)
class LessOptions(Options):
    """LESS."""

    union: ClassVar[int] = 41


@dataclass(frozen=True, slots=True, kw_only=True)
class LessEqualOptions(Options):
    """LESS_EQUAL."""

    union: ClassVar[int] = 46


@dataclass(frozen=True, slots=True, kw_only=True)
class GreaterOptions(Options):
    """GREATER."""

    union: ClassVar[int] = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class GreaterEqualOptions(Options):
    """GREATER_EQUAL."""

    union: ClassVar[int] = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectV2Options(Options):
    """SELECT_V2."""

    union: ClassVar[int] = 98


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalAndOptions(Options):
    """LOGICAL_AND."""

    union: ClassVar[int] = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalOrOptions(Options):
    """LOGICAL_OR."""

    union: ClassVar[int] = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalNotOptions(Options):
    """LOGICAL_NOT."""

    union: ClassVar[int] = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class UnidirectionalSequenceLstmOptions(Options):
    """UNIDIRECTIONAL_SEQUENCE_LSTM; clips of 0 are none."""

    union: ClassVar[int] = 71
    fused_activation_function: int = int8()
    cell_clip: float = slot(Wire.FLOAT32, 0.0)
    proj_clip: float = slot(Wire.FLOAT32, 0.0)
    time_major: bool = flag()
    asymmetric_quantize_inputs: bool = flag()
    diagonal_recurrent_tensors: bool = flag()


MORE: tuple[type[Options], ...] = (
    DivOptions,
    GeluOptions,
    CumsumOptions,
    GatherOptions,
    CastOptions,
    ExpOptions,
    AbsOptions,
    NegOptions,
    LogSoftmaxOptions,
    TileOptions,
    SquareOptions,
    PowOptions,
    SquaredDifferenceOptions,
    EqualOptions,
    NotEqualOptions,
    LessOptions,
    LessEqualOptions,
    GreaterOptions,
    GreaterEqualOptions,
    SelectV2Options,
    LogicalAndOptions,
    LogicalOrOptions,
    LogicalNotOptions,
    UnidirectionalSequenceLstmOptions,
)

PLAIN: dict[str, type[Options]] = {
    "EXP": ExpOptions,
    "ABS": AbsOptions,
    "NEG": NegOptions,
    "LOG_SOFTMAX": LogSoftmaxOptions,
    "TILE": TileOptions,
    "SQUARE": SquareOptions,
    "POW": PowOptions,
    "SQUARED_DIFFERENCE": SquaredDifferenceOptions,
    "EQUAL": EqualOptions,
    "NOT_EQUAL": NotEqualOptions,
    "LESS": LessOptions,
    "LESS_EQUAL": LessEqualOptions,
    "GREATER": GreaterOptions,
    "GREATER_EQUAL": GreaterEqualOptions,
    "SELECT_V2": SelectV2Options,
    "LOGICAL_AND": LogicalAndOptions,
    "LOGICAL_OR": LogicalOrOptions,
    "LOGICAL_NOT": LogicalNotOptions,
}
"""Operators whose options have no fields."""
