"""Float graph → smaller graph. Today: post-training quantisation to int8 with ranges measured on samples.

ranges = calibrate(graph, samples)  # lowest and highest value of every tensor over the samples
small = quantize(graph, ranges)  # by TFLite's 8-bit quantisation specification
outputs = interpret(small, quantize_inputs(small, sample)).outputs
real = dequantize_outputs(small, outputs)
"""

from netsuke.compress.calibrate import Range, Ranges, calibrate
from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.measure import accuracy, sqnr_db
from netsuke.compress.quantize import quantize

__all__ = [
    "Range",
    "Ranges",
    "accuracy",
    "calibrate",
    "dequantize_outputs",
    "quantize",
    "quantize_inputs",
    "sqnr_db",
]
