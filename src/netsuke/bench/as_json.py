"""A session of the bench as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from netsuke.bench.figures import behind
from netsuke.bench.measure import Measurement, Session, macs_per_cycle, share_of_bound
from netsuke.bench.peers import best_peer, engines_on


def to_json(session: Session, *, layers: bool = False) -> str:
    """Builds, with `layers` each with its layers, what was skipped, and the peers' figures for the cores measured."""
    cores = dict.fromkeys(one.board.core.name for one in session.measurements)
    document = {
        "schema": 1,
        "builds": [build_data(one, session.measurements, layers=layers) for one in session.measurements],
        "skipped": [{"what": one.what, "why": one.why} for one in session.skipped],
        "peers": {core: [engine_data(core, i) for i in range(len(engines_on(core)))] for core in cores},
    }
    return json.dumps(document, indent=2) + "\n"


def build_data(one: Measurement, among: Sequence[Measurement], *, layers: bool) -> dict[str, object]:
    """One build: counts of one inference, sizes in bytes."""
    r, core = one.result, one.board.core
    peer = best_peer(core.name, one.model)
    data: dict[str, object] = {
        "model": one.model,
        "board": one.board.name,
        "core": core.name,
        "compiler": one.compiler,
        "compiler_version": r.compiler,
        "exact": r.exact,
        "macs": r.macs,
        "instructions": r.instructions,
        "cycles": r.cycles,
        "cycles_per_mac": r.cycles_per_mac,
        "macs_per_cycle_bound": macs_per_cycle(core),
        "share_of_bound": one.share_of_bound,
        "behind_best_compiler": behind(one, among),
        "arena_bytes": r.arena_bytes,
        "stack_bytes": r.stack_bytes,
        "ram_bytes": r.ram_bytes,
        "flash_code_bytes": r.flash_code_bytes,
        "flash_weights_bytes": r.flash_weights_bytes,
        "timing_source": r.timing_source,
        "best_peer": None
        if peer is None
        else {
            "engine": peer.engine,
            "value": peer.value,
            "unit": peer.unit,
            "ratio": peer.ratio(r.cycles, r.instructions),
        },
    }
    if layers:
        data["layers"] = layers_data(one)
    return data


def layers_data(one: Measurement) -> list[dict[str, object]]:
    """The layers of one build."""
    return [
        {
            "index": layer.index,
            "name": layer.name,
            "op": layer.op,
            "kernel": layer.kernel,
            "output_shape": list(layer.output_shape),
            "macs": layer.macs,
            "instructions": layer.instructions,
            "cycles": layer.cycles,
            "cycles_per_mac": layer.cycles_per_mac,
            "share_of_bound": share_of_bound(one.board.core, layer.macs, layer.cycles),
        }
        for layer in one.result.layers
    ]


def engine_data(core: str, number: int) -> dict[str, object]:
    """One peer's figures on a core."""
    engine = engines_on(core)[number]
    return {
        "engine": engine.name,
        "how": engine.how,
        "exact": engine.exact,
        "cycles": dict(engine.cycles),
        "instructions": dict(engine.instructions),
        "words": dict(engine.words),
    }
