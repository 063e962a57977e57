"""The cores that only QEMU emulates, as targets for streams of jobs (see `runner.c`)."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from netsuke.boards import core as find_core
from netsuke.emulate.build import build_image
from netsuke.emulate.compiler import RUNTIME
from netsuke.emulate.qemu import run_qemu
from netsuke.emulate.qemu_run import qemu_bench
from netsuke.errors import EmulationError
from netsuke.ops.library import include_dir
from tests.ops.targets import MEMORY_BYTES, Library

CORES = {"m55": "cortex-m55"}


class UnderQemu:
    """A core of QEMU's; every stream is a run of its own."""

    def __init__(self, name: str, library: Library) -> None:
        self.name, self.entries = name, library.entries
        self.folder = Path(mkdtemp(prefix="netsuke-qemu-"))
        self.board = qemu_bench(find_core(CORES[name]))
        self.isa = self.board.core.isa
        self.image = build_image(
            [*library.files(), RUNTIME / "semihost_files.c"],
            board=self.board,
            out=self.folder / "image.elf",
            include=[include_dir(), library.header().parent],
            defines={"NK_MEMORY_BYTES": f"{MEMORY_BYTES}u", "NK_QEMU": ""},
        )

    def run(self, stream: bytes) -> tuple[bytes, dict[int, str]]:
        given, made = self.folder / "inputs", self.folder / "outputs"
        given.write_bytes(len(stream).to_bytes(4, "little") + stream)
        made.unlink(missing_ok=True)
        try:
            ran = run_qemu(self.image, self.board, folder=self.folder)
        except EmulationError as error:
            return stream, {0: str(error)}
        if ran.exit_code:
            return stream, {
                0: f"one of the jobs from here on ended the program with {ran.exit_code}: {ran.text}"
            }
        return made.read_bytes(), {}
