"""The words and figures of a diagnosis, the same in the terminal and on the page."""

from __future__ import annotations

from netsuke.compress.actions import Advice
from netsuke.compress.study import LayerStudy, Metric
from netsuke.report.diagnosis import DiagnosisResult
from netsuke.report.words import count, percent, plural, three_digits

EQUAL = "exact"


def decibels(value: float) -> str:
    """'31.2', or that nothing differs."""
    if value == float("inf"):
        return EQUAL
    return "none" if value == float("-inf") else f"{value:.1f}"


def metric_words(metric: Metric) -> str:
    """'91.2 %, 31.2 dB'."""
    parts = [] if metric.accuracy is None else [f"{100 * metric.accuracy:.1f} %"]
    parts.append("equal" if metric.sqnr_db == float("inf") else f"{decibels(metric.sqnr_db)} dB")
    return ", ".join(parts)


def effect(new: Metric | None, old: Metric, name: str) -> str:
    """'+3.1 points' or '+2.4 dB': what a change does to the metric; decibels too where accuracy stays."""
    if new is None:
        return "–"
    gained = new.sqnr_db - old.sqnr_db
    in_db = f"{gained:+.1f} dB" if abs(gained) != float("inf") and gained == gained else "equal"
    in_db = "0 dB" if abs(gained) < 0.05 else in_db
    if name == "sqnr" or new.accuracy is None or old.accuracy is None:
        return in_db
    points = 100 * (new.accuracy - old.accuracy)
    return f"{points:+.1f} points" if abs(points) >= 0.05 else in_db


def cost(advice: Advice) -> str:
    """'+1,280 bytes', of RAM and flash together."""
    return "no bytes" if advice.total_bytes == 0 else f"{advice.total_bytes:+,} bytes"


def advice_words(advice: Advice, result: DiagnosisResult) -> str:
    """'make `dw` 16-bit: +3.1 points, +1,280 bytes'."""
    gained = effect(advice.metric, result.study.rounded, result.metric)
    where = f" ({advice.ram_bytes:+,} RAM, {advice.flash_bytes:+,} flash)" if advice.total_bytes else ""
    return f"{advice.action.words}: {gained}, {cost(advice)}{where}"


def layer_title(layer: LayerStudy) -> str:
    """The layer's name."""
    return layer.name or "input"


def ratio_words(value: float) -> str:
    """'9x'; the ratio of channels."""
    return f"{three_digits(value)}x"


def range_words(layer: LayerStudy) -> str:
    """'-1.2 to 3.4'."""
    return f"{three_digits(layer.covered[0])} to {three_digits(layer.covered[1])}"


def share_words(share: float) -> str:
    """'0', or a percentage."""
    return "0" if share == 0 else percent(share, 1)


def verdict(result: DiagnosisResult) -> str:
    """The model's figures in a sentence."""
    real, rounded = result.study.real, result.measured
    samples = plural(result.study.samples, "sample")
    if real.accuracy is None:
        return f"{decibels(rounded.sqnr_db)} dB against the float model on {samples}"
    return (
        f"accuracy {100 * (rounded.accuracy or 0):.1f} %, in float {100 * real.accuracy:.1f} % "
        f"({decibels(rounded.sqnr_db)} dB) on {samples}"
    )


def origin(result: DiagnosisResult) -> str:
    """What was calibrated and measured with."""
    other = "none of which was calibrated with" if result.held_out else "which were calibrated with too"
    return (
        f"{'; '.join(result.steps)}; calibrated with {plural(result.calibration_samples, 'sample')}, "
        f"measured on {count(result.study.samples)}, {other}"
    )


def fix_words(result: DiagnosisResult) -> list[str]:
    """What --fix did, a line each."""
    done = result.fix
    if done is None:
        return []
    unit = "sqnr" if done.aim.metric == "sqnr" else "accuracy"
    least = f"{done.aim.least:g} dB" if unit == "sqnr" else f"{100 * done.aim.least:g} %"
    lines = [f"aim: {unit} of at least {least}; before: {metric_words(done.before)}"]
    lines += [f"{step.action.words} ({cost(step)}): {metric_words(step.metric)}" for step in done.steps]
    if not done.steps and done.reached:
        lines.append("nothing had to be done")
    if not done.reached:
        lines.append(
            "not reached: nothing else that is known here helps; consider training with quantisation"
        )
    return lines
