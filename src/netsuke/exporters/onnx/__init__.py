"""Graph → .onnx: quantised tensors as QuantizeLinear and DequantizeLinear pairs (QDQ). Needs `netsuke[onnx]`."""

from netsuke.exporters.onnx.write import write

__all__ = ["write"]
