"""Our graph → a foreign model file. Today: .tflite."""

from netsuke.exporters.tflite import write as write_tflite

__all__ = ["write_tflite"]
