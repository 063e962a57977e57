"""Float graph → smaller graph: post-training quantisation to int8, in places to int16 or with 4-bit weights.

done = quantize_by(graph, samples, Recipe(equalize=True))  # calibrate, and do what the recipe says
outputs = interpret(done.graph, quantize_inputs(done.graph, sample)).outputs
real = dequantize_outputs(done.graph, outputs)

The plain way by hand, by TFLite's 8-bit quantisation specification, every weight to nearest:

ranges = calibrate(graph, samples)  # lowest and highest value of every tensor over the samples
small = quantize(graph, ranges)
"""

from netsuke.compress.calibrate import Observations, calibrate, observe
from netsuke.compress.calibrators import CALIBRATORS
from netsuke.compress.coding import dequantize_outputs, quantize_inputs
from netsuke.compress.measure import accuracy, sqnr_db
from netsuke.compress.quantize import quantize
from netsuke.compress.ranges import Range, Ranges
from netsuke.compress.recipe import Quantized, Recipe, quantize_by
from netsuke.compress.samples import ArraySamples, Samples

__all__ = [
    "CALIBRATORS",
    "ArraySamples",
    "Observations",
    "Quantized",
    "Range",
    "Ranges",
    "Recipe",
    "Samples",
    "accuracy",
    "calibrate",
    "dequantize_outputs",
    "observe",
    "quantize",
    "quantize_by",
    "quantize_inputs",
    "sqnr_db",
]
