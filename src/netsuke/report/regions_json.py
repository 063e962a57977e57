"""Memories as plain JSON values."""

from __future__ import annotations

from typing import Any

from netsuke.report.regions import RegionResult


def region_to_dict(region: RegionResult) -> dict[str, Any]:
    """One memory."""
    return {
        "name": region.name,
        "kind": region.kind,
        "origin": region.origin,
        "size": region.size,
        "used_bytes": region.used,
        "free_bytes": region.free,
        "external": region.external,
        "holds": [{"what": what, "bytes": nbytes} for what, nbytes in region.held],
        "read_bytes": region.read_bytes,
        "written_bytes": region.written_bytes,
        "wait_cycles": region.wait_cycles,
        "wait_model": region.model,
        "wait_source": region.source,
    }
