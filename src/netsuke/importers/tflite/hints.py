"""What to do instead of an operator that netsuke does not have."""

from __future__ import annotations

RECURRENT = "a streaming model: keep the state in READ_VARIABLE and ASSIGN_VARIABLE, one step a call"
LOOKUP = "feed the embedded vector as an input, or replace it by a FULLY_CONNECTED on a one-hot input"
CONTROL = "export the branch that the device needs as a model of its own"
SPACE_BATCH = "export with the dilated CONV_2D itself (TensorFlow 2.5 and later write it so)"
FOLD = "it is usually constant: export with a fixed batch size, so that the converter folds it"
LOGIC = "compute it outside the model, or replace it by MAXIMUM, MINIMUM and MUL"

HINTS = {
    "ARG_MIN": "ARG_MAX of the negated input",
    "BATCH_TO_SPACE_ND": SPACE_BATCH,
    "BIDIRECTIONAL_SEQUENCE_LSTM": "two UNIDIRECTIONAL_SEQUENCE_LSTM, one on the reversed input, and a CONCATENATION",
    "BIDIRECTIONAL_SEQUENCE_RNN": RECURRENT,
    "BROADCAST_TO": "ADD, MUL and their like broadcast by themselves",
    "CONV_3D": "2-D convolutions over slices, added up",
    "DEPTH_TO_SPACE": "RESHAPE, TRANSPOSE, RESHAPE",
    "EMBEDDING_LOOKUP": LOOKUP,
    "FILL": FOLD,
    "GATHER_ND": "SLICE or SPLIT for fixed indices",
    "IF": CONTROL,
    "L2_NORMALIZATION": "normalise outside the model, or train with a BatchNormalization, which folds away",
    "L2_POOL_2D": "AVERAGE_POOL_2D, and train on",
    "LSTM": "UNIDIRECTIONAL_SEQUENCE_LSTM (Keras: LSTM without unroll), or " + RECURRENT,
    "MIRROR_PAD": "PAD with zeros, and train on",
    "ONE_HOT": "feed the one-hot vector as an input",
    "RANGE": FOLD,
    "RELU_0_TO_1": "RELU6 on a rescaled input, or MINIMUM and MAXIMUM",
    "REVERSE_V2": "STRIDED_SLICE with a stride of -1",
    "RNN": RECURRENT,
    "SHAPE": FOLD,
    "SPACE_TO_BATCH_ND": SPACE_BATCH,
    "SPACE_TO_DEPTH": "RESHAPE, TRANSPOSE, RESHAPE",
    "SVDF": "two CONV_2D: one over the features, one over time",
    "TOPK_V2": "ARG_MAX, or sort the outputs outside the model",
    "UNIDIRECTIONAL_SEQUENCE_RNN": RECURRENT,
    "WHILE": CONTROL + "; " + RECURRENT,
}
for name in ("SELECT", "WHERE"):
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
