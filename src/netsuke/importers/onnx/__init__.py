"""ONNX files → our graph: float, QDQ and QLinear models. Needs the extra `netsuke[onnx]`.

What comes out is channels last inside, whatever the file had:

- an image input [1, C, H, W] of a convolutional model becomes [1, H, W, C], a signal [1, C, L] becomes [1, 1,
  L, C]; other inputs keep their order. Image outputs are channels last too, all others are in ONNX's order.
- an input that is quantised first of all becomes an int8 or int16 input, an output that is dequantised last of
  all such an output: scale and zero point are in the tensor's type (uint8 becomes int8, less 128).
- a dynamic batch is 1, a fixed one stays.
- floating point is float32, whole numbers of 64 bits are int32. LSTM and GRU are one operator, RNN is unrolled.

docs/onnx.md says how much of the standard's own tests that is.
"""

from netsuke.importers.onnx.load import load

__all__ = ["load"]
