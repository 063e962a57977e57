"""One emulated core with a board's memories and an image in them: call functions, read and write memory.

Unicorn does the emulation (it is GPL software and stays behind this file). It knows no timing, no peripherals
and no interrupts; it executes some instructions that the real core lacks (guard.py refuses those beforehand).
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import unicorn
from unicorn import arm_const, riscv_const, unicorn_const
from unicorn.unicorn_py3.unicorn import uclib

from netsuke.boards import Board, Isa, MemoryKind
from netsuke.emulate.counter import Counter, CountPlan
from netsuke.emulate.faults import Fault, describe
from netsuke.emulate.image import Image
from netsuke.emulate.semihosting import Semihosting
from netsuke.errors import EmulationError

_PAGE = 4096
_WORD = 0xFFFF_FFFF
# Where a called function returns to. A page of its own that no board uses, in a region that may hold code.
_RETURN_CANDIDATES = (0x1FFF_0000, 0x0FFF_0000, 0x4FFF_0000)
# The system control space: start-up code switches the FPU on there.
_SYSTEM = 0xE000_E000
# Far beyond any inference; a run that reaches it hangs.
DEFAULT_LIMIT = 200_000_000_000
_BKPT = 7  # Unicorn's exception number of Arm's BKPT
_RISCV_ILLEGAL = 2
_FPU_ON = 0x4000_0000
_EBREAK = bytes.fromhex("73001000")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registers:
    """Unicorn's numbers of the registers that a call needs."""

    arguments: tuple[int, ...]
    result: int
    sp: int
    lr: int
    pc: int
    shown: tuple[tuple[str, int], ...]


def _arm_registers() -> _Registers:
    general = tuple((f"r{i}", getattr(arm_const, f"UC_ARM_REG_R{i}")) for i in range(13))
    special = tuple(
        (name, getattr(arm_const, f"UC_ARM_REG_{name.upper()}")) for name in ("sp", "lr", "pc", "xpsr")
    )
    return _Registers(
        arguments=tuple(number for _, number in general[:4]),
        result=arm_const.UC_ARM_REG_R0,
        sp=arm_const.UC_ARM_REG_SP,
        lr=arm_const.UC_ARM_REG_LR,
        pc=arm_const.UC_ARM_REG_PC,
        shown=general + special,
    )


