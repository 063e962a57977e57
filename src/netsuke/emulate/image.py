"""A linked program: its symbols, functions, section sizes and bytes, read from the ELF file."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from netsuke.errors import EmulationError

_THUMB_BIT = 1
_LARGEST_PADDING = 256
_ALLOC = 2  # SHF_ALLOC
# Sections that a linker script makes where things are put apart (see usage.py).
_WEIGHTS, _ZEROED = ".nk_weights", (".nk_arena", ".nk_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`address` is that of the first instruction (no Thumb bit)."""

    name: str
    address: int
    size: int

    @property
    def end(self) -> int:
        return self.address + self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Bytes that run at `address` and are stored at `load_address` (another one for initialised data)."""

    address: int
    load_address: int
    data: bytes

    @property
    def end(self) -> int:
        return self.address + len(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Everything that running, measuring and checking need to know of an ELF file."""

    path: Path
    architecture: str  # "arm" or "riscv"
    compiler: str  # its version, for reports
    symbols: Mapping[str, int]  # addresses; of functions without the Thumb bit
    functions: tuple[Function, ...]  # by address
    objects: Mapping[str, int]  # sizes of data objects
    segments: tuple[Segment, ...]
    code: tuple[
        tuple[int, int], ...
    ]  # address ranges that hold instructions, constants between them left out
    flash_code_bytes: int  # vectors and code
    flash_rodata_bytes: int  # constants, and the padding before and after them
    data_bytes: int  # initialised data: in RAM, its initial values in flash
    bss_bytes: int  # zeroed data, and the padding before it
    # (address, bytes) of the sections that take memory, and of the initial values of those that start-up code copies
    sections: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    loads: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def flash_bytes(self) -> int:
        return self.flash_code_bytes + self.flash_rodata_bytes + self.data_bytes

    @property
    def ram_bytes(self) -> int:
        """Static RAM; the stack comes on top."""
        return self.data_bytes + self.bss_bytes

    def symbol(self, name: str) -> int:
        """The address of a symbol."""
        if name not in self.symbols:
            raise EmulationError(f"{self.path.name} has no symbol {name!r}; was its source compiled in?")
        return self.symbols[name]

    def has(self, name: str) -> bool:
        return name in self.symbols

    def function(self, name: str) -> Function | None:
        """The function called `name`, or the copy of it that a compiler specialised (`name.constprop.0`)."""
        clones = [one for one in self.functions if one.name == name or one.name.startswith(f"{name}.")]
        return min(clones, key=lambda one: len(one.name), default=None)

    def function_at(self, address: int) -> Function | None:
        """The function that starts at or last before `address`."""
        at = bisect.bisect_right(self.functions, address, key=lambda one: one.address) - 1
        return self.functions[at] if at >= 0 else None

    def where(self, address: int) -> str:
        """An address as `function+offset`."""
        found = self.function_at(address)
        inside = found is not None and address < max(found.end, found.address + 2)
        return f"{found.name}+{address - found.address:#x}" if found is not None and inside else "no function"

    def read(self, address: int, size: int) -> bytes:
        """Bytes as linked; fewer where the image ends."""
        for segment in self.segments:
            if segment.address <= address < segment.end:
                return segment.data[address - segment.address :][:size]
        return b""


def read_image(path: Path, compiler: str = "unknown") -> Image:
    """Read an ELF file that `linker_script` laid out."""
    try:
        with path.open("rb") as file:
            return _read(ELFFile(file), path, compiler)
    except (OSError, ELFError) as error:
        raise EmulationError(f"{path}: cannot read it as an ELF file: {error}; build it again") from error


