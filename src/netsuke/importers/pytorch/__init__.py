"""PyTorch modules → our graph, through `torch.export`. Needs the extra `netsuke[torch]`.

The exported program's ATen operators are spelled as ONNX's (`importers.onnx.model.OnnxNode`): both number the axes
of an image N, C, H, W and most operators are the same. What follows (channels last, fused batch normalisation and
clamps, quantised values) is then done once, by the walk that ONNX files take, with its conformance tests.

Parameters, buffers and all that only they decide (positional encodings, masks, normalised weights) are computed by
torch at import; what depends on an input becomes nodes.
"""

from netsuke.importers.pytorch.load import load_program, load_saved

__all__ = ["load_program", "load_saved"]
