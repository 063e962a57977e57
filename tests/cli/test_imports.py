"""`import netsuke` and `netsuke --help` load no framework: counted in modules, not in seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "onnx",
    "onnxruntime",
    "tflite",
    "flatbuffers",
    "unicorn",
    "capstone",
    "elftools",
    "sklearn",
    "numpy",
}


def loaded(code: str) -> set[str]:
    """The modules that are loaded after `code` ran in a new interpreter."""
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines())


def test_import_netsuke_loads_nothing_else() -> None:
    own = {name for name in loaded("import netsuke") if name.split(".")[0] == "netsuke"}
    assert own == {"netsuke"}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["build", "--help"], ["plan", "--help"], ["version"]], ids=" ".join
)
def test_help_loads_no_framework(arguments: list[str]) -> None:
    modules = loaded(f"from netsuke.cli.guard import run; run({arguments})")
    assert {name.split(".")[0] for name in modules} & HEAVY == set()
    assert len(modules) < 900


def test_boards_loads_neither_numpy_nor_a_framework_that_it_does_not_need() -> None:
    modules = loaded("from netsuke.cli.guard import run; run(['boards'])")
    assert {name.split(".")[0] for name in modules} & (HEAVY - {"numpy"}) == set()


def test_the_public_names_are_there_and_no_others() -> None:
    import netsuke

    for name in netsuke.__all__:
        assert getattr(netsuke, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        netsuke.lode  # noqa: B018
    assert set(netsuke.__all__) <= set(dir(netsuke))
