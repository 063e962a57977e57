"""The verdict of a build in words: is it exact, does it fit."""

from __future__ import annotations

from netsuke.report.footprint import Footprint
from netsuke.report.result import BuildResult
from netsuke.report.words import count, listed, plural, printable


def exactness(result: BuildResult) -> str:
    """One line: 'exact: 20 inputs, byte for byte the same on host and unicorn cortex-m4'."""
    if not result.exact:
        where = printable(result.first_difference or "the outputs differ")
        return f"NOT exact: {where}"
    how = "within the stated tolerance" if result.tolerances else "byte for byte the same"
    return f"exact: {plural(result.inputs_compared, 'input')}, {how} on {listed(result.ran_on) or 'nothing'}"


def fitting(result: Footprint) -> str:
    """One line: how many bytes are free, or short."""
    ram = result.ram_available - result.ram_bytes
    flash = result.flash_available - result.flash_bytes
    if result.fits:
        return f"fits: {count(ram)} bytes of RAM and {count(flash)} of flash stay free"
    short = [f"{what} by {count(-free)} bytes" for what, free in (("RAM", ram), ("flash", flash)) if free < 0]
    return f"does NOT fit: too big for {listed(tuple(short))}"
