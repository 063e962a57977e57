"""Windows over images: output sizes and padding, as TFLite computes them. Tensors are NHWC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from netsuke.errors import GraphError


class Padding(Enum):
    """SAME: output = ceil(input / stride); VALID: no padding; EXPLICIT: amounts are in the arguments."""

    SAME = "same"
    VALID = "valid"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One axis of a sliding window: sizes in elements, `before` and `after` in padded elements."""

    size: int
    """Input size along the axis."""
    kernel: int
    stride: int
    dilation: int = 1
    before: int
    after: int

    @property
    def reach(self) -> int:
        """Input elements from the first to the last tap, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def output(self) -> int:
        """Output size along the axis."""
        return (self.size + self.before + self.after - self.reach) // self.stride + 1


def window(
    size: int,
    kernel: int,
    stride: int,
    padding: Padding,
    *,
    dilation: int = 1,
    explicit: tuple[int, int] = (0, 0),
) -> Window:
    """The window of one axis. SAME puts the odd element of padding after (ComputePaddingWithOffset).

    Raises:
        GraphError: when a size is not positive or no output element is left.
    """
    if min(size, kernel, stride, dilation) < 1:
        raise GraphError(
            f"got input {size}, kernel {kernel}, stride {stride}, dilation {dilation}; all must be 1 or more"
        )
    before, after = explicit if padding is Padding.EXPLICIT else (0, 0)
    reach = (kernel - 1) * dilation + 1
    if padding is Padding.SAME:
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + reach - size, 0)
        before, after = total // 2, total - total // 2
    axis = Window(size=size, kernel=kernel, stride=stride, dilation=dilation, before=before, after=after)
    if axis.output < 1:
        raise GraphError(
            f"a kernel reaching over {reach} elements does not fit an input of {size} with {padding.value} padding"
        )
    return axis
