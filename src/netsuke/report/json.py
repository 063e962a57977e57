"""report.json: the build as data, with the stable keys that docs/report.md lists."""

from __future__ import annotations

import json
from typing import Any

from netsuke.report.goals_json import given_up_to_dict, goal_to_dict, layer_to_dict
from netsuke.report.regions_json import region_to_dict
from netsuke.report.result import BufferResult, BuildResult, LayerResult, PassResult, PortResult
from netsuke.report.schedules_json import stream_to_dict, survey_to_dict

SCHEMA_VERSION = 1
"""Goes up when a key is removed or changes its meaning; new keys do not raise it."""


def to_json(result: BuildResult) -> str:
    """The text of report.json. The same result gives the same bytes: no times, no paths."""
    return json.dumps(to_dict(result), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def to_dict(result: BuildResult) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "model": result.model,
        "model_sha256": result.model_sha256,
        "board": result.board,
        "board_title": result.board_title,
        "core": result.core,
        "clock_hz": result.clock_hz,
        **_verdict(result),
        **_memory(result),
        **_speed(result),
        "compiler": result.compiler,
        "optimize": result.optimize,
        "inputs": [_port(port) for port in result.inputs],
        "outputs": [_port(port) for port in result.outputs],
        "layers": [_layer(layer) for layer in result.layers],
        "buffers": [_buffer(buffer) for buffer in result.buffers],
        "passes": [_pass(one) for one in result.passes],
        "goals": [goal_to_dict(goal) for goal in result.goals],
        "given_up": None if result.given_up is None else given_up_to_dict(result.given_up),
        "candidates": [layer_to_dict(layer) for layer in result.candidates],
        "regions": [region_to_dict(region) for region in result.regions],
        "schedules": None if result.schedules is None else survey_to_dict(result.schedules),
    }


def _verdict(result: BuildResult) -> dict[str, Any]:
    return {
        "exact": result.exact,
        "inputs_compared": result.inputs_compared,
        "ran_on": list(result.ran_on),
        "first_difference": result.first_difference,
        "tolerances": list(result.tolerances),
        "fits": result.fits,
    }


def _memory(result: BuildResult) -> dict[str, Any]:
    return {
        "arena_bytes": result.arena_bytes,
        "arena_lower_bound": result.arena_lower_bound,
        "naive_peak_bytes": result.naive_peak_bytes,
        "state_bytes": result.state_bytes,
        "static_bytes": result.static_bytes,
        "stack_bytes": result.stack_bytes,
        "ram_bytes": result.ram_bytes,
        "ram_available": result.ram_available,
        "arenas": list(result.arenas),
        "flash_code_bytes": result.flash_code_bytes,
        "flash_weights_bytes": result.flash_weights_bytes,
        "flash_bytes": result.flash_bytes,
        "flash_available": result.flash_available,
    }


def _speed(result: BuildResult) -> dict[str, Any]:
    return {
        "macs": result.macs,
        "instructions": result.instructions,
        "cycles": result.cycles,
        "cycles_per_mac": result.cycles_per_mac,
        "milliseconds": result.milliseconds,
        "wait_cycles": result.wait_cycles,
        "energy_microjoules": result.energy_microjoules,
        "timing_source": result.timing_source,
        "energy_source": result.energy_source,
    }


def _port(port: PortResult) -> dict[str, Any]:
    return {
        "name": port.name,
        "shape": list(port.shape),
        "dtype": port.dtype,
        "scale": port.scale,
        "zero_point": port.zero_point,
    }


def _layer(layer: LayerResult) -> dict[str, Any]:
    return {
        "index": layer.index,
        "name": layer.name,
        "op": layer.op,
        "kernel": layer.kernel,
        "output_shape": list(layer.output_shape),
        "macs": layer.macs,
        "instructions": layer.instructions,
        "cycles": layer.cycles,
        "cycles_per_mac": layer.cycles_per_mac,
        "wait_cycles": layer.wait_cycles,
        "weight_bytes": layer.weight_bytes,
        "scratch_bytes": layer.scratch_bytes,
        "stream": None if layer.stream is None else stream_to_dict(layer.stream),
        "inside": layer.inside,
    }


def _buffer(buffer: BufferResult) -> dict[str, Any]:
    return {
        "name": buffer.name,
        "tensors": list(buffer.tensors),
        "kind": buffer.kind.value,
        "arena": buffer.arena,
        "offset": buffer.offset,
        "bytes": buffer.nbytes,
        "first_step": buffer.first_step,
        "last_step": buffer.last_step,
    }


def _pass(one: PassResult) -> dict[str, Any]:
    return {"name": one.name, "changed": one.changed, "lines": list(one.lines)}
