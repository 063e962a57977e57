"""The generator's C constants, read back: argument structs and arrays as a compiler sees them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from netsuke.codegen.literals import array, struct
from netsuke.ops.kernel import Constant
from netsuke.ops.library import include_dir
from tests.ops.grid import by_operator
from tests.ops.layout import little, packed, variants
from tests.ops.targets import complaint, host_compiler

EVERY = 7
"""Each seventh case: hundreds of structs with everything that a literal can be."""

MAIN = """
static void put(const void *bytes, size_t count) { (void)fwrite(bytes, 1, count, stdout); }
int main(void) {
%s
  return 0;
}
"""


def written() -> Iterator[tuple[str, bytes]]:
    """(C definition of `v?`, its bytes)."""
    for cases in by_operator().values():
        for case in cases[::EVERY]:
            for variant in variants(case.graph):
                for _, call in variant.calls:
                    yield struct("v?", call.args), packed(call.args)
                    for pointer in call.pointers:
                        if isinstance(pointer, Constant):
                            yield array("v?", pointer.data, pointer.shape_note), little(pointer.data)


def test_constants_are_read_back_to_the_bit(tmp_path: Path) -> None:
    texts = dict(written())
    assert len(texts) > 300
    lines = [text.replace("v?", f"v{i}", 1) for i, text in enumerate(texts)]
    puts = "\n".join(f"  put(&v{i}, sizeof v{i});" for i in range(len(texts)))
    source, program = tmp_path / "constants.c", tmp_path / "constants"
    source.write_text("\n".join(["#include <stdio.h>", '#include "nk_kernels.h"', *lines, MAIN % puts]))
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O0", f"-I{include_dir()}"]
    assert not complaint([*host_compiler(), *flags, str(source), "-o", str(program)])
    got = subprocess.run([str(program)], capture_output=True, check=True).stdout
    at = 0
    for text, wanted in texts.items():
        size = max(len(wanted), 1)
        assert got[at : at + len(wanted)] == wanted, text
        at += size
    assert at == len(got)
