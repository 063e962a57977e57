"""report.json: its keys are a promise, and docs/report.md lists them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from netsuke.report.json import SCHEMA_VERSION, to_json
from tests.report.samples import large, small

KEYS = [
    "schema_version",
    "model",
    "model_sha256",
    "board",
    "board_title",
    "core",
    "clock_hz",
    "exact",
    "inputs_compared",
    "ran_on",
    "first_difference",
    "tolerances",
    "fits",
    "arena_bytes",
    "arena_lower_bound",
    "naive_peak_bytes",
    "state_bytes",
    "static_bytes",
    "stack_bytes",
    "ram_bytes",
    "ram_available",
    "arenas",
    "flash_code_bytes",
    "flash_weights_bytes",
    "flash_bytes",
    "flash_available",
    "macs",
    "instructions",
    "cycles",
    "cycles_per_mac",
    "milliseconds",
    "wait_cycles",
    "energy_microjoules",
    "timing_source",
    "energy_source",
    "compiler",
    "optimize",
    "inputs",
    "outputs",
    "layers",
    "buffers",
    "passes",
    "goals",
    "given_up",
    "candidates",
    "regions",
    "schedules",
]
LAYER_KEYS = [
    "index",
    "name",
    "op",
    "kernel",
    "output_shape",
    "macs",
    "instructions",
    "cycles",
    "cycles_per_mac",
    "wait_cycles",
    "weight_bytes",
    "scratch_bytes",
    "stream",
    "inside",
]
BUFFER_KEYS = ["name", "tensors", "kind", "arena", "offset", "bytes", "first_step", "last_step"]
PORT_KEYS = ["name", "shape", "dtype", "scale", "zero_point"]
DOCS = Path(__file__).parents[2] / "docs" / "report.md"


def test_the_keys_are_the_promised_ones_in_their_order() -> None:
    report = json.loads(to_json(small()))
    assert list(report) == KEYS
    assert list(report["layers"][0]) == LAYER_KEYS
    assert list(report["buffers"][0]) == BUFFER_KEYS
    assert list(report["inputs"][0]) == list(report["outputs"][0]) == PORT_KEYS
    assert list(report["passes"][0]) == ["name", "changed", "lines"]
    assert report["schema_version"] == SCHEMA_VERSION == 1


def test_every_key_is_documented() -> None:
    documented = DOCS.read_text(encoding="utf-8")
    missing = [key for key in {*KEYS, *LAYER_KEYS, *BUFFER_KEYS, *PORT_KEYS} if f"`{key}" not in documented]
    assert missing == []


def test_the_values_of_a_small_build() -> None:
    report = json.loads(to_json(small()))
    assert report["ram_bytes"] == 96 + 0 + 16 + 200
    assert report["flash_bytes"] == 2_720
    assert report["fits"] is True
    assert report["cycles_per_mac"] == 3_000 / 640
    assert report["layers"][0]["cycles_per_mac"] == 2_200 / 640
    assert report["layers"][1]["cycles_per_mac"] is None
    assert report["buffers"][0] == {
        "name": "x",
        "tensors": ["x"],
        "kind": "input",
        "arena": 0,
        "offset": 0,
        "bytes": 64,
        "first_step": -1,
        "last_step": 0,
    }


def test_what_was_not_measured_is_null_and_not_zero() -> None:
    result = replace(small(), stack_bytes=None, cycles=None, instructions=None, milliseconds=None)
    report = json.loads(to_json(result))
    assert (
        report["stack_bytes"]
        is report["cycles"]
        is report["cycles_per_mac"]
        is report["milliseconds"]
        is None
    )
    assert report["ram_bytes"] == 96 + 16


def test_too_big_for_either_memory_does_not_fit() -> None:
    assert not replace(small(), ram_available=311).fits
    assert not replace(small(), flash_available=2_719).fits
    assert replace(small(), ram_available=312, flash_available=2_720).fits


def test_the_same_result_gives_the_same_bytes_and_no_paths() -> None:
    here, there = large(), replace(large(), project=Path("/somewhere/else"))
    assert to_json(here) == to_json(there)
    assert "somewhere" not in to_json(there)


def test_names_that_no_encoding_can_hold_are_still_json() -> None:
    hostile = replace(small(), model="a\ud800\u202eb\x1b[2J")
    assert json.loads(to_json(hostile).encode("ascii"))["model"] == "a\ud800\u202eb\x1b[2J"
