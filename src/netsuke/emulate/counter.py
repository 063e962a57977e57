"""The hooks of blockcount.c from Python: build the library once, set it up for an image, read the counts."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netsuke.emulate.cache import cache_dir
from netsuke.emulate.compiler import find_compiler
from netsuke.errors import EmulationError

_SOURCE = Path(__file__).with_name("blockcount.c")
_MAX_RANGES = 8
_MAX_STRAYS = 16
_MAX_ARENAS = 8
_MAX_STRETCHES = 16
_STEP = 4096


class _Range(ctypes.Structure):
    _fields_ = (("start", ctypes.c_uint64), ("end", ctypes.c_uint64))


class _Stretch(ctypes.Structure):
    _fields_ = (
        ("start", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("line", ctypes.c_uint32),
        ("sets", ctypes.c_uint32),
        ("ways", ctypes.c_uint32),
        ("cache", ctypes.c_int32),
        ("cached", ctypes.c_int32),
    )


class _Config(ctypes.Structure):
    _fields_ = (
        ("begin", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("invoke", _Range),
        ("arenas", _Range * _MAX_ARENAS),
        ("stack", _Range),
        ("allowed", _Range * _MAX_RANGES),
        ("limit", ctypes.c_uint64),
        ("mem_read", ctypes.c_void_p),
        ("reg_read", ctypes.c_void_p),
        ("reg_write", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("entries", ctypes.POINTER(ctypes.c_uint64)),
        ("entry_layers", ctypes.POINTER(ctypes.c_int32)),
        ("n_entries", ctypes.c_int32),
        ("n_layers", ctypes.c_int32),
        ("n_allowed", ctypes.c_int32),
        ("pc_register", ctypes.c_int32),
        ("sp_register", ctypes.c_int32),
        ("status_register", ctypes.c_int32),
        ("riscv", ctypes.c_int32),
        ("watch", ctypes.c_int32),
        ("n_arenas", ctypes.c_int32),
        ("n_stretches", ctypes.c_int32),
        ("stretches", _Stretch * _MAX_STRETCHES),
    )


class _Stray(ctypes.Structure):
    _fields_ = (("address", ctypes.c_uint64), ("pc", ctypes.c_uint64), ("size", ctypes.c_uint64))


class _Totals(ctypes.Structure):
    _fields_ = (
        ("instructions", ctypes.c_uint64),
        ("executed", ctypes.c_uint64),
        ("runs", ctypes.c_uint64),
        ("arena_ends", ctypes.c_uint64 * _MAX_ARENAS),
        ("stack_low", ctypes.c_uint64),
        ("strays", ctypes.c_uint64),
        ("limit_reached", ctypes.c_int32),
        ("overflow", ctypes.c_int32),
        ("stray", _Stray * _MAX_STRAYS),
    )


class _Traffic(ctypes.Structure):
    _fields_ = (
        ("reads", ctypes.c_uint64),
        ("read_bytes", ctypes.c_uint64),
        ("writes", ctypes.c_uint64),
        ("written_bytes", ctypes.c_uint64),
        ("written_words", ctypes.c_uint64),
        ("fills", ctypes.c_uint64),
        ("write_backs", ctypes.c_uint64),
    )


class _Row(ctypes.Structure):
    _fields_ = (
        ("address", ctypes.c_uint64),
        ("executed", ctypes.c_uint64),
        ("taken", ctypes.c_uint64),
        ("size", ctypes.c_uint32),
        ("instructions", ctypes.c_uint32),
        ("layer", ctypes.c_int32),
        ("unused", ctypes.c_int32),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Addresses whose accesses cost alike: `line` bytes come at once, into cache number `cache` of `sets` x `ways`
    lines; not `cached`: reads keep one line at hand, writes go through."""

    start: int
    end: int
    line: int
    sets: int
    ways: int
    cache: int
    cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Where a run may write: address ranges, ends excluded. All else in memory is reported as stray.

    Data accesses to `stretches` are counted by layer.
    """

    arena: tuple[int, int]
    stack: tuple[int, int]
    allowed: tuple[tuple[int, int], ...] = ()
    more_arenas: tuple[tuple[int, int], ...] = ()
    stretches: tuple[Stretch, ...] = ()

    @property
    def arenas(self) -> tuple[tuple[int, int], ...]:
        """All of them, in order."""
        return (self.arena, *self.more_arenas)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPlan:
    """What to count: between which functions, and which functions start which layer."""

    begin: int = 0  # first instruction of bench_begin; 0 counts everything
    end: int = 0
    invoke: tuple[int, int] = (0, 0)  # the function that calls the layers: its own blocks belong to none
    layers: tuple[int, ...] = ()  # first instruction of each layer's function
    limit: int = 0  # stop a call after so many instructions; 0 never stops
    watch: Watch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCount:
    """A basic block's executions within one layer; `taken`: it was left by a jump, not by falling through."""

    address: int
    size: int  # bytes
    instructions: int
    layer: int  # index into the plan's layers; len(layers) for none
    executed: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums since the last reset."""

    instructions: int  # between begin and end
    executed: int  # all
    runs: int
    arena_ends: tuple[int, ...]
    stack_low: int
    strays: int
    limit_reached: bool
    stray_writes: tuple[tuple[int, int, int], ...]  # the first few: address, size, pc


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchCount:
    """What a layer did to a stretch; `fills`: lines that came, `write_backs`: changed lines that left a cache."""

    reads: int
    read_bytes: int
    writes: int
    written_bytes: int
    written_words: int
    fills: int
    write_backs: int


@functools.cache
def hook_library() -> ctypes.CDLL:
    """The compiled hooks, from the cache or built now."""
    source = _SOURCE.read_bytes()
    key = hashlib.sha256(source + sys.platform.encode() + platform.machine().encode()).hexdigest()[:16]
    suffix = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
    library = cache_dir() / f"blockcount-{key}{suffix}"
    if not library.exists():
        _build(library)
    return _declare(ctypes.CDLL(str(library)))


def _build(library: Path) -> None:
    # Another process may build it at the same moment: each links to a name of its own, the last rename wins.
    handle, name = tempfile.mkstemp(dir=library.parent, suffix=library.suffix)
    os.close(handle)
    try:
        compiler = find_compiler(None)
        compiler.compile_and_link([_SOURCE], Path(name), flags=("-fPIC", "-shared"))
        Path(name).replace(library)
    finally:
        Path(name).unlink(missing_ok=True)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    library.counter_new.argtypes = [ctypes.POINTER(_Config)]
    library.counter_new.restype = ctypes.c_void_p
    library.counter_free.argtypes = [ctypes.c_void_p]
    library.counter_free.restype = None
    library.counter_reset.argtypes = [ctypes.c_void_p]
    library.counter_reset.restype = None
    library.counter_start_call.argtypes = [ctypes.c_void_p]
    library.counter_start_call.restype = None
    library.counter_totals.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Totals)]
    library.counter_totals.restype = None
    library.counter_read.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Row), ctypes.c_uint32]
    library.counter_read.restype = ctypes.c_uint32
    library.counter_traffic.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Traffic)]
    library.counter_traffic.restype = None
    return library


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class Counter:
    """Counts of one machine. `functions` are Unicorn's uc_mem_read, uc_reg_read and uc_emu_stop."""

    def __init__(
        self,
        plan: CountPlan,
        *,
        functions: Sequence[Any],
        pc_register: int,
        sp_register: int,
        status_register: int,
        riscv: bool,
    ) -> None:
        self._library = hook_library()
        self.plan = plan
        config = _config(plan, functions, pc_register, sp_register, status_register, riscv)
        self.pointer: int = self._library.counter_new(ctypes.byref(config)) or 0
        if not self.pointer:
            raise EmulationError("no memory for the block counter; free some and run again")

    @property
    def block_hook(self) -> int:
        """Address of the C function that Unicorn calls for each block."""
        return _address(self._library.counter_block)

    @property
    def write_hook(self) -> int:
        """Address of the C function that Unicorn calls for each write."""
        return _address(self._library.counter_write)

    @property
    def read_hook(self) -> int:
        """Address of the C function that Unicorn calls for each read of data."""
        return _address(self._library.counter_data_read)

    def reset(self) -> None:
        """Forget all counts."""
        self._library.counter_reset(self.pointer)

    def start_call(self) -> None:
        """The instruction limit counts from here."""
        self._library.counter_start_call(self.pointer)

    def totals(self) -> Totals:
        """Sums since the last reset."""
        raw = _Totals()
        self._library.counter_totals(self.pointer, ctypes.byref(raw))
        if raw.overflow:
            raise EmulationError("the program has more basic blocks than the counter holds (49,152)")
        kept = raw.stray[: min(raw.strays, _MAX_STRAYS)]
        return Totals(
            instructions=raw.instructions,
            executed=raw.executed,
            runs=raw.runs,
            arena_ends=tuple(raw.arena_ends),
            stack_low=raw.stack_low,
            strays=raw.strays,
            limit_reached=bool(raw.limit_reached),
            stray_writes=tuple((one.address, one.size, one.pc) for one in kept),
        )

    def blocks(self) -> list[BlockCount]:
        """Every block and layer that has executions."""
        room = _STEP
        while True:
            rows = (_Row * room)()
            found = self._library.counter_read(self.pointer, rows, room)
            if found <= room:
                return [_block(rows[i]) for i in range(found)]
            room = found

    def traffic(self) -> list[list[StretchCount]]:
        """For every stretch of the watch, what each layer did to it, and behind them what none did."""
        stretches = len(self.plan.watch.stretches) if self.plan.watch is not None else 0
        columns = len(self.plan.layers) + 1
        raw = (_Traffic * max(1, stretches * columns))()
        self._library.counter_traffic(self.pointer, raw)
        counts = [_stretch_count(one) for one in raw]
        return [counts[i * columns : (i + 1) * columns] for i in range(stretches)]

    def close(self) -> None:
        """Free the counter; the machine must not run any more."""
        if self.pointer:
            self._library.counter_free(self.pointer)
            self.pointer = 0


