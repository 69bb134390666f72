"""Which tool's constants are taken, and that all of them are documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from split4ml.dialects.errors import UsageError
from split4ml.passes.timing.constants import nearest, tool, tools

DOCS = Path(__file__).parents[3] / "docs" / "timing.md"


def test_the_documentation_lists_every_tool() -> None:
    text = DOCS.read_text()
    assert [name for name in tools() if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("vitis-2020.2", "vitis-2022.2"),
        ("vitis-2025.1", "vitis-2025.2"),
        ("Vitis_HLS 2023.2", "vitis-2023.2"),
        ("vivado-2018.3", "vivado-2019.1"),
        ("vivado", "vivado-2020.1"),
        ("quartus-21.1", None),
    ],
)
def test_a_release_that_was_not_measured_is_near_one_that_was(asked: str, found: str | None) -> None:
    assert nearest(asked) == found
    with pytest.raises(UsageError) as refused:
        tool(asked)
    assert (found or "known tools") in str(refused.value.hint)
