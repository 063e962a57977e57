"""reference == host C == emulated C, byte for byte, or the first layer that differs."""

from netsuke.prove.stimuli import expected_vectors, random_inputs
from netsuke.prove.verdict import Case, Target, Verdict, model_io, prove

__all__ = ["Case", "Target", "Verdict", "expected_vectors", "model_io", "prove", "random_inputs"]
