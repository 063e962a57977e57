"""`netsuke boards`, `netsuke ops`, `netsuke version` and `netsuke` alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from netsuke.boards import boards
from netsuke.errors import InputError
from netsuke.ops.operator import describe
from netsuke.ops.registry import operators
from tests.cli.conftest import Cli


def test_every_board_is_listed_and_the_unsupported_with_why(cli: Cli) -> None:
    said = cli("boards")
    assert said.code == 0
    words = " ".join(said.out.split())
    built, known = words.split("Known, but netsuke does not compile for them:")
    for board in boards():
        assert board.name in (built if board.supported else known)
        if not board.supported:
            assert board.why_not in known


def test_boards_as_data(cli: Cli) -> None:
    found = {board["name"]: board for board in json.loads(cli("boards", "--json").out)}
    assert set(found) == {board.name for board in boards()}
    assert found["nucleo-l4r5zi"]["ram_bytes"] == 655_360
    assert found["gap8"]["flash_bytes"] == 0
    assert found["gap8"]["supported"] is False


def test_one_board_by_an_alias(cli: Cli) -> None:
    said = cli("boards", "L4R5")
    assert said.code == 0
    assert "ST NUCLEO-L4R5ZI" in said.out
    assert "FLASH at 0x08000000, 2.00 MiB" in said.out
    assert "builds for it" in said.out


def test_an_unsupported_board_says_why(cli: Cli) -> None:
    assert "does not compile for it: its speed is in 8 cluster cores" in cli("boards", "gap8").out


def test_every_operator_is_listed(cli: Cli) -> None:
    said = cli("ops")
    assert said.code == 0
    for name in operators():
        assert re.search(rf"^{name} ", said.out, re.MULTILINE), name


def test_one_operator_by_its_tflite_name_shows_the_constraints_words(cli: Cli) -> None:
    words = " ".join(cli("ops", "max_pool_2D").out.split())
    for constraint in operators()["max_pool_2d"].constraints:
        assert describe(constraint) in words
    assert "nk_max_pool_2d_s8" in words


def test_an_unknown_operator_suggests_the_nearest(cli: Cli) -> None:
    said = cli("ops", "maxpool2d")
    assert said.code == InputError.exit_code
    assert "unknown operator 'maxpool2d'; did you mean max_pool_2d" in said.err


def test_the_markdown_table_is_a_table_of_every_operator(cli: Cli) -> None:
    lines = cli("ops", "--markdown").out.splitlines()
    assert len(lines) == 2 + len(operators())
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in lines]
    assert set(bars) == {6}
    assert any(line.startswith("| `max_pool_2d` | MAX_POOL_2D | int8, int16, float32 |") for line in lines)


def test_version_and_help(cli: Cli) -> None:
    assert re.fullmatch(r"netsuke (\d+\.\d+\.\d+|unknown)\n", cli("version").out)
    alone = cli()
    assert alone.code == 0
    assert alone.out.strip() == cli("--help").out.strip()
    for command in ("build", "inspect", "boards", "ops", "version"):
        assert f" {command} " in alone.out


def test_the_page_of_operators_is_current(cli: Cli) -> None:
    page = Path(__file__).parents[2] / "docs" / "operators.md"
    assert page.read_text(encoding="utf-8").endswith(cli("ops", "--markdown").out), "run `make generate`"


def test_a_kernel_of_several_forms_is_listed_once(cli: Cli) -> None:
    words = re.findall(r"nk_\w+", cli("ops", "conv_2d").out)
    assert len(words) == len(set(words)) > 20
