"""Graph → the same function as fewer, simpler nodes. One pass a file; a pass is a frozen dataclass of its options."""

from netsuke.lower.lowering import PASSES, Change, Lowered, lower
from netsuke.lower.passes import Outcome, Pass

__all__ = ["PASSES", "Change", "Lowered", "Outcome", "Pass", "lower"]
