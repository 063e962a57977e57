"""Every error netsuke raises for a user's mistake, as one tree.

    NetsukeError                 exit code 1   anything below; carries one clear message
    ├── ImportModelError         exit code 3   the model file cannot be read, or is not a model
    │   └── UnsupportedModel     exit code 4   it is a model, but holds something netsuke cannot do
    ├── GraphError               exit code 3   a graph that breaks a rule of the IR
    ├── BoardError               exit code 5   unknown board or core, or a malformed board file
    ├── DoesNotFit               exit code 6   RAM or flash is short, and by how many bytes
    ├── CompileError             exit code 7   no compiler, or it refused the generated C
    ├── EmulationError           exit code 8   the image faulted, hung, or used what the core lacks
    ├── NotExact                 exit code 9   two forms of the model disagree; names the first layer
    └── InputError               exit code 2   wrong inputs, options or paths on the command line

Each message says what was got, what was wanted, and what to do.
"""

from __future__ import annotations


class NetsukeError(Exception):
    """Base of all errors that are somebody's mistake rather than a bug of netsuke."""

    exit_code = 1


class InputError(NetsukeError):
    """An option, path or input array that cannot be used."""

    exit_code = 2


class ImportModelError(NetsukeError):
    """A model file that cannot be read."""

    exit_code = 3


class UnsupportedModel(ImportModelError):  # noqa: N818
    """A readable model that needs something netsuke does not have."""

    exit_code = 4


class GraphError(NetsukeError):
    """A graph that breaks a rule of the IR: types, shapes, order, names."""

    exit_code = 3


class BoardError(NetsukeError):
    """An unknown board or core, or a malformed description of one."""

    exit_code = 5


class DoesNotFit(NetsukeError):  # noqa: N818
    """The model needs more RAM or flash than the board has.

    `flash_short`: bytes of flash that are missing, where that is why; else 0.
    """

    exit_code = 6

    def __init__(self, message: str, *, flash_short: int = 0) -> None:
        super().__init__(message)
        self.flash_short = flash_short


class CompileError(NetsukeError):
    """No usable compiler, or the compiler refused the C."""

    exit_code = 7


class EmulationError(NetsukeError):
    """The image faulted, ran too long, or holds an instruction that the core lacks."""

    exit_code = 8


class NotExact(NetsukeError):  # noqa: N818
    """Two forms of one model gave different bytes."""

    exit_code = 9
