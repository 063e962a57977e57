"""Generated C reads as if a person had written it: formatted, and without what is not used."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from netsuke.codegen import Project
from netsuke.codegen.style import assigned_call, assignment, call, comment, declaration, function
from tests.codegen.nets import NETS, project

STYLE = Path(__file__).parents[2] / ".clang-format"
LONG = "a_model_with_a_name_that_is_rather_long_and_then_some_more"
NAMES = dict.fromkeys(NETS, (None, "m", LONG))


@cache
def clang_format() -> Sequence[str] | None:
    """The packaged formatter, a development dependency."""
    path = shutil.which("clang-format", path=Path(sys.executable).parent)
    return None if path is None else (path,)


def formatted(texts: dict[str, str], folder: Path) -> dict[str, str]:
    """The files as the formatter has them."""
    command = clang_format()
    if command is None:
        pytest.skip("clang-format is not installed: pip install clang-format")
    for name, text in texts.items():
        (folder / name).write_text(text)
    subprocess.run([*command, "-i", f"--style=file:{STYLE}", *texts], cwd=folder, check=True)
    return {name: (folder / name).read_text() for name in texts}


def written_code(made: Project) -> dict[str, str]:
    """The files that people read."""
    return {name: made.files[name] for name in (f"{made.api.prefix}.c", f"{made.api.prefix}.h", "main.c")}


@pytest.mark.parametrize("net", NETS)
def test_clang_format_changes_nothing(net: str, tmp_path: Path) -> None:
    for i, name in enumerate(NAMES[net]):
        folder = tmp_path / str(i)
        folder.mkdir()
        texts = written_code(project(net, name))
        assert formatted(texts, folder) == texts


def test_broken_lines_are_those_of_clang_format(tmp_path: Path) -> None:
    """Calls, heads and comments of many widths, each in a file."""
    parts = [f"/* {len(text)} */\n{text}" for width in range(4, 70, 3) for text in samples(width)]
    text = "\n".join(parts)
    assert formatted({"samples.c": text}, tmp_path)["samples.c"] == text


def samples(width: int) -> list[str]:
    """One of each form, with words of about that many letters."""
    words = [("w" * width + str(i))[-width - i % 3 :] for i in range(7)]
    args = [f"const int *{word}" for word in words]
    statements = [
        *(assigned_call("  const int result", f"f_{words[0]}", words[:n]) for n in (1, 3, 5)),
        assignment(f"  const int *const {words[1]}", f"(const int *)(arena + {words[2]})"),
        call("  compute(", words),
        call(f"  {words[0]}_{words[1]}(", words[:3]),
        "  return 0;",
    ]
    return [
        comment(" ".join(words * 2)) + "\n" + declaration(f"int f_{words[0]}(", args[:3], ");") + "\n",
        function(f"static int g_{words[0]}(", args[:2], statements),
        function(f"int h_{words[0]}(", (), ["  return 0;"]),
        function("int k(", args[:4], [call("  if (", [f"{w} == NULL" for w in words], ") {", " ||"),
                                     "    return 1;", "  }", "  return 0;"]),
    ]  # fmt: skip


@pytest.mark.parametrize("net", NETS)
def test_no_line_is_longer_than_120_columns(net: str) -> None:
    made = project(net, LONG)
    for name, text in made.files.items():
        # The kernels are formatted where they are written.
        if name.endswith((".c", ".h")) and not name.endswith("_kernels.h"):
            assert max(len(line) for line in text.splitlines()) <= 120, name


@pytest.mark.parametrize("net", NETS)
def test_only_the_kernels_used_are_there(net: str) -> None:
    made = project(net)
    text = made.files[f"{made.api.prefix}_kernels.h"]
    defined = re.findall(r"^NK_KERNEL void (nk_\w+)\(", text, re.MULTILINE)
    used = {call.kernel.name for step in made.plan.steps for call in step.calls}
    assert sorted(defined) == sorted(used)
    structs = re.findall(r"^\} (nk_\w+_args);", text, re.MULTILINE)
    assert {call.kernel.args.c_name for step in made.plan.steps for call in step.calls} <= set(structs)
    assert all(text.count(struct) > 1 for struct in structs)


def test_comments_say_what_a_layer_does() -> None:
    text = project("cnn").files["cnn.c"]
    assert "/* conv_2d: 8x6x3 -> 4x3x4; 1,296 MACs */" in text
    assert "/* fully_connected: 4 -> 5; 20 MACs */" in text
