"""Our graph → a .tflite file that LiteRT runs."""

from netsuke.exporters.tflite.write import write

__all__ = ["write"]
