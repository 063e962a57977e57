"""Build generated C and run it: on the host, on an emulated core, under QEMU.

`build_image` compiles and links for a board and refuses what does not fit; `run_emulated` runs an image
input by input and measures it; `run_host` and `run_qemu` run the same C elsewhere. `Machine` is the emulated
core itself.
"""

from netsuke.emulate.build import build_image
from netsuke.emulate.compiler import Compiler, available_compilers, find_compiler
from netsuke.emulate.guard import check_instructions
from netsuke.emulate.host import build_host, run_host, run_host_program
from netsuke.emulate.image import Function, Image, read_image
from netsuke.emulate.linker import check_fits, linker_script
from netsuke.emulate.machine import Machine
from netsuke.emulate.qemu import QemuResult, find_qemu, run_qemu
from netsuke.emulate.qemu_run import QemuRun, run_project
from netsuke.emulate.result import FunctionCount, LayerCount, ModelIo, RunResult, Spread
from netsuke.emulate.run import run_emulated

__all__ = [
    "Compiler",
    "Function",
    "FunctionCount",
    "Image",
    "LayerCount",
    "Machine",
    "ModelIo",
    "QemuResult",
    "QemuRun",
    "RunResult",
    "Spread",
    "available_compilers",
    "build_host",
    "build_image",
    "check_fits",
    "check_instructions",
    "find_compiler",
    "find_qemu",
    "linker_script",
    "read_image",
    "run_emulated",
    "run_host",
    "run_host_program",
    "run_project",
    "run_qemu",
]
