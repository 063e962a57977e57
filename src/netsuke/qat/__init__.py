"""Quantisation-aware training in torch: a network that computes what the integer kernels will, and has gradients.

qat = prepare_qat(module, example_inputs, samples, weights=4)   # a torch module; train it like any other
loss = cross_entropy(qat(images), labels)
model = netsuke.load(qat)                                      # integers: the same predictions

The module is imported as `netsuke.load` does it, so that batch normalisation is in the weights that are trained: what
is rounded in training is what the kernels read. Needs `netsuke[torch]`.
"""

from netsuke.qat.network import QatNetwork
from netsuke.qat.prepare import prepare_qat

__all__ = ["QatNetwork", "prepare_qat"]
