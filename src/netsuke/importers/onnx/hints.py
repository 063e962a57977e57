"""What to do about an operator that has no translation."""

from __future__ import annotations

TREES = "tree ensembles come later; until then run them with the tool that trained them"
CONTROL = "control flow needs a graph known ahead: export the branch or the fixed number of steps that the device runs"
DYNAMIC = (
    "its result has a size that depends on the data; a microcontroller needs fixed sizes: compute it outside"
)
INTEGER = "it leaves int32 sums to the model; export QDQ (onnxruntime's QuantFormat.QDQ) instead"
HINTS = {
    "Loop": CONTROL,
    "If": CONTROL,
    "Scan": CONTROL,
    "NonZero": DYNAMIC,
    "NonMaxSuppression": DYNAMIC,
    "Unique": DYNAMIC,
    "Compress": DYNAMIC,
    "ConvInteger": INTEGER,
    "MatMulInteger": INTEGER,
    "DynamicQuantizeLinear": "scales that depend on the data are slow and not exact; quantise statically",
    "TopK": "sort outside, or take ArgMax where one is enough",
}


def hint(op: str) -> str:
    """One line for the error."""
    if op.startswith("ai.onnx.ml.TreeEnsemble"):
        return TREES
    near = " (of another domain than ONNX's own)" if "." in op else ""
    known = HINTS.get(op)
    return known or f"netsuke has no translation of it{near}; replace it, or cut the model before it"
