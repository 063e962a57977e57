"""Real .tflite files for the tests, inputs that stir them, and LiteRT's reference kernels run on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from netsuke.ir import Array, DType, TensorType

MLPERF_TINY = Path(__file__).resolve().parents[2].parent / "shared" / "models" / "mlperf_tiny"
MLPERF_MODELS = (
    "ad01_fp32",
    "ad01_int8",
    "kws_ref_model",
    "kws_ref_model_float32",
    "pretrainedResnet_float",
    "pretrainedResnet_quant",
    "str_ww_ref_model",
    "vww_96_float",
    "vww_96_int8",
)
WAKE_WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


def wake_word_folder() -> Path:
    """Where the package pymicro_wakeword keeps its models."""
    spec = find_spec("pymicro_wakeword")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models"


def blocky(kind: TensorType, rng: np.random.Generator, grain: int) -> Array:
    """Noise in blocks of `grain` elements along every axis, at a random contrast and level."""
    value = rng.normal(size=[max(1, -(-size // grain)) for size in kind.shape]) * rng.choice([0.3, 1.0, 2.0])
    for axis, size in enumerate(kind.shape):
        value = np.repeat(value, grain, axis).take(range(size), axis)
    value = value + rng.normal() * 0.5
    if kind.dtype is DType.FLOAT32:
        return (value * 3).astype(np.float32)
    low, high = kind.dtype.range
    return np.clip(np.round(value * high / 2), low, high).astype(kind.dtype.numpy)


class LiteRt:
    """LiteRT's reference kernels on a file; every tensor of the main graph can be looked at."""

    def __init__(self, data: bytes) -> None:
        self.interpreter = Interpreter(
            model_content=data,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
            num_threads=1,
        )
        self.interpreter.allocate_tensors()
        self.takes = [detail["index"] for detail in self.interpreter.get_input_details()]
        self.gives = [detail["index"] for detail in self.interpreter.get_output_details()]

    def run(self, *inputs: Array) -> list[Array]:
        """One invocation's outputs; variables keep their values for the next."""
        for index, value in zip(self.takes, inputs, strict=True):
            self.interpreter.set_tensor(index, value)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(index) for index in self.gives]

    def tensors(self, wanted: Iterable[str]) -> dict[str, Array]:
        """The last invocation's tensors of these names, where the file has the name once.

        Only names of ordinary tensors may be asked for: LiteRT crashes on a resource handle.
        """
        details = self.interpreter.get_tensor_details()
        names = Counter(detail["name"] for detail in details)
        asked = {name for name in wanted if names[name] == 1}
        return {d["name"]: self.interpreter.get_tensor(d["index"]) for d in details if d["name"] in asked}
