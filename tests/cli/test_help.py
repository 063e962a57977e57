"""`netsuke --help`: what a stranger reads first."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import netsuke
from netsuke import errors
from netsuke.cli.guard import BUG, INTERRUPTED, WRONG_USAGE
from tests.cli.conftest import Cli


def commands(text: str) -> dict[str, str]:
    """The lines below 'Commands:'."""
    listed = text.split("Commands:\n")[1].split("\n\n")[0]
    return dict(re.findall(r"^  (\S+) +(\S.*)$", listed, re.MULTILINE))


@pytest.mark.parametrize("arguments", [[], ["bench"]], ids=["netsuke", "bench"])
def test_a_command_alone_is_its_help_and_no_error(cli: Cli, arguments: list[str]) -> None:
    said = cli(*arguments)
    assert said.code == 0
    assert said.err == ""
    assert said.out == cli(*arguments, "--help").out
    assert len(commands(said.out)) >= 9


@pytest.mark.parametrize("arguments", [[], ["bench"]], ids=["netsuke", "bench"])
def test_no_line_of_a_command_is_cut(cli: Cli, arguments: list[str]) -> None:
    for name, words in commands(cli(*arguments).out).items():
        assert not words.endswith("..."), (name, words)


def test_every_exit_code_is_told(cli: Cli) -> None:
    tree = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in tree if issubclass(kind, errors.NetsukeError)}
    told = re.findall(r"^ +(\d+) ", cli("--help").out.split("Exit codes:")[1], re.MULTILINE)
    assert {int(code) for code in told} == {0, *codes, BUG, INTERRUPTED, WRONG_USAGE}


def test_the_version_is_an_option_too(cli: Cli) -> None:
    said = cli("--version")
    assert said.code == 0
    assert said.out == cli("version").out == f"netsuke {netsuke.__version__}\n"


def test_help_needs_neither_rich_nor_the_reports() -> None:
    """They take longer to load than all else together."""
    code = "import sys\nfrom netsuke.cli.guard import run; run(['--help'])\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines())
    assert "netsuke.cli.app" in loaded
    assert not {name for name in loaded if name.split(".")[0] == "rich" or name.startswith("netsuke.report")}
