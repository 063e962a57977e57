"""Goals and candidates as plain JSON values."""

from __future__ import annotations

from typing import Any

from netsuke.report.goals import CandidateResult, GivenUp, GoalResult, LayerCandidates


def goal_to_dict(goal: GoalResult) -> dict[str, Any]:
    """One build of the comparison."""
    return {
        "goal": goal.goal,
        "chosen": goal.chosen,
        "exact": goal.exact,
        "ram_bytes": goal.ram_bytes,
        "arena_bytes": goal.arena_bytes,
        "flash_code_bytes": goal.flash_code_bytes,
        "flash_weights_bytes": goal.flash_weights_bytes,
        "flash_bytes": goal.flash_bytes,
        "cycles": goal.cycles,
    }


def layer_to_dict(layer: LayerCandidates) -> dict[str, Any]:
    """A layer's candidates."""
    return {
        "layer": layer.layer,
        "measured": layer.measured,
        "expanded": layer.expanded,
        "candidates": [candidate_to_dict(one) for one in layer.candidates],
    }


def candidate_to_dict(one: CandidateResult) -> dict[str, Any]:
    """One kernel of a layer."""
    return {
        "kernel": one.kernel,
        "chosen": one.chosen,
        "cycles": one.cycles,
        "instructions": one.instructions,
        "code_bytes": one.code_bytes,
        "constant_bytes": one.constant_bytes,
        "scratch_bytes": one.scratch_bytes,
    }


def given_up_to_dict(given_up: GivenUp) -> dict[str, Any]:
    """What was given up for a smaller image."""
    return {
        "limit": given_up.limit,
        "short": given_up.short,
        "layers": [
            {
                "layer": one.layer,
                "kernel": one.kernel,
                "instead": one.instead,
                "saved_bytes": one.saved_bytes,
                "cycles": one.cycles,
            }
            for one in given_up.concessions
        ],
    }
