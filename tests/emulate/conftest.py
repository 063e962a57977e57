"""Images of the hand-made projects, each built once a session."""

import functools
import struct

import pytest

from netsuke.boards import board, testbench_board
from netsuke.emulate import available_compilers, build_image

from .tiny import TINY, TINY_SOURCES, expected_output, tiny_input

CORES = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m7-sp", "cortex-m33", "rv32imc")
COMPILERS = ("zig", "gcc")


def skip_without(compiler, core):
    if compiler not in available_compilers(core):
        pytest.skip(f"{compiler} for {core.name} is not on the PATH")


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("emulate")


@pytest.fixture(scope="session")
def tiny_image(folder):
    """A function (board, compiler, with vectors?) → the tiny project's image."""

    @functools.cache
    def build(board_name, compiler="zig", vectors=False):
        found = testbench_board(board_name) if board_name in CORES else board(board_name)
        skip_without(compiler, found.core)
        expected = ",".join(map(str, struct.unpack("4b", expected_output(tiny_input(31, 7)))))
        defines = {"NK_SEMIHOSTING": "", "TINY_EXPECTED": expected} if vectors else {"NK_NO_VECTORS": ""}
        return found, build_image(
            TINY_SOURCES,
            board=found,
            out=folder / f"tiny-{board_name}-{compiler}-{vectors}.elf",
            include=[TINY],
            defines=defines,
            compiler=compiler,
        )

    return build


@pytest.fixture(scope="session")
def compile_c(folder):
    """A function (C text, core or board, ...) → image; all of its functions are kept."""
    number = iter(range(1000))

    def build(text, core="cortex-m4", *, keep=(), compiler="zig", board=None, **options):
        found = board or testbench_board(core)
        skip_without(compiler, found.core)
        source = folder / f"source{next(number)}.c"
        source.write_text("#include <stdint.h>\n#include <string.h>\n" + text)
        return build_image(
            [source], board=found, out=source.with_suffix(".elf"), keep=keep, compiler=compiler, **options
        )

    return build
