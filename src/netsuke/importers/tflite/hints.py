"""What to do instead of an operator that netsuke does not have."""

from __future__ import annotations

RECURRENT = "a streaming model: keep the state in READ_VARIABLE and ASSIGN_VARIABLE, one step a call"
LOOKUP = "feed the embedded vector as an input, or replace it by a FULLY_CONNECTED on a one-hot input"
CONTROL = "export the branch that the device needs as a model of its own"
SPACE_BATCH = "export with the dilated CONV_2D itself (TensorFlow 2.5 and later write it so)"
FOLD = "it is usually constant: export with a fixed batch size, so that the converter folds it"
LOGIC = "compute it outside the model, or replace it by MAXIMUM, MINIMUM and MUL"

HINTS = {
    "ABS": "MAXIMUM(x, 0 - x)",
    "ARG_MIN": "ARG_MAX of the negated input",
    "BATCH_TO_SPACE_ND": SPACE_BATCH,
    "BIDIRECTIONAL_SEQUENCE_LSTM": RECURRENT,
    "BIDIRECTIONAL_SEQUENCE_RNN": RECURRENT,
    "BROADCAST_TO": "ADD, MUL and their like broadcast by themselves",
    "CAST": "QUANTIZE or DEQUANTIZE at the border of the model",
    "CONV_3D": "2-D convolutions over slices, added up",
    "CUMSUM": "a FULLY_CONNECTED with a triangular weight matrix",
    "DEPTH_TO_SPACE": "RESHAPE, TRANSPOSE, RESHAPE",
    "DIV": "MUL by the reciprocal, which can be computed ahead when the divisor is constant",
    "ELU": "RELU or LEAKY_RELU, and train on",
    "EMBEDDING_LOOKUP": LOOKUP,
    "EXP": "SOFTMAX or LOGISTIC, which contain it, or a table outside the model",
    "FILL": FOLD,
    "GATHER": "SLICE or SPLIT for fixed indices; " + LOOKUP,
    "GATHER_ND": "SLICE or SPLIT for fixed indices",
    "GELU": "HARD_SWISH or RELU, and train on",
    "IF": CONTROL,
    "L2_NORMALIZATION": "normalise outside the model, or train with a BatchNormalization, which folds away",
    "L2_POOL_2D": "AVERAGE_POOL_2D, and train on",
    "LOG": "compute the features' logarithm outside the model",
    "LOG_SOFTMAX": "SOFTMAX: the largest class is the same",
    "LSTM": RECURRENT,
    "MIRROR_PAD": "PAD with zeros, and train on",
    "NEG": "MUL by -1",
    "ONE_HOT": "feed the one-hot vector as an input",
    "POW": "MUL of the tensor with itself",
    "RANGE": FOLD,
    "REDUCE_MIN": "REDUCE_MAX of the negated input",
    "RELU_0_TO_1": "RELU6 on a rescaled input, or MINIMUM and MAXIMUM",
    "REVERSE_V2": "STRIDED_SLICE with a stride of -1",
    "RNN": RECURRENT,
    "RSQRT": "train with a BatchNormalization, which folds away, instead of a layer normalisation",
    "SHAPE": FOLD,
    "SPACE_TO_BATCH_ND": SPACE_BATCH,
    "SPACE_TO_DEPTH": "RESHAPE, TRANSPOSE, RESHAPE",
    "SQRT": "compute the feature outside the model",
    "SQUARE": "MUL of the tensor with itself",
    "SQUARED_DIFFERENCE": "SUB, then MUL of the result with itself",
    "SVDF": "two CONV_2D: one over the features, one over time",
    "TILE": "CONCATENATION of the tensor with itself",
    "TOPK_V2": "ARG_MAX, or sort the outputs outside the model",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": RECURRENT,
    "UNIDIRECTIONAL_SEQUENCE_RNN": RECURRENT,
    "WHILE": CONTROL + "; " + RECURRENT,
}
for name in ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL",
             "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT", "SELECT", "SELECT_V2", "WHERE"):  # fmt: skip
    HINTS[name] = LOGIC

CUSTOM = (
    "a custom operator: leave post-processing (TFLite_Detection_PostProcess) outside the model, and convert "
    "without allow_custom_ops and without Flex (SELECT_TF_OPS)"
)
UNKNOWN = "no replacement is known; `netsuke ops` lists what netsuke has"


def hint(op: str, *, custom: bool) -> str:
    """What would replace the operator."""
    if custom:
        return CUSTOM
    found = HINTS.get(op)
    return f"try {found}" if found else UNKNOWN
