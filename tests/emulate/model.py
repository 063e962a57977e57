"""The hand-made `projects/model.c`: a running sum in a state, with faults on request."""

from pathlib import Path

from netsuke.emulate import ModelIo

MODEL = Path(__file__).parent / "projects" / "model.c"
MODEL_IO = ModelIo(
    name="model",
    inputs=((0, 4),),
    outputs=((4, 4),),
    arena_bytes=64,
    state_bytes=8,
    layers=(("accumulate", "model_accumulate"),),
)
STEPS = [[bytes([1, 2, 3, 4])], [bytes([5, 0, 0, 0])]]