def _read(elf: ELFFile, path: Path, compiler: str) -> Image:
    table = elf.get_section_by_name(".symtab")
    if table is None:
        raise EmulationError(
            f"{path} has no symbols, wanted an image that is not stripped; link it without -s"
        )
    architecture = {"EM_ARM": "arm", "EM_RISCV": "riscv"}.get(elf["e_machine"], elf["e_machine"])
    entries = [symbol for symbol in table.iter_symbols() if symbol["st_shndx"] != "SHN_UNDEF"]
    mask = ~_THUMB_BIT if architecture == "arm" else ~0
    functions = {
        (symbol["st_value"] & mask, symbol.name, symbol["st_size"])
        for symbol in entries
        if symbol["st_info"]["type"] == "STT_FUNC"
    }
    symbols = {symbol.name: symbol["st_value"] for symbol in entries if symbol.name}
    symbols.update({name: address for address, name, _ in functions})
    objects = {s.name: s["st_size"] for s in entries if s["st_info"]["type"] == "STT_OBJECT"}
    sizes = {section.name: section["sh_size"] for section in elf.iter_sections()}
    ends = {section.name: section["sh_addr"] + section["sh_size"] for section in elf.iter_sections()}
    starts = {section.name: section["sh_addr"] for section in elf.iter_sections()}
    data_load = symbols.get("nk_data_load", 0) if sizes.get(".data") else 0
    padding = _gap(ends.get(".text"), starts.get(".rodata"))
    padding += 0 if sizes.get(_WEIGHTS) else _gap(ends.get(".rodata"), data_load)
    sections = {s.name: (s["sh_addr"], s["sh_size"]) for s in elf.iter_sections() if s["sh_flags"] & _ALLOC}
    loads = {".data": (data_load, sizes.get(".data", 0))} if data_load else {}
    weights, copied = sizes.get(_WEIGHTS, 0), 0
    if weights and symbols["nk_weights_load"] != symbols["nk_weights_start"]:
        loads[_WEIGHTS] = (symbols["nk_weights_load"], weights)
        weights, copied = 0, weights
    zeroed = sum(size for name, size in sizes.items() if name.startswith(_ZEROED))
    return Image(
        path=path,
        architecture=architecture,
        compiler=compiler,
        symbols=MappingProxyType(symbols),
        functions=tuple(Function(name=n, address=a, size=s) for a, n, s in sorted(functions)),
        objects=MappingProxyType(objects),
        segments=_segments(elf),
        code=_code_ranges(elf, entries),
        flash_code_bytes=sizes.get(".vectors", 0) + sizes.get(".text", 0),
        flash_rodata_bytes=sizes.get(".rodata", 0) + padding + weights,
        data_bytes=sizes.get(".data", 0) + copied,
        bss_bytes=sizes.get(".bss", 0) + _gap(ends.get(".data"), starts.get(".bss")) + zeroed,
        sections=MappingProxyType(sections),
        loads=MappingProxyType(loads),
    )


def _gap(end: int | None, start: int | None) -> int:
    """Padding between two sections that follow one another; 0 when they are in different memories."""
    if end is None or start is None or not 0 < start - end < _LARGEST_PADDING:
        return 0
    return int(start - end)


def _segments(elf: ELFFile) -> tuple[Segment, ...]:
    loads = (one for one in elf.iter_segments() if one["p_type"] == "PT_LOAD" and one["p_filesz"])
    return tuple(
        Segment(address=one["p_vaddr"], load_address=one["p_paddr"], data=one.data()) for one in loads
    )


def _code_ranges(elf: ELFFile, entries: list[object]) -> tuple[tuple[int, int], ...]:
    """Split executable sections at the mapping symbols $t, $a, $x (code follows) and $d (data follows)."""
    ranges: list[tuple[int, int]] = []
    for section in elf.iter_sections():
        # SHF_EXECINSTR
        if not section["sh_flags"] & 4 or not section["sh_size"]:
            continue
        start, end = section["sh_addr"], section["sh_addr"] + section["sh_size"]
        marks = sorted(
            (symbol["st_value"], symbol.name[1] != "d")  # type: ignore[index, attr-defined]
            for symbol in entries
            if symbol.name[:2] in ("$t", "$a", "$x", "$d")  # type: ignore[attr-defined]
            and start <= symbol["st_value"] < end  # type: ignore[index]
        )
        # Clang marks RISC-V code only where data precedes it.
        marks = [(start, section.name == ".text"), *marks, (end, False)]
        for (low, is_code), (high, _) in itertools.pairwise(marks):
            if is_code and high > low:
                ranges.append((low, high))
    return tuple(sorted(ranges))
