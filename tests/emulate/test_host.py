"""The same C on the host."""

import pytest

from netsuke.emulate import available_compilers, run_host
from netsuke.emulate.host import has_sanitizers
from netsuke.errors import EmulationError

from .model import MODEL, MODEL_IO, STEPS
from .tiny import TINY, TINY_IO, TINY_SOURCES, expected_output, tiny_input

INPUTS = [[tiny_input(31, 7)], [tiny_input(5, 100)]]


@pytest.mark.parametrize("compiler", ["zig", "gcc", "clang"])
@pytest.mark.parametrize("sanitize", [False, True])
def test_outputs_are_exact(folder, compiler, sanitize):
    if compiler not in available_compilers(None):
        pytest.skip(f"{compiler} is not on the PATH")
    if sanitize and compiler != "zig" and not has_sanitizers(compiler):
        pytest.skip(f"{compiler} comes without its sanitizers' libraries")
    out = folder / f"tiny-{compiler}-{sanitize}"
    options = {"include": [TINY], "sanitize": sanitize, "compiler": compiler}
    found = run_host(TINY_SOURCES, TINY_IO, INPUTS, out=out, **options)
    assert found == [[expected_output(one[0])] for one in INPUTS]


@pytest.mark.parametrize("reset_each", [True, False])
def test_a_state_is_initialised_before_each_input_or_once(folder, reset_each):
    found = run_host([MODEL], MODEL_IO, STEPS, out=folder / "model", reset_each=reset_each)
    assert found == [[bytes([11, 12, 13, 14])], [bytes([15, 10, 10, 10] if reset_each else [16, 12, 13, 14])]]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("OUT_OF_BOUNDS", "(AddressSanitizer: global-buffer-overflow|insufficient space)"),
        ("OVERFLOW", "signed integer overflow"),
    ],
)
def test_sanitizers_find_what_the_core_would_not(folder, fault, said):
    if not (has_sanitizers("gcc") or has_sanitizers("clang")):
        pytest.skip("neither gcc nor clang with sanitizers is on the PATH")
    with pytest.raises(EmulationError, match=rf"(?s)failed on the host .*{said}"):
        run_host([MODEL], MODEL_IO, STEPS, out=folder / fault, sanitize=True, defines={"FAULT": fault})


def test_the_packaged_compiler_traps_undefined_behaviour(folder):
    with pytest.raises(EmulationError, match=r"signal SIG\w+: undefined behaviour or a bad access"):
        run_host(
            [MODEL],
            MODEL_IO,
            STEPS,
            out=folder / "trap",
            sanitize=True,
            compiler="zig",
            defines={"FAULT": "OVERFLOW"},
        )


@pytest.mark.parametrize(
    ("fault", "said"), [("ERROR_CODE", "nk_run returned: -3"), ("RESET_FAILS", "nk_reset returned: 5")]
)
def test_an_error_code_is_an_error(folder, fault, said):
    with pytest.raises(EmulationError, match=rf"(?s)exit code 1.*{said}"):
        run_host([MODEL], MODEL_IO, STEPS, out=folder / fault, defines={"FAULT": fault})


def test_wrong_inputs_are_refused(folder):
    with pytest.raises(EmulationError, match="input 0: got tensors of"):
        run_host([MODEL], MODEL_IO, [[b"1"]], out=folder / "never")
