"""Why a loop is slower than its reuse factor: said in the words of the kernel that it is of."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from rule_tasks import copies, core_facts, windows

from split4ml.passes.timing.reasons import Reason, reason
from split4ml.passes.timing.rules import timing
from split4ml.passes.timing.tasktrace import TaskTrace

VITIS, VIVADO = "vitis-2023.2", "vivado-2020.1"


def said(task: TaskTrace, tool: str = VITIS) -> Reason:
    found = reason(task, timing(task, tool, 5.0), tool, 5.0)
    assert found is not None
    return found


def test_a_called_core_can_be_inlined() -> None:
    found = said(windows([True] * 10, 1, **core_facts(27, 1)))
    assert "compute_output_buffer" in found.why and "INLINE recursive" in found.cure
    assert found.period is not None


@pytest.mark.parametrize("kind", ["lstm_stack", "gru_stack"])
def test_steps_of_a_recurrent_layer_wait_for_each_other(kind: str) -> None:
    facts: dict[str, Any] = {"constants": MappingProxyType({"n_in": 3.0, "reuse_factor": 4.0})}
    found = said(copies(kind, 10, 0, **facts))
    assert "state" in found.why and "pixel" not in found.why and "Strategy" not in found.cure


@pytest.mark.parametrize(("tool", "reuse"), [(VITIS, 4), (VIVADO, 1)])
def test_a_lower_reuse_factor_is_a_cure_only_if_there_is_one(tool: str, reuse: int) -> None:
    facts = core_facts(16, reuse)
    facts["constants"] = MappingProxyType({**facts["constants"], "mult_config.reuse_factor": float(reuse)})
    found = said(windows([True] * 10, 0, **facts), tool)
    assert "no pipeline" in found.why
    assert ("ReuseFactor" in found.cure) == (reuse > 1) and "Strategy: Latency" in found.cure


def test_nothing_to_say_of_a_loop_as_fast_as_its_reuse_factor() -> None:
    task = copies("relu", 10)
    assert reason(task, timing(task, VITIS, 5.0), VITIS, 5.0) is None
