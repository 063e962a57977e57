"""Rounding with gradients: learned step sizes (Esser et al., "Learned Step Size Quantization", ICLR 2020)."""

from __future__ import annotations

from typing import Any

import torch

SMALLEST_SCALE = 1e-8


def straight_through(value: Any, exact: Any) -> Any:
    """`exact` going forward, the gradient of `value` going back (Bengio et al. 2013)."""
    return value + (exact - value).detach()


def learned(scale: Any, elements: int, highest: int) -> Any:
    """The scale with its gradient divided by sqrt(elements * highest), section 2.2 of the paper."""
    factor = 1.0 / float(max(elements * highest, 1)) ** 0.5
    scaled = scale * factor
    return straight_through(scaled, scale)


def fake_quantized(value: Any, scale: Any, low: int, high: int) -> Any:
    """round(clip(value / scale, low, high)) * scale, with gradients for the value and for the scale (equations 1 to 3).

    `scale` broadcasts against `value`; `low` and `high` count steps from zero.
    """
    steps = (value / scale).clamp(low, high)
    return straight_through(steps, steps.round()) * scale


def first_weight_scale(weights: Any, highest: int, axes: tuple[int, ...]) -> Any:
    """2 mean|w| / sqrt(highest) of every channel (section 2.1); for 8 bits the largest magnitude serves as well."""
    mean = weights.abs().mean(dim=axes, keepdim=True)
    largest = weights.abs().amax(dim=axes, keepdim=True) / highest
    first = largest if highest > 7 else torch.minimum(2 * mean / highest**0.5, largest)
    return first.clamp(min=SMALLEST_SCALE)
