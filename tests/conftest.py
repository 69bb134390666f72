"""What all tests share: a cache of traces of their own, so that no run depends on an earlier one."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from once import shared_folder

# How fast examples are made and run says how busy the machine is.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["SPLIT4ML_CACHE"] = str(shared_folder(tmp_path_factory) / "cache")
