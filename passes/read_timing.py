"""Takes what was measured of tasks in place of what the timing rules estimate; whatever replays the design then uses it.

    flow.task "Conv2D" @conv1(%0) : …   =>   flow.task "Conv2D" @conv1(%0) {known = {source = "measured", ii = 5, latency = 9}} : …

The file is the one that `--timing`, or `set timing`, names: `timing.json`, as `split4ml profile … -o` writes it (docs/profile.md). It
holds a digest of each task's code: what has been changed since keeps its estimate, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.passes import ModulePass

from split4ml.dialects import flow
from split4ml.dialects.flow import integer, symbol
from split4ml.passes.interfaces import Measured, Notes, Tracer


@dataclass(frozen=True)
class ReadTiming(ModulePass):
    """Take II and latency of tasks from the file that --timing names, in place of estimates."""

    name = "read-timing"
    measured: Measured = field(kw_only=True)
    tracer: Tracer = field(kw_only=True)
    notes: Notes = field(kw_only=True)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        from split4ml.passes.timed import Timed
        from split4ml.passes.timing.measured import fitting

        measurements = self.measured.measurements()
        for model in (inner for inner in op.ops if isinstance(inner, flow.ModelOp)):
            timed = Timed(model, self.tracer.trace(model))
            found = fitting(measurements, timed.tool, round(timed.clock_ns * 1000), timed.traces)
            for note in found.notes:
                self.notes.note(note)
            timed.knowing(found.known).check()
            for task in model.tasks:
                if (known := found.known.get(symbol(task))) is not None:
                    assert known.source is not None
                    values = {"source": StringAttr(known.source)}
                    stated = {"ii": known.ii, "latency": known.depth}
                    task.properties["known"] = DictionaryAttr(
                        values | {key: integer(value) for key, value in stated.items() if value is not None}
                    )
