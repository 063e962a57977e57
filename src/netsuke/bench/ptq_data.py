"""Inputs for the MLPerf Tiny float models: the official keywords where they are, made-up pictures and machine sounds.

The pictures are dead leaves (Lee, Mumford and Huang, Occlusion models for natural images, 2001): discs and bars that
hide each other, whose statistics of edges and scales are near those of photographs. The sounds are harmonics of a motor
in noise, as log-mel features of five frames like those of the benchmark.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from netsuke.compress.samples import ArraySamples
from netsuke.ir import Array

KWS_SCALE, KWS_ZERO = 0.5847029089927673, 83
"""How the official keyword inputs are stored."""
RATE, WINDOW, HOP, MELS, FRAMES = 16000, 1024, 512, 128, 5


def keywords(shared: Path) -> ArraySamples | None:
    """The 500 official inputs with labels; None where the file is not."""
    path = shared / "data" / "kws01" / "kws01_even500.npz"
    if not path.is_file():
        return None
    with np.load(path) as found:
        real = (found["x"].astype(np.float32) - KWS_ZERO) * np.float32(KWS_SCALE)
        return ArraySamples(arrays=(real,), labels=found["y"].astype(np.int64))


def pictures(count: int, side: int, highest: float, seed: int) -> ArraySamples:
    """float32 [count, side, side, 3] from 0 to `highest`."""
    chance = np.random.default_rng(seed)
    made = np.stack([leaves(chance, side) for _ in range(count)])
    return ArraySamples(arrays=((made * highest).astype(np.float32),))


def leaves(chance: np.random.Generator, side: int) -> Array:
    """One picture, float [side, side, 3] from 0 to 1."""
    rows, columns = np.mgrid[0:side, 0:side] / side
    image = np.full((side, side, 3), chance.uniform(0, 1, 3)) + chance.normal(0, 0.2) * rows[..., None]
    for _ in range(60):
        radius = 0.03 / chance.uniform(0.05, 1.0)
        y, x, angle = chance.uniform(0, 1), chance.uniform(0, 1), chance.uniform(0, np.pi)
        along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
        across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        shape = chance.uniform(0.2, 1.0)
        inside = along**2 + (across / shape) ** 2 < radius**2
        if chance.uniform() < 0.3:
            inside = (np.abs(along) < radius) & (np.abs(across) < radius * shape)
        shade = 1 + chance.normal(0, 0.8) * along + chance.normal(0, 0.04, (side, side))
        image[inside] = (chance.uniform(0, 1, 3) * shade[..., None])[inside]
    gain, offset = chance.uniform(0.4, 1.2), chance.uniform(-0.1, 0.2)
    result: Array = np.clip(image * gain + offset, 0, 1)
    return result


def machine_sounds(count: int, seed: int) -> ArraySamples:
    """float32 [count, 640]: log-mel energies in decibels, five frames one after the other."""
    chance = np.random.default_rng(seed)
    filters = mel_filters()
    found: list[Array] = []
    while len(found) < count:
        mel = spectrum(motor(chance)) @ filters.T
        decibels = 10 * np.log10(np.maximum(mel, 1e-8))
        starts = chance.integers(0, len(decibels) - FRAMES, 8)
        found += [decibels[at : at + FRAMES].reshape(-1) for at in starts]
    return ArraySamples(arrays=(np.stack(found[:count]).astype(np.float32),))


def motor(chance: np.random.Generator) -> Array:
    """Two seconds of a motor: harmonics of a wandering pitch, coloured noise, loudness that breathes."""
    time = np.arange(2 * RATE) / RATE
    pitch = chance.uniform(40, 400) * (1 + 0.05 * np.sin(2 * np.pi * chance.uniform(0.2, 2) * time))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = np.zeros(len(time))
    for harmonic in range(1, int(chance.integers(3, 20))):
        sound += chance.uniform(0, 1) / harmonic * np.sin(harmonic * phase + chance.uniform(0, 6))
    noise = np.fft.rfft(chance.normal(size=len(time)))
    noise /= np.maximum(np.arange(len(noise)) / 50, 1) ** chance.uniform(0.2, 1.0)
    sound += chance.uniform(0.05, 1) * np.fft.irfft(noise, len(time)) * 4
    loudness = 10 ** chance.uniform(-2.6, -1.1) * (
        1 + 0.5 * np.sin(2 * np.pi * chance.uniform(0.3, 3) * time)
    )
    result: Array = sound * loudness
    return result


def spectrum(sound: Array) -> Array:
    """Power [frames, WINDOW / 2 + 1] under a Hann window."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    result: Array = np.abs(np.fft.rfft(frames * np.hanning(WINDOW))) ** 2
    return result


def mel_filters() -> Array:
    """Triangles [MELS, WINDOW / 2 + 1], even on the mel scale 2595 log10(1 + f / 700)."""
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), MELS + 2) / 2595) - 1)
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    area = 2 / (edges[2:] - edges[:-2])
    result: Array = np.maximum(0, np.minimum(rise, fall)) * area[:, None]
    return result
