"""`netsuke version`."""

from __future__ import annotations


def version() -> None:
    """Print the version."""
    import netsuke

    print(f"netsuke {netsuke.__version__}")
