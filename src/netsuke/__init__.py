"""netsuke: from a model file to proved C on an emulated microcontroller.

    import netsuke

    model = netsuke.load("model.tflite")
    print(model.inspect(board="nucleo-l4r5zi").fit)
    result = model.build(board="nucleo-l4r5zi", out="out")
    print(result.exact, result.ram_bytes, result.cycles)

Everything here is imported when it is first asked for: `import netsuke` alone loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netsuke.api import Model, build_together, load
    from netsuke.errors import NetsukeError
    from netsuke.pipeline import BuildOptions
    from netsuke.report.bundle import BundleResult
    from netsuke.report.inspection import Inspection
    from netsuke.report.result import BuildResult

    __version__: str

_WHERE = {
    "BuildOptions": "netsuke.pipeline",
    "BuildResult": "netsuke.report.result",
    "BundleResult": "netsuke.report.bundle",
    "Inspection": "netsuke.report.inspection",
    "Model": "netsuke.api",
    "NetsukeError": "netsuke.errors",
    "build_together": "netsuke.api",
    "load": "netsuke.api",
}

__all__ = [
    "BuildOptions",
    "BuildResult",
    "BundleResult",
    "Inspection",
    "Model",
    "NetsukeError",
    "build_together",
    "load",
]


def __getattr__(name: str) -> Any:
    """The public names, and `__version__`, when they are first used."""
    if name == "__version__":
        return _version()
    from importlib import import_module

    if name == "quantize":
        return import_module("netsuke.quantize")
    if name not in _WHERE:
        raise AttributeError(f"module 'netsuke' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, also those that were not imported yet."""
    return sorted({*globals(), *__all__})


def _version() -> str:
    """The version of the installed package; 'unknown' when the sources run without being installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("netsuke")
    except PackageNotFoundError:
        return "unknown"
