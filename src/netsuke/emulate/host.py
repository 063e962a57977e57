"""Build the same C for the host and run it, also under the address and undefined-behaviour sanitizers."""

from __future__ import annotations

import dataclasses
import functools
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from netsuke.emulate.compiler import RUNTIME, Compiler, available_compilers, find_compiler
from netsuke.emulate.result import ModelIo
from netsuke.emulate.run import check_inputs
from netsuke.errors import CompileError, EmulationError

_TIMEOUT_S = 600
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1")
# The packaged compiler traps: it would spend minutes on building a library that prints first.
_SANITIZE_ZIG = ("-fsanitize=undefined", "-fsanitize-trap=undefined")
_NO_SANITIZE = ("-fno-sanitize=all",)


def build_host(
    sources: Sequence[Path],
    io: ModelIo,
    *,
    out: Path,
    include: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    optimize: str = "-O2",
    sanitize: bool = False,
    compiler: str | None = None,
) -> Path:
    """Compile `sources` and a driver into the executable `out`."""
    chosen = _host_compiler(sanitize, compiler)
    out.parent.mkdir(parents=True, exist_ok=True)
    reset = {"NK_HOST_RESET": ""} if io.state_bytes else {}
    extra = () if not sanitize else _SANITIZE_ZIG if chosen.kind == "zig" else _SANITIZE
    chosen.compile_and_link(
        [*sources, RUNTIME / "host_driver.c"],
        out,
        include=include,
        defines={
            "NK_NO_VECTORS": "",
            "main": "nk_project_main",
            **io.defines,
            **reset,
            **(defines or {}),
        },
        optimize=optimize,
        flags=extra,
    )
    return out


def _host_compiler(sanitize: bool, prefer: str | None) -> Compiler:
    if not sanitize:
        return find_compiler(None, prefer)
    # A compiler of the host is better here than the packaged one, which has no address sanitizer.
    found = find_compiler(None, prefer or next(filter(has_sanitizers, ("gcc", "clang")), "zig"))
    return dataclasses.replace(found, flags=tuple(flag for flag in found.flags if flag not in _NO_SANITIZE))


@functools.cache
def has_sanitizers(kind: str) -> bool:
    """Whether a compiler of the host is here, with its sanitizers' libraries (a package of their own)."""
    if kind not in available_compilers(None):
        return False
    with tempfile.TemporaryDirectory(prefix="netsuke-") as folder:
        source = Path(folder) / "probe.c"
        source.write_text("int main(void) { return 0; }\n", encoding="utf-8")
        try:
            find_compiler(None, kind).compile_and_link([source], Path(folder) / "probe", flags=_SANITIZE)
        except CompileError:
            return False
    return True


def run_host(
    sources: Sequence[Path],
    io: ModelIo,
    inputs: Sequence[Sequence[bytes]],
    *,
    out: Path,
    include: Sequence[Path] = (),
    defines: Mapping[str, str] | None = None,
    optimize: str = "-O2",
    sanitize: bool = False,
    compiler: str | None = None,
    reset_each: bool = True,
) -> list[list[bytes]]:
    """Build and run on the host; for each input, the bytes of each output tensor."""
    check_inputs(io, inputs)
    program = build_host(
        sources,
        io,
        out=out,
        include=include,
        defines=defines,
        optimize=optimize,
        sanitize=sanitize,
        compiler=compiler,
    )
    return run_host_program(program, io, inputs, reset_each=reset_each)


def run_host_program(
    program: Path, io: ModelIo, inputs: Sequence[Sequence[bytes]], *, reset_each: bool = True
) -> list[list[bytes]]:
    """Run what `build_host` built."""
    command = [
        str(program.resolve()),
        str(int(reset_each)),
        str(len(inputs)),
        *_pairs(io.placed_inputs),
        *_pairs(io.placed_outputs),
    ]
    stdin = b"".join(data for given in inputs for data in given)
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmulationError(f"cannot run {program} on the host: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[:4000]
        raise EmulationError(
            f"{program.name} failed on the host ({_reason(done.returncode)}); it said:\n{said}"
        )
    return _split(done.stdout, io, len(inputs), program)


def _pairs(tensors: Sequence[tuple[int, int]]) -> list[str]:
    return [str(len(tensors)), *(str(number) for pair in tensors for number in pair)]


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}: undefined behaviour or a bad access"


def _split(stdout: bytes, io: ModelIo, runs: int, program: Path) -> list[list[bytes]]:
    sizes = [size for _, size in io.outputs]
    if len(stdout) != runs * sum(sizes):
        raise EmulationError(
            f"{program.name} wrote {len(stdout):,} bytes, wanted {runs * sum(sizes):,}; build it again"
        )
    found, at = [], 0
    for _ in range(runs):
        run = []
        for size in sizes:
            run.append(stdout[at : at + size])
            at += size
        found.append(run)
    return found
