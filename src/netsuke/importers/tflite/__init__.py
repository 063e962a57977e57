"""The .tflite importer: bytes → records (`read`) → graph (`load`)."""

from netsuke.importers.tflite.load import load

__all__ = ["load"]
