"""The kernels in one file: no two of them may define the same name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netsuke.codegen.amalgamate import amalgamate
from netsuke.ops import kernels
from tests.codegen.build import STRICT, compiler, run


@pytest.mark.parametrize("kind", ["gcc", "zig"])
def test_all_kernels_compile_together(kind: str, tmp_path: Path) -> None:
    """A model may use any of them beside any other."""
    found = compiler(kind)
    if found is None:
        pytest.skip(f"{kind} is not on the PATH")
    (tmp_path / "all.h").write_text(amalgamate(kernels(), "ALL_H"))
    (tmp_path / "all.c").write_text('#include "all.h"\n')
    run([*found, *STRICT, "-DNK_KERNEL=", "-c", "all.c", "-o", "all.o"], tmp_path)


def test_a_header_holds_one_kernel_and_no_include_of_ours() -> None:
    for kernel in kernels():
        text = amalgamate([kernel], "ONE_H")
        assert re.match(
            r"#ifndef ONE_H\n#define ONE_H\n\n(#include <stdbool.h>\n)?#include <stddef.h>\n", text
        )
        assert text.endswith("\n#endif\n")
        assert text.count("NK_KERNEL void ") == 1
        assert '#include "' not in text
