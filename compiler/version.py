"""The version of the installed package."""

from __future__ import annotations


def version() -> str:
    """Such as `0.1.0`."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("split4ml")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "unknown"
