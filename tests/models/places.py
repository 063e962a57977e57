"""Where the models that tests may use lie, and the oracle that runs them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
MLPERF = SHARED / "models" / "mlperf_tiny"
INT8 = ("kws_ref_model", "vww_96_int8", "pretrainedResnet_quant", "ad01_int8", "str_ww_ref_model")
FLOAT = ("kws_ref_model_float32", "vww_96_float", "pretrainedResnet_float", "ad01_fp32")
WAKE_WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


def mlperf(name: str) -> Path:
    """An MLPerf Tiny model; the test is skipped when the shared folder is not beside the checkout."""
    path = MLPERF / f"{name}.tflite"
    if not path.exists():
        pytest.skip("the shared folder with the MLPerf Tiny models is not beside this checkout")
    return path


def wake_word(name: str) -> Path:
    """A streaming model of the package pymicro-wakeword (test extra)."""
    found = find_spec("pymicro_wakeword")
    if found is None or found.origin is None:
        pytest.skip("the package pymicro-wakeword is not installed")
    return Path(found.origin).parent / "models" / f"{name}.tflite"