def _riscv_registers() -> _Registers:
    names = ["ra", "sp", "gp", "tp", *(f"t{i}" for i in range(7))]
    names += [*(f"s{i}" for i in range(12)), *(f"a{i}" for i in range(8)), "pc"]
    numbers = {name: getattr(riscv_const, f"UC_RISCV_REG_{name.upper()}") for name in names}
    return _Registers(
        arguments=tuple(numbers[f"a{i}"] for i in range(8)),
        result=numbers["a0"],
        sp=numbers["sp"],
        lr=numbers["ra"],
        pc=numbers["pc"],
        shown=tuple(numbers.items()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A read or write of `size` bytes at `address`."""

    address: int
    size: int
    write: bool


class Machine:
    """A core ready to be called. A call costs some 60 µs; memory keeps its contents between calls."""

    def __init__(
        self, image: Image, board: Board, *, plan: CountPlan | None = None, limit: int = DEFAULT_LIMIT
    ) -> None:
        board.require_supported()
        if not board.core.unicorn_model:
            raise EmulationError(
                f"the built-in emulator has no {board.core.name} ({board.name}); QEMU has: install it (Debian: "
                "qemu-system-arm), or run on the host only"
            )
        if image.architecture != board.core.architecture:
            raise EmulationError(
                f"got an image for {image.architecture}, wanted one for {board.core.architecture} "
                f"({board.core.name}, {board.name}); build it for this board"
            )
        self.image, self.board = image, board
        self.arm = board.core.architecture == "arm"
        self._registers = _arm_registers() if self.arm else _riscv_registers()
        self._fault: Fault | None = None
        self._resume: int | None = None
        self._loaded = False
        self.stack_top = image.symbols.get("nk_stack_top", board.ram.end)
        self._engine = self._new_engine()
        self._return = self._map_memories()
        self.load()
        self.semihosting = Semihosting()
        self._add_fault_hooks()
        self._handles: list[Any] = []
        self.counter = self._add_counter(plan or CountPlan(), limit)

    # -- set-up

    def _new_engine(self) -> Any:
        if self.arm:
            # UC_MODE_MCLASS would force a Cortex-M33: choose the core by its model, before anything runs.
            engine = unicorn.Uc(unicorn_const.UC_ARCH_ARM, unicorn_const.UC_MODE_THUMB)
            engine.ctl_set_cpu_model(getattr(arm_const, self.board.core.unicorn_model))
        else:
            engine = unicorn.Uc(unicorn_const.UC_ARCH_RISCV, unicorn_const.UC_MODE_RISCV32)
            engine.ctl_set_cpu_model(getattr(riscv_const, self.board.core.unicorn_model))
        return engine

    def _map_memories(self) -> int:
        for memory in self.board.memories:
            access = unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_EXEC
            if memory.kind is MemoryKind.RAM:
                access |= unicorn_const.UC_PROT_WRITE
            self._engine.mem_map(memory.origin, -(-memory.size // _PAGE) * _PAGE, access)
        used = [(memory.origin, memory.end) for memory in self.board.memories]
        for candidate in _RETURN_CANDIDATES:
            if all(candidate + _PAGE <= start or candidate >= end for start, end in used):
                self._engine.mem_map(
                    candidate, _PAGE, unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_EXEC
                )
                return candidate
        raise EmulationError(
            f"{self.board.name} leaves no page for the return address; change its board file"
        )

    def load(self) -> None:
        """Put the image's bytes into memory, as after start-up code ran; zero the rest of the RAM."""
        for memory in self.board.memories:
            if memory.kind is MemoryKind.RAM and self._loaded:
                self._engine.mem_write(memory.origin, bytes(memory.size))
        for segment in self.image.segments:
            for address in {segment.address, segment.load_address}:
                try:
                    self._engine.mem_write(address, segment.data)
                except unicorn.UcError as error:
                    raise EmulationError(
                        f"{self.image.path.name} has {len(segment.data):,} bytes at {address:#x}, where "
                        f"{self.board.name} has no memory; build the image for this board"
                    ) from error
        self._loaded = True

    def _add_fault_hooks(self) -> None:
        invalid = (
            unicorn_const.UC_HOOK_MEM_UNMAPPED
            | unicorn_const.UC_HOOK_MEM_PROT
            | unicorn_const.UC_HOOK_MEM_INVALID
        )
        self._engine.hook_add(invalid, self._on_bad_access)
        self._engine.hook_add(unicorn_const.UC_HOOK_INTR, self._on_exception)
        self._engine.hook_add(unicorn_const.UC_HOOK_INSN_INVALID, self._on_invalid)

    def _add_counter(self, plan: CountPlan, limit: int) -> Counter:
        if not plan.limit:
            plan = CountPlan(
                begin=plan.begin,
                end=plan.end,
                invoke=plan.invoke,
                layers=plan.layers,
                limit=limit,
                watch=plan.watch,
            )
        counter = Counter(
            plan,
            functions=(uclib.uc_mem_read, uclib.uc_reg_read, uclib.uc_reg_write, uclib.uc_emu_stop),
            pc_register=self._registers.pc,
            sp_register=self._registers.sp,
            status_register=arm_const.UC_ARM_REG_XPSR if self.arm else 0,
            riscv=not self.arm,
        )
        self._hook(unicorn_const.UC_HOOK_BLOCK, counter.block_hook, counter.pointer)
        if plan.watch is not None:
            self._hook(unicorn_const.UC_HOOK_MEM_WRITE, counter.write_hook, counter.pointer)
            if plan.watch.stretches:
                self._hook(unicorn_const.UC_HOOK_MEM_READ, counter.read_hook, counter.pointer)
        return counter

    def _hook(self, kind: int, function: int, user: int) -> None:
        # Straight to the C interface: Unicorn's Python binding only takes Python functions.
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            self._engine._uch,
            ctypes.byref(handle),
            kind,
            ctypes.c_void_p(function),
            ctypes.c_void_p(user),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status:
            raise EmulationError(f"Unicorn refused a hook (error {status}); reinstall the unicorn package")
        self._handles.append(handle)

    # -- use

    def call(self, function: str | int, *arguments: int) -> int:
        """Call a function with integer or pointer arguments; its result as an unsigned 32-bit number."""
        address = self.image.symbol(function) if isinstance(function, str) else function
        registers, write = self._registers, self._engine.reg_write
        in_registers = len(registers.arguments)
        stacked = arguments[in_registers:]
        sp = (self.stack_top - 4 * len(stacked)) & ~15
        for i, value in enumerate(stacked):
            self.write(sp + 4 * i, (value & _WORD).to_bytes(4, "little"))
        for register, value in zip(registers.arguments, arguments, strict=False):
            write(register, value & _WORD)
        write(registers.sp, sp)
        write(registers.lr, self._return | self.arm)
        self._run(address, self._return)
        return int(self._engine.reg_read(registers.result)) & _WORD

    def run_main(self) -> int:
        """Run from reset, as on the board; the exit code that the program reports by semihosting."""
        if self.arm and not any(start <= _SYSTEM < end for start, end, _ in self._engine.mem_regions()):
            self._engine.mem_map(_SYSTEM, _PAGE, unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_WRITE)
        self._engine.reg_write(self._registers.sp, self.stack_top)
        self.semihosting = Semihosting()
        self._run(self.image.symbol("Reset_Handler"), self._return)
        if self.semihosting.exit_code is None:
            raise EmulationError("the program ended without an exit code; its main must return")
        return self.semihosting.exit_code

    def _run(self, start: int, until: int) -> None:
        self._fault = None
        self.counter.start_call()
        if self.arm and Isa.FP32 in self.board.core.isa:
            self._engine.reg_write(arm_const.UC_ARM_REG_FPEXC, _FPU_ON)
        at: int | None = start
        while at is not None:
            at = self._run_once(at, until)
        self._raise_fault_if_any()
        if self.counter.totals().limit_reached:
            limit = self.counter.plan.limit
            self._raise_fault(Fault(kind=f"still running after {limit:,} instructions", pc=self.pc))

    def _run_once(self, start: int, until: int) -> int | None:
        """Run until done; where to go on when a semihosting call of RISC-V ended the run."""
        self._resume = None
        try:
            self._engine.emu_start(start | self.arm, until)
        except unicorn.UcError as error:
            if self._resume is None and self.semihosting.exit_code is None:
                self._raise_fault(self._fault or Fault(kind=str(error), pc=self.pc))
        return self._resume

    def _raise_fault_if_any(self) -> None:
        if self._fault is not None:
            self._raise_fault(self._fault)

    @property
    def pc(self) -> int:
        return int(self._engine.reg_read(self._registers.pc))

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory."""
        try:
            return bytes(self._engine.mem_read(address, size))
        except unicorn.UcError as error:
            raise EmulationError(
                f"cannot read {size:,} bytes at {address:#x} of {self.board.name}: {error}"
            ) from error

    def write(self, address: int, data: bytes) -> None:
        """Set bytes of memory, flash included."""
        try:
            self._engine.mem_write(address, data)
        except unicorn.UcError as error:
            raise EmulationError(
                f"cannot write {len(data):,} bytes at {address:#x} of {self.board.name}: {error}"
            ) from error

    @contextmanager
    def traced(self, start: int, end: int) -> Iterator[list[Access]]:
        """Every read and write that touches [start, end) while the context lasts, in order."""
        seen: list[Access] = []

        def note(engine: Any, access: int, address: int, size: int, value: int, data: object) -> None:
            del engine, value, data
            seen.append(Access(address=address, size=size, write=access == unicorn_const.UC_MEM_WRITE))

        kinds = unicorn_const.UC_HOOK_MEM_READ | unicorn_const.UC_HOOK_MEM_WRITE
        handle = self._engine.hook_add(kinds, note, begin=start, end=end - 1)
        try:
            yield seen
        finally:
            self._engine.hook_del(handle)

    def registers(self) -> dict[str, int]:
        """All registers by name."""
        return {name: int(self._engine.reg_read(number)) for name, number in self._registers.shown}

    def close(self) -> None:
        """Free the emulator."""
        self._engine = None
        self.counter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what Unicorn calls

    def _on_bad_access(
        self, engine: Any, access: int, address: int, size: int, value: int, data: object
    ) -> bool:
        del engine, value, data
        self._fault = Fault.of_access(access, address, size, self.pc)
        return False

    def _on_exception(self, engine: Any, number: int, data: object) -> None:
        del data
        if self.arm and number == _BKPT and self._semihost(engine):
            return
        # At undefined instructions of RISC-V, Unicorn's PC is 4 too far.
        pc = self.pc - (4 if not self.arm and number == _RISCV_ILLEGAL else 0)
        self._fault = Fault.of_exception(self.board.core, number, pc)
        engine.emu_stop()

    def _on_invalid(self, engine: Any, data: object) -> bool:
        del data
        # Unicorn takes RISC-V's EBREAK for an invalid instruction.
        if not self.arm and self.read(self.pc, 4) == _EBREAK and self._semihost(engine):
            return False  # the run ends here; `_resume` or the exit code say that all is well
        self._fault = Fault(kind="undefined instruction", pc=self.pc)
        return False

    def _semihost(self, engine: Any) -> bool:
        operation, argument = self._registers.arguments[:2]
        handled = self.semihosting.handle(
            int(engine.reg_read(operation)), int(engine.reg_read(argument)), self.read
        )
        if self.semihosting.exit_code is not None:
            engine.emu_stop()
        elif handled:
            if self.arm:
                engine.reg_write(self._registers.pc, (self.pc + 2) | 1)
            else:
                self._resume = self.pc + 4
        return handled

    def _raise_fault(self, fault: Fault) -> None:
        raise EmulationError(describe(fault, self.image, self.board, self.registers()))
