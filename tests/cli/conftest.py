"""The command line as a function: `cli("inspect", path)` gives exit code, stdout and stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from netsuke.cli.guard import run
from tests.cli.models import write_two_pools


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.delenv("NETSUKE_DEBUG", raising=False)

    def call(*arguments: str | Path) -> Said:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    return call


@pytest.fixture
def pools(tmp_path: Path) -> Path:
    return write_two_pools(tmp_path)
