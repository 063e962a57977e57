"""What a C kernel is to Python: its name, its parameters, when it may be used and how it is called.

A kernel is one function in one file, `kernels/src/<name>.c`. Its pointer parameters come first, in the order of
`Kernel.params`, then a pointer to its argument struct:

    void nk_max_pool_2d_s8(const int8_t *x, int8_t *y, const nk_pool_2d_args *a);

The struct is generated from the `KernelArgs` dataclass (`python -m netsuke.ops.headers`), so that a name is typed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from netsuke.boards import Isa
from netsuke.errors import GraphError
from netsuke.ir import Array
from netsuke.ops.overlap import Overlap

if TYPE_CHECKING:
    from netsuke.ops.operator import Site


class KernelArgs:
    """Base of a kernel's argument struct: a frozen dataclass of int (int32_t), float (float) and fixed tuples of them.

    A tuple field names its C length: `shape: tuple[int, ...] = field(metadata={"length": 6})`.
    """

    __slots__ = ()
    c_name: ClassVar[str]
    """The C struct's name, such as nk_pool_2d_args."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One pointer parameter of a kernel, such as Param(name="x", ctype="const int8_t")."""

    name: str
    ctype: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A pointer to input `index` of the node, `offset` elements in."""

    index: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A pointer to output `index` of the node, `offset` elements in."""

    index: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePointer:
    """A pointer to a state of the graph."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A pointer to an array made at build time and kept in flash; `label` becomes part of its C name."""

    label: str
    data: Array = field(compare=False, repr=False)
    shape_note: str = ""
    """What the dimensions are, for the comment in the C file, such as 'out_channels x kernel_h x kernel_w'."""

    def __post_init__(self) -> None:
        self.data.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """A pointer to `nbytes` of arena that live only while the layer runs (aligned to 8)."""

    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """A pointer to the int32 sums that a layer keeps from one band of rows to the next (see ops/rows.py)."""


Pointer = Input | Output | StatePointer | Constant | Scratch | Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a kernel: a pointer for each of its params, and its argument struct."""

    kernel: Kernel
    pointers: tuple[Pointer, ...]
    args: KernelArgs

    def __post_init__(self) -> None:
        if len(self.pointers) != len(self.kernel.params) or not isinstance(self.args, self.kernel.args):
            raise GraphError(
                f"kernel {self.kernel.name} takes {len(self.kernel.params)} pointers and {self.kernel.args.__name__}; "
                f"got {len(self.pointers)} and {type(self.args).__name__}"
            )


def scratch_bytes(calls: Iterable[Call]) -> int:
    """Bytes of scratch that calls need which run one after the other and share it."""
    return max((p.nbytes for call in calls for p in call.pointers if isinstance(p, Scratch)), default=0)


def always(site: Site[Any]) -> bool:
    """Accepts every site."""
    del site
    return True


def apart(site: Site[Any]) -> tuple[Overlap, ...]:
    """Output and inputs share no memory."""
    del site
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """A C function that computes an operator at the sites it accepts."""

    name: str
    params: tuple[Param, ...]
    args: type[KernelArgs]
    bind: Callable[[Site[Any]], tuple[Call, ...]]
    """The calls that compute the node: usually one; several where a variable number of operands asks for it."""
    accepts: Callable[[Site[Any]], bool] = always
    needs: Isa = Isa.NONE
    overlap: Callable[[Site[Any]], tuple[Overlap, ...]] = apart
    """Inputs that output 0 may lie over, and how far: at most one claim an input."""

    spends_flash: bool = False
    """Faster for more bytes of weights: left out when the smallest image is wanted."""

    tile: tuple[int, int] = (1, 1)
    """Output rows and columns that it computes at a time: where fewer are left it takes as long."""

    packs: bool = False
    """Keeps weights of fewer bits than eight packed: what a layer with such weights was made for (see `choice`)."""

    @property
    def source(self) -> str:
        """Its file below kernels/src."""
        return f"{self.name.removeprefix('nk_')}.c"

    def in_place(self, site: Site[Any]) -> tuple[int, ...]:
        """Inputs of the output's size whose very memory output 0 may take over."""
        fits = (claim for claim in self.overlap(site) if claim.allows(0))
        return tuple(c.input for c in fits if site.x(c.input).nbytes == site.y().nbytes)

    def call(self, *pointers: Pointer, args: KernelArgs) -> Call:
        """A call of this kernel."""
        return Call(kernel=self, pointers=pointers, args=args)
