"""Find a C compiler for a core or for the host, and call it.

The packaged compiler (clang, from the `ziglang` wheel) builds for every target and is the default for cores:
everybody then gets the same code. For the host it is the last resort. `prefer` picks another kind: "gcc" for
all targets, "clang" for the host.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.boards import Core
from netsuke.emulate.cache import cache_dir
from netsuke.errors import CompileError

RUNTIME = Path(__file__).parent / "runtime"
KINDS = ("zig", "gcc", "clang")

WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
# One function and one object a section, so that the linker can drop what is not used; no contraction of
# a*b+c, so that float results do not depend on the core; no frame pointers, unwind tables or stack checks:
# they cost flash.
_COMMON = (
    "-std=c11",
    "-ffunction-sections",
    "-fdata-sections",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fomit-frame-pointer",
    "-fno-stack-protector",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
)
# zig adds its own sanitizers and -ffreestanding, which would turn every small memcpy into a call.
# -g: at -Os it would strip the image of its symbols, which counting needs.
_ZIG = ("-fno-sanitize=all", "-fhosted", "-fbuiltin", "-g")
# GCC merges functions with equal bodies; layers would then be counted under one another's name.
_GCC = ("-fno-ipa-icf",)
_GCC_NAMES = {
    "arm": ("arm-none-eabi-gcc",),
    "riscv": ("riscv64-unknown-elf-gcc", "riscv32-unknown-elf-gcc", "riscv-none-elf-gcc"),
}
_NO_VERSION = "unknown version"
_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """A compiler with all that it needs to be told about its target."""

    kind: str
    target: str  # a core's name, or "host"
    version: str
    command: tuple[str, ...]
    flags: tuple[str, ...]
    link_flags: tuple[str, ...] = ()
    bundled_headers: bool = False  # it has no C library: use runtime/include

    def compile_and_link(
        self,
        sources: Sequence[Path],
        out: Path,
        *,
        include: Sequence[Path] = (),
        defines: Mapping[str, str] | None = None,
        optimize: str = "-O2",
        flags: Sequence[str] = (),
        link_flags: Sequence[str] = (),
    ) -> None:
        """Build `out` from C sources; a warning is an error."""
        folders = [*include, RUNTIME, *([RUNTIME / "include"] if self.bundled_headers else [])]
        run_compiler(
            [
                *self.command,
                *self.flags,
                *WARNINGS,
                optimize,
                *(f"-I{folder}" for folder in folders),
                *(f"-D{name}={value}" if value else f"-D{name}" for name, value in (defines or {}).items()),
                *flags,
                *map(str, sources),
                "-o",
                str(out),
                *self.link_flags,
                *link_flags,
            ]
        )


def run_compiler(command: Sequence[str]) -> None:
    """Run a compiler command, or raise CompileError with what it said."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=compiler_environment(),
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CompileError(
            f"cannot run {command[0]}: {error}; reinstall it or choose another --compiler"
        ) from error
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[:30])
        raise CompileError(
            f"{Path(command[0]).name} refused the C (exit code {done.returncode}); it said:\n{said}\n"
            f"the command was: {' '.join(command)}"
        )


@functools.cache
def compiler_environment() -> dict[str, str]:
    """The environment with zig's caches in netsuke's cache folder, unless the user put them elsewhere."""
    zig = str(cache_dir() / "zig")
    return {"ZIG_GLOBAL_CACHE_DIR": zig, "ZIG_LOCAL_CACHE_DIR": zig, **os.environ}


def find_compiler(target: Core | None, prefer: str | None = None) -> Compiler:
    """The compiler for a core, or for the host when `target` is None."""
    if prefer is not None and prefer not in KINDS:
        raise CompileError(f"got the compiler {prefer!r}, wanted one of {', '.join(KINDS)}")
    if target is None:
        kind = prefer or _host_default()
        return _zig(target) if kind == "zig" else _host(kind)
    if not target.compiled:
        raise CompileError(f"netsuke has no compiler for the core {target.name!r} ({target.title})")
    return _zig(target) if prefer in (None, "zig") else _gcc_for_core(target, prefer or "")


@functools.cache
def _host_default() -> str:
    # The host's own compiler spares the packaged one from building a C library first (10 s, once).
    return next((kind for kind in ("gcc", "clang") if _works(kind)), "zig")


def _works(command: str) -> bool:
    found = shutil.which(command)
    return found is not None and _version((found,)) != _NO_VERSION


@functools.cache
def zig_command() -> tuple[str, ...]:
    """The packaged compiler's command."""
    found = importlib.util.find_spec("ziglang")
    places = found.submodule_search_locations if found is not None else None
    for place in places or ():
        for name in ("zig", "zig.exe"):
            if (Path(place) / name).is_file():
                return (str(Path(place) / name), "cc")
    raise CompileError("the packaged C compiler is missing: `pip install ziglang`, or choose --compiler gcc")


@functools.cache
def _version(command: tuple[str, ...]) -> str:
    done = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=False, env=compiler_environment()
    )
    return done.stdout.splitlines()[0].strip() if done.stdout else _NO_VERSION


def _zig(target: Core | None) -> Compiler:
    command = zig_command()
    version = f"{_version(command)} (ziglang)"
    if target is None:
        flags = (*_COMMON, *_ZIG)
        return Compiler(
            kind="zig", target="host", version=version, command=command, flags=flags, link_flags=("-lm",)
        )
    return Compiler(
        kind="zig",
        target=target.name,
        version=version,
        command=command,
        flags=("-target", target.zig_target, f"-mcpu={target.zig_cpu}", *_COMMON, *_ZIG),
        bundled_headers=True,
    )


def _gcc_for_core(target: Core, kind: str) -> Compiler:
    names = _GCC_NAMES[target.architecture]
    found = next((path for path in map(shutil.which, names) if path), None)
    if kind != "gcc" or found is None:
        raise CompileError(
            f"got the compiler {kind!r} for {target.name}, wanted one that is here; looked for "
            f"{', '.join(names)} on the PATH; install it (Debian: gcc-arm-none-eabi, "
            "gcc-riscv64-unknown-elf) or leave --compiler out"
        )
    library = _has_c_library(found)
    # Without a C library GCC finds its own <stdint.h> only when told so; builtins stay on.
    freestanding = () if library else ("-ffreestanding", "-fbuiltin")
    return Compiler(
        kind="gcc",
        target=target.name,
        version=_version((found,)),
        command=(found,),
        flags=(*target.gcc_flags, *_COMMON, *_GCC, *freestanding),
        link_flags=("-nostartfiles", "-lm") if library else ("-nostdlib", "-lgcc"),
        bundled_headers=not library,
    )


@functools.cache
def _has_c_library(command: str) -> bool:
    done = subprocess.run([command, "-print-file-name=libc.a"], capture_output=True, text=True, check=False)
    return os.sep in done.stdout.strip()  # a compiler that has none echoes the bare name


def _host(kind: str) -> Compiler:
    found = shutil.which(kind)
    if found is None:
        raise CompileError(
            f"got the compiler {kind!r} for the host, wanted one that is on the PATH; install it"
        )
    extra = _GCC if kind == "gcc" else ()
    return Compiler(
        kind=kind,
        target="host",
        version=_version((found,)),
        command=(found,),
        flags=(*_COMMON, *extra),
        link_flags=("-lm",),
    )


def available_compilers(target: Core | None) -> tuple[str, ...]:
    """The kinds of compiler found for a target, the default first."""
    found = []
    for kind in KINDS:
        try:
            find_compiler(target, kind)
        except CompileError:
            continue
        found.append(kind)
    return tuple(found)
