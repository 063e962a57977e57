"""Foreign model files → our graph. Today: .tflite."""

from netsuke.importers.file import read_model_file
from netsuke.importers.tflite import load as load_tflite
from netsuke.importers.unsupported import Unsupported, UnsupportedOperators

__all__ = ["Unsupported", "UnsupportedOperators", "load_tflite", "read_model_file"]
