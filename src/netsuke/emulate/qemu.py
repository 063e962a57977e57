"""Run an image under stock QEMU, if its board is one of QEMU's machines: a second, independent emulator."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netsuke.boards import Board, Core, boards
from netsuke.emulate.image import Image
from netsuke.errors import EmulationError

PROGRAM = "qemu-system-arm"
_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class QemuResult:
    """The program's exit code (its main's count of mismatches), what it said, and which QEMU ran it."""

    exit_code: int
    text: str
    emulator: str


def find_qemu() -> str | None:
    """The path of QEMU, or None."""
    return shutil.which(PROGRAM)


def require_qemu(core: Core) -> str:
    """QEMU's path, or an error that says that the core needs it."""
    program = find_qemu()
    if program is None:
        raise EmulationError(
            f"the core {core.name} is emulated by QEMU only, and {PROGRAM} is not on the PATH; install it (Debian: "
            "qemu-system-arm), or run on the host only (--on host)"
        )
    return program


def run_qemu(
    image: Image,
    board: Board,
    *,
    timeout: float = _TIMEOUT_S,
    folder: Path | None = None,
    extra: Sequence[str] = (),
) -> QemuResult:
    """Run an image, built with -DNK_SEMIHOSTING, from reset to its exit code.

    `folder` is where relative file names of the program's semihosting lead; `extra` goes to QEMU's command line.
    """
    if not board.qemu_machine:
        machines = ", ".join(one.name for one in boards() if one.qemu_machine)
        raise EmulationError(f"QEMU has no machine for {board.name}, wanted one of the boards {machines}")
    program = find_qemu()
    if program is None:
        raise EmulationError(
            f"{PROGRAM} is not on the PATH; install it (Debian: qemu-system-arm) or run without QEMU"
        )
    command = [
        program,
        *("-M", board.qemu_machine),
        *("-nographic", "-monitor", "none", "-serial", "null"),
        *("-semihosting-config", "enable=on,target=native"),
        *("-kernel", str(image.path.resolve())),
        *extra,
    ]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            cwd=folder,
        )
    except subprocess.TimeoutExpired as error:
        raise EmulationError(
            f"QEMU did not finish {image.path.name} within {timeout:g} s: it hangs"
        ) from error
    # Semihosting text comes on stderr; QEMU's own complaints do too.
    text = done.stdout + done.stderr
    if done.returncode < 0 or "qemu-system-arm: " in text or "Lockup" in text:
        raise EmulationError(
            f"QEMU failed on {image.path.name} ({board.qemu_machine}); it said:\n{text.strip()[:2000]}"
        )
    return QemuResult(exit_code=done.returncode, text=text, emulator=_version(program))


def _version(program: str) -> str:
    """Its first line without the packager's brackets: 'QEMU emulator version 7.2.22'."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0].partition(" (")[0].strip() if done.stdout else "QEMU"
