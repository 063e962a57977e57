"""Results as a terminal summary, as JSON with stable keys, and as one self-contained HTML page."""

from netsuke.report.result import BufferKind, BufferResult, BuildResult, LayerResult, PassResult, PortResult
from netsuke.report.write import write_reports

__all__ = [
    "BufferKind",
    "BufferResult",
    "BuildResult",
    "LayerResult",
    "PassResult",
    "PortResult",
    "write_reports",
]
