"""The hand-made project `projects/tiny` and what it must compute, in Python."""

from pathlib import Path

from netsuke.emulate import ModelIo

TINY = Path(__file__).parent / "projects" / "tiny"
TINY_SOURCES = (TINY / "tiny.c", TINY / "main.c")
TINY_IO = ModelIo(
    name="tiny",
    inputs=((0, 64),),
    outputs=((368, 4),),
    arena_bytes=384,
    layers=(("conv", "tiny_conv"), ("sum", "tiny_sum"), ("scale", "tiny_scale")),
)
WEIGHTS = (
    (1, 2, 3, 4, 5, 6, 7, 8, 9),
    (-1, 0, 1, -2, 0, 2, -1, 0, 1),
    (3, -3, 3, -3, 3, -3, 3, -3, 3),
    (0, 1, 0, 1, -4, 1, 0, 1, 0),
)


def tiny_input(factor, offset):
    return bytes((i * factor + offset) % 256 for i in range(64))


def clamp(x):
    return max(-128, min(127, x))


def expected_output(data):
    image = [byte - 256 if byte > 127 else byte for byte in data]
    sums = [0] * 4
    for y in range(6):
        for x in range(6):
            for c in range(4):
                total = sum(WEIGHTS[c][k] * image[(y + k // 3) * 8 + x + k % 3] for k in range(9))
                sums[c] += max(0, clamp(total >> 4))
    return bytes(clamp((one * 0x12345678 >> 34) - 100) & 255 for one in sums)
