"""The generated test benches: one feeds frames to the instrumented top function, one calls tasks on their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from split4ml.backends.trace.closure import words
from split4ml.backends.trace.sources import Sources
from split4ml.backends.trace.toplevel import IDENTIFIER, Config, TaskCall, Top


def whole_program(sources: Sources, endless: bool = False) -> str:
    """`main.cpp`: includes the top file, so that everything is one translation unit.

    endless: the inputs are zeros, as many as are read, and no file is read. Raises ValueError.
    """
    top, name = sources.parsed, sources.top
    streams = [f'    hls::stream<{kind}> {port}("{port}");' for kind, port in top.ports]
    inputs, outputs = directions(top)
    if not inputs or not outputs:
        raise ValueError(f"{name} has no input stream or no output stream")
    arguments = ", ".join(top.arguments)
    call = [f"{name}({arguments});", *(f"while (!{port}.empty()) {port}.read();" for port in outputs)]
    frames = _zeros(inputs, call) if endless else _frames(inputs, call)
    lines = [
        f'#include "{name}.cpp"',
        '#include "split4ml_harness.h"',
        f"using namespace {top.namespace};" if top.namespace else "",
        "int main(int, char **argv) {",
        "    s4rec::State &state = s4rec::state();",
        *streams,
        *(f"    {declaration}" for declaration in top.locals),
        _prepare(top.tasks, sources),
        *(f"    {line}" for line in frames),
        "    s4rec::Writer out(argv[2]);",
        "    out.recording();",
        *_facts(top.tasks, sources.configs),
        "    return 0;",
        "}",
    ]
    return "\n".join(lines) + "\n"


def task_program(sources: Sources, calls: Sequence[TaskCall]) -> str:
    """`main.cpp` that calls each of the tasks alone, with as many tokens as it reads. Raises ValueError."""
    top = sources.parsed
    lines = [
        top.head,
        "}" * len([part for part in top.namespace.split("::") if part]),
        '#include "split4ml_harness.h"',
        f"using namespace {top.namespace};" if top.namespace else "",
    ]
    used = words([call.statement for call in calls])
    for declaration in top.locals:
        found = re.search(r"([A-Za-z_]\w*)\s*(\[[^\]]*\]\s*)*;$", declaration)
        if found and found.group(1) in used:
            lines.append(declaration)
    for number, call in enumerate(calls):
        streams = list(dict.fromkeys(call.streams))
        lines += [
            f"static void s4_call_{number}() {{",
            *(f'    hls::stream<{top.streams[s]}> {_safe(s)}("{s}");' for s in streams),
            *(f"    auto &{_safe(alias)} = {_safe(stream)};" for alias, stream in call.aliases.items()),
            *(f"    {stream}.endless();" for stream in streams),
            f"    for (s4rec::Task s4_task({number}); s4_task.once();)",
            f'#line {call.line} "{sources.top}.cpp"',  # where the compiler's messages are looked for
            call.statement,
            '#line 1 "tracing"',
            *(f"    {stream}.drop();" for stream in streams),
            "}",
        ]
    lines += [
        "int main(int, char **argv) {",
        "    s4rec::State &state = s4rec::state();",
        _prepare(calls, sources),
        "    state.keep_tokens = false;",
        "    for (; state.frame < s4rec::FRAMES; state.frame++) {",
        *(f"        s4_call_{number}();" for number in range(len(calls))),
        "    }",
        "    s4rec::Writer out(argv[2]);",
        "    out.recording();",
        *_facts(calls, sources.configs),
        "    return 0;",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _prepare(calls: Sequence[TaskCall], sources: Sources) -> str:
    names = ", ".join(f'"{_safe(call.name)}"' for call in calls)
    return f"    s4rec::prepare({{{names}}}, {len(sources.sites.loops)}, {len(sources.sites.functions)});"


def _frames(inputs: list[str], call: list[str]) -> list[str]:
    """The frames of the input file, again and again until there were enough."""
    return [
        "s4rec::Reader in(argv[1]);",
        *(f'in.tokens({port}, "{port}");' for port in inputs),
        "do {",
        "    state.keep_tokens = !state.kept;",
        *(f"    in.offer({port}, {number});" for number, port in enumerate(inputs)),
        f"    while (!{inputs[0]}.empty()) {{",
        f"        const size_t before = {inputs[0]}.size();",
        *(f"        {line}" for line in call),
        f'        if ({inputs[0]}.size() == before) s4rec::fail("idle {inputs[0]}");',
        "        state.frame++;",
        "    }",
        *(f'    if (!{port}.empty()) s4rec::fail("leftover {port}");' for port in inputs),
        "    if (!state.kept) state.kept = state.frame;",
        "} while (state.frame < s4rec::FRAMES);",
    ]


def _zeros(inputs: list[str], call: list[str]) -> list[str]:
    """Frames of zeros; how many tokens a frame has, the top function says by reading them."""
    return [
        *(f"{port}.endless();" for port in inputs),
        "while (state.frame < s4rec::FRAMES) {",
        "    state.keep_tokens = !state.kept;",
        *(f"    {line}" for line in call),
        "    state.kept = 1;",
        "    state.frame++;",
        "}",
    ]


def directions(top: Top) -> tuple[list[str], list[str]]:
    """The ports that are inputs and those that are outputs.

    hls4ml passes the streams a layer reads before the one it writes, and Clone is the only layer with several
    outputs; so a port is an output if some task names it and nothing before it in the call could be written.
    """
    outputs: set[str] = set()
    for task in top.tasks:
        outputs.update(task.streams[1:] if task.kind == "clone_stream" else task.streams[-1:])
    ports = [port for _, port in top.ports]
    return [p for p in ports if p not in outputs], [p for p in ports if p in outputs]


def _facts(calls: Sequence[TaskCall], configs: dict[str, Config]) -> list[str]:
    used: list[str] = []
    pending = [call.config for call in calls if call.config]
    while pending:
        name = pending.pop()
        if name in used:
            continue
        used.append(name)
        pending += [kind for _, kind in configs[name].types if kind in configs]
    integers, reals, types = [], [], []
    for name in sorted(used):
        config = configs[name]
        integers += [(f"{name}.{c}", f"int64_t({name}::{c})") for c in config.integers]
        reals += [(f"{name}.{c}", f"double({name}::{c})") for c in config.reals]
        types += [(f"{name}.{t}", f"{name}::{t}") for t, kind in config.types if kind not in configs]
    others = (argument for call in calls for argument in call.others)
    arrays = sorted({a for a in others if IDENTIFIER.fullmatch(a)})
    return [
        f"    out.number({len(integers)});",
        *(f'    out.integer_fact("{key}", {value});' for key, value in integers),
        f"    out.number({len(reals)});",
        *(f'    out.real_fact("{key}", {value});' for key, value in reals),
        f"    out.number({len(types)});",
        *(f'    out.type_fact<{kind}>("{key}");' for key, kind in types),
        f"    out.number({len(arrays)});",
        *(f'    out.weights("{name}", {name});' for name in arrays),
    ]


def _safe(name: str) -> str:
    if not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no identifier")
    return name
