"""The graph: element types, quantisation, tensors, nodes, verifier and text form."""

from netsuke.ir.dtype import Array, DType
from netsuke.ir.graph import Args, Graph, Node, State, Tensor, TensorType
from netsuke.ir.quantization import FEW_BITS, Quantization
from netsuke.ir.text import from_text, to_text
from netsuke.ir.verify import verify

__all__ = [
    "FEW_BITS",
    "Args",
    "Array",
    "DType",
    "Graph",
    "Node",
    "Quantization",
    "State",
    "Tensor",
    "TensorType",
    "from_text",
    "to_text",
    "verify",
]
