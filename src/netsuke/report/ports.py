"""A tensor as an input or output of the model in a report."""

from __future__ import annotations

from netsuke.ir import Tensor
from netsuke.report.result import PortResult


def port(tensor: Tensor) -> PortResult:
    """Its scale and zero point are shown when there is one of each for the whole tensor."""
    quantization = tensor.quantization
    single = quantization is not None and not quantization.per_channel
    return PortResult(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype.value,
        scale=tensor.scale if single else None,
        zero_point=tensor.zero_point if single else None,
    )