def _stretch_count(raw: _Traffic) -> StretchCount:
    return StretchCount(
        reads=raw.reads,
        read_bytes=raw.read_bytes,
        writes=raw.writes,
        written_bytes=raw.written_bytes,
        written_words=raw.written_words,
        fills=raw.fills,
        write_backs=raw.write_backs,
    )


def _block(row: _Row) -> BlockCount:
    return BlockCount(
        address=row.address,
        size=row.size,
        instructions=row.instructions,
        layer=row.layer,
        executed=row.executed,
        taken=row.taken,
    )


def _config(
    plan: CountPlan,
    functions: Sequence[Any],
    pc_register: int,
    sp_register: int,
    status_register: int,
    riscv: bool,
) -> _Config:
    order = sorted(range(len(plan.layers)), key=lambda i: plan.layers[i])
    config = _Config(
        begin=plan.begin,
        end=plan.end,
        invoke=_Range(*plan.invoke),
        limit=plan.limit,
        entries=(ctypes.c_uint64 * max(1, len(order)))(*(plan.layers[i] for i in order)),
        entry_layers=(ctypes.c_int32 * max(1, len(order)))(*order),
        n_entries=len(order),
        n_layers=len(order),
        pc_register=pc_register,
        sp_register=sp_register,
        status_register=status_register,
        riscv=riscv,
    )
    config.mem_read, config.reg_read, config.reg_write, config.stop = map(_address, functions)
    if plan.watch is not None:
        config.watch = 1
        config.stack = _Range(*plan.watch.stack)
        config.n_arenas = _fill(config.arenas, plan.watch.arenas, _MAX_ARENAS, "arenas")
        config.n_allowed = _fill(config.allowed, plan.watch.allowed, _MAX_RANGES, "allowed ranges")
        if len(plan.watch.stretches) > _MAX_STRETCHES:
            raise EmulationError(
                f"got {len(plan.watch.stretches)} stretches of memory, wanted at most {_MAX_STRETCHES}"
            )
        config.n_stretches = len(plan.watch.stretches)
        for i, one in enumerate(plan.watch.stretches):
            config.stretches[i] = _Stretch(
                one.start, one.end, one.line, one.sets, one.ways, one.cache, int(one.cached)
            )
    return config


def _fill(to: Any, ranges: Sequence[tuple[int, int]], most: int, what: str) -> int:
    """Puts ranges into a field of the configuration; gives their number."""
    if len(ranges) > most:
        raise EmulationError(f"got {len(ranges)} {what}, wanted at most {most}")
    for i, one in enumerate(ranges):
        to[i] = _Range(*one)
    return len(ranges)
