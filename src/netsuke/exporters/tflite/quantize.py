"""QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from netsuke.exporters.tflite.emitter import PER_CHANNEL_VERSION, Emitter
from netsuke.ir import DType
from netsuke.ops.operator import Site
from netsuke.ops.unary import NoArgs


def quantize(emitter: Emitter, site: Site[NoArgs]) -> None:
    """Both types say all."""
    emitter.emit("QUANTIZE", (emitter.x(site),), (emitter.y(site),))


def dequantize(emitter: Emitter, site: Site[NoArgs]) -> None:
    """Both types say all; scales per channel are a later version's."""
    quantization = site.x().quantization
    per_channel = (
        quantization is not None and quantization.per_channel and site.x().dtype is not DType.FLOAT32
    )
    version = PER_CHANNEL_VERSION if per_channel else None
    emitter.emit("DEQUANTIZE", (emitter.x(site),), (emitter.y(site),), version=version)


ENCODERS = {"quantize": quantize, "dequantize": dequantize}
