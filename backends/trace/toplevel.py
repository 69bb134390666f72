"""Reads the top function, the configuration structs and the weight headers that hls4ml wrote.

Only what hls4ml's writer emits is understood (`hls4ml/writer/vivado_writer.py`, write_project_cpp and
write_parameters); anything else is refused by a ValueError that says what was found.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from split4ml.backends.trace.lexer import clean, line_end, matching, split_arguments
from split4ml.backends.trace.stream_pragmas import depth_of, stream_pragmas

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_DROPPED = ("nnet::load_weights", "nnet::load_compressed", "nnet::load_exponent", "nnet::save_layer_output")
_PLAIN_ARGUMENT = re.compile(
    r"(?:const\s+)?(?P<type>[A-Za-z_][\w\s:]*?)\s*&?\s*\b(?P<name>\w+)\s*(?P<array>(?:\[[\w\s*+]+\])*)"
)
_DATAFLOW = re.compile(r"#\s*pragma\s+HLS\s+DATAFLOW\b", re.IGNORECASE)
_AXIS = re.compile(r"#\s*pragma\s+HLS\s+INTERFACE\s+axis\s+port=([\w,]+)", re.IGNORECASE)
_LOADED = re.compile(r"nnet::load_weights_from_txt<\s*([\w:]+)\s*,\s*(\d+)\s*>\s*\(\s*(\w+)")
_STREAM = re.compile(r"hls::stream<(?P<type>.+)>\s*&\s*(?P<name>[A-Za-z_]\w*)", re.DOTALL)


@dataclass(frozen=True)
class TaskCall:
    """One `nnet::kind<types…>(arguments…); // name` of the top function.

    streams: the arguments that are streams, aliases resolved; others: the rest (weights, tables, scalars).
    config: the configuration struct, None if the call has none.
    statement: the call itself, line: where it begins; aliases: other names of streams in it -> streams.
    """

    name: str
    kind: str
    streams: tuple[str, ...]
    others: tuple[str, ...]
    config: str | None
    statement: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    line: int = 1


@dataclass(frozen=True)
class Top:
    """The top function.

    ports: (C++ type, name) of the streams among its arguments, in order; arguments: all names, in order.
    streams: C++ type by name, of the ports and of the streams inside.
    locals: declarations of variables to pass for the arguments that are no streams.
    depths: of the STREAM pragmas; axis: the ports that are AXI4-Streams by an INTERFACE pragma.
    loaded: (C++ type, name, size) of the weights that it loads from text files.
    text: the whole file, tasks marked; head: what stands before the function; rest: its statements that are neither tasks nor streams.
    """

    namespace: str
    ports: tuple[tuple[str, str], ...]
    arguments: tuple[str, ...]
    locals: tuple[str, ...]
    tasks: tuple[TaskCall, ...]
    depths: dict[str, int]
    axis: frozenset[str]
    loaded: tuple[tuple[str, str, int], ...]
    text: str
    head: str = ""
    streams: Mapping[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """A configuration struct. integers and reals: its static constants; types: typedef name -> C++ type."""

    name: str
    integers: tuple[str, ...]
    reals: tuple[str, ...]
    types: tuple[tuple[str, str], ...]


def synthesised(text: str) -> str:
    """`text` with `#ifndef __SYNTHESIS__ … #else … #endif` resolved as the synthesiser does."""
    out: list[str] = []
    open_conditions: list[str] = []  # "" for other conditions, else "keep" or "drop"
    for line in text.split("\n"):
        word = re.match(r"\s*#\s*(ifndef|ifdef|if|else|elif|endif)\b\s*(\w*)", line)
        ours = word is not None and word.group(2) == "__SYNTHESIS__" and word.group(1) in ("ifndef", "ifdef")
        if word is None:
            out.append("" if "drop" in open_conditions else line)
            continue
        if ours:
            open_conditions.append("drop" if word.group(1) == "ifndef" else "keep")
        elif word.group(1).startswith("if"):
            open_conditions.append("")
        elif open_conditions and open_conditions[-1]:
            if word.group(1) == "endif":
                open_conditions.pop()
            else:
                open_conditions[-1] = {"keep": "drop", "drop": "keep"}[open_conditions[-1]]
            out.append("")
            continue
        elif word.group(1) == "endif" and open_conditions:
            open_conditions.pop()
        out.append("" if ours or "drop" in open_conditions else line)
    return "\n".join(out)


def parse_top(text: str, top: str, configs: set[str]) -> Top:
    """The top function named `top` in its file. Raises ValueError."""
    text = re.sub(r"\\[ \t]*\r?\n", " ", text).replace("\r\n", "\n")
    loaded = tuple((kind, name, int(size)) for kind, size, name in _LOADED.findall(clean(text)))
    text = synthesised(text)
    comments = [line.rpartition("//")[2].strip() if "//" in line else "" for line in text.split("\n")]
    text = clean(text)
    found = re.search(rf"\bvoid\s+{re.escape(top)}\s*\(", text)
    if found is None:
        raise ValueError(f"there is no function `void {top}(…)`")
    closing = matching(text, found.end() - 1)
    ports, arguments, declared = _arguments(split_arguments(text[found.end() : closing]), top)
    opening = text.index("{", closing)
    end = matching(text, opening)
    names = {name: name for _, name in ports}
    streams = {name: kind for kind, name in ports}
    body, tasks, rest = _mark_tasks(text, opening + 1, end, names, streams, comments, configs)
    if len(tasks) > 1 and _DATAFLOW.search(text, opening, end) is None:
        raise ValueError(
            f"{top} has no DATAFLOW pragma: HLS runs its {len(tasks)} tasks one after the other, and no FIFO between them matters"
        )
    namespaces = re.findall(r"\bnamespace\s+([A-Za-z_]\w*)\s*\{", text[: found.start()])
    return Top(
        namespace="::".join(namespaces),
        ports=ports,
        arguments=arguments,
        locals=declared,
        tasks=tuple(tasks),
        depths=_depths(text, opening, end),
        axis=frozenset(name for names in _AXIS.findall(text, opening, end) for name in names.split(",")),
        loaded=loaded,
        text=text[: opening + 1] + body + text[end:],
        head=text[: _statement_start(text, found.start())],
        streams=streams,
        rest=rest,
    )


def _depths(text: str, at: int, end: int) -> dict[str, int]:
    stated = ((pragma.variable, depth_of(pragma)) for pragma in stream_pragmas(text, at, end))
    return {name: depth for name, depth in stated if depth is not None}


def _statement_start(text: str, at: int) -> int:
    """Where the statement begins that holds `at`: attributes may stand before a function's type."""
    start = max(text.rfind(char, 0, at) for char in ";{}") + 1
    lines = list(re.finditer(r"^[ \t]*#[^\n]*\n", text[:at], re.MULTILINE))
    return max(start, lines[-1].end() if lines else 0)


def _arguments(
    texts: list[str], top: str
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]:
    """Streams, names of all arguments, and declarations for those that are no streams: sizes that hls4ml 0.5 returned,
    and weights in external memory.
    """
    ports, names, declared = [], [], []
    for text in texts:
        stream = _STREAM.fullmatch(text)
        plain = _PLAIN_ARGUMENT.fullmatch(text)
        if stream is not None:
            ports.append((stream["type"].strip(), stream["name"]))
            names.append(stream["name"])
        elif plain is not None:
            names.append(plain["name"])
            declared.append(f"static {plain['type']} {plain['name']}{plain['array']};")
        else:
            raise ValueError(f"argument {' '.join(text.split())!r} of {top} is no stream")
    if not ports:
        raise ValueError(
            f"no argument of {top} is a stream, as with io_parallel: there are no FIFOs, and nothing to size"
        )
    return tuple(ports), tuple(names), tuple(declared)


def _mark_tasks(
    text: str,
    at: int,
    end: int,
    names: dict[str, str],
    streams: dict[str, str],
    comments: list[str],
    configs: set[str],
) -> tuple[str, list[TaskCall], tuple[str, ...]]:
    """The body with its tasks marked, the tasks, and the statements that are neither tasks nor streams.

    names: streams and their aliases -> streams; streams: their types. Both grow.
    """
    out: list[str] = []
    rest: list[str] = []
    tasks: list[TaskCall] = []
    taken: set[str] = set()
    while at < end:
        if text[at].isspace():
            out.append(text[at])
            at += 1
            continue
        if text[at] == "#":
            at = line_end(text, at)
            continue
        stop = at
        while text[stop] not in ";{}":
            stop = matching(text, stop) if text[stop] in "([" else stop
            stop += 1
        if text[stop] == "{":
            stop = matching(text, stop)
        statement = text[at : stop + 1]
        at = stop + 1
        if statement.startswith(_DROPPED):
            continue
        declared = re.match(r"hls::stream<(.+)>\s*([A-Za-z_]\w*)\s*[({;]", statement, re.DOTALL)
        alias = re.match(r"(?:const\s+)?auto\s*&\s*([A-Za-z_]\w*)\s*=\s*([A-Za-z_]\w*)\s*;", statement)
        if declared:
            names[declared.group(2)] = declared.group(2)
            streams[declared.group(2)] = declared.group(1).strip()
        elif alias:
            names[alias.group(1)] = names.get(alias.group(2), alias.group(2))
        elif statement.startswith("nnet::"):
            comment = comments[text.count("\n", 0, stop)]
            line = 1 + text.count("\n", 0, stop - len(statement) + 1)
            task = replace(_task(statement, comment, names, configs, taken), line=line)
            out.append(f"for (s4rec::Task s4_task({len(tasks)}); s4_task.once();) ")
            tasks.append(task)
        else:
            rest.append(statement)
        out.append(statement)
    return "".join(out), tasks, tuple(s for s in rest if s.strip(" ;"))


def _task(
    statement: str, comment: str, names: dict[str, str], configs: set[str], taken: set[str]
) -> TaskCall:
    opening = statement.index("(")
    called = statement[len("nnet::") : opening]
    kind, _, template = called.partition("<")
    arguments = split_arguments(statement[opening + 1 : matching(statement, opening)])
    streams = tuple(names[a] for a in arguments if a in names)
    types = split_arguments(template.rstrip().removesuffix(">"))
    name = comment if IDENTIFIER.fullmatch(comment) else (streams[-1] if streams else kind.strip())
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    taken.add(unique)
    return TaskCall(
        name=unique,
        kind=kind.strip(),
        streams=streams,
        others=tuple(a for a in arguments if a not in names),
        config=next((t for t in reversed(types) if t in configs), None),
        statement=statement,
        aliases={a: names[a] for a in arguments if names.get(a, a) != a},
    )


def parse_configs(text: str) -> dict[str, Config]:
    """The configuration structs of parameters.h."""
    text = clean(text)
    configs: dict[str, Config] = {}
    for found in re.finditer(r"\bstruct\s+([A-Za-z_]\w*)\s*(?::[^{;]*)?\{", text):
        body = text[found.end() : matching(text, found.end() - 1)]
        constants = re.findall(r"static\s+const(?:expr)?\s+([\w:]+)\s+([A-Za-z_]\w*)\s*=", body)
        configs[found.group(1)] = Config(
            name=found.group(1),
            integers=tuple(name for kind, name in constants if kind not in ("float", "double")),
            reals=tuple(name for kind, name in constants if kind in ("float", "double")),
            types=tuple(
                (name, " ".join(kind.split()))
                for kind, name in re.findall(r"typedef\s+([^;]+?)\s+([A-Za-z_]\w*)\s*;", body)
            ),
        )
    return configs


@dataclass(frozen=True)
class WeightHeader:
    """A header whose arrays are filled when the program starts: thousands of constructor calls compile very slowly.

    text: the header; values: what to leave beside it, by file name.
    """

    text: str
    values: Mapping[str, bytes]


def weight_header(text: str) -> WeightHeader:
    text = re.sub(r"(?<![\w.])-?(?:nan|inf)\b", "0", clean(synthesised(text)))
    values: dict[str, bytes] = {}

    def rewrite(found: re.Match[str]) -> str:
        kind, name, size, listed = found.groups()
        if any(char in listed for char in "{\"'("):
            return found.group()
        try:
            numbers = [float(value) for value in listed.split(",") if value.strip()]
        except ValueError:
            return found.group()
        values[f"{name}.f64"] = array("d", numbers).tobytes()
        return (
            f"{kind} {name}[{size}];\n"
            f'static const bool s4_filled_{name} = s4rec::fill({name}, "weights/{name}.f64");\n'
        )

    pattern = (
        r"^[ \t]*((?!const\b|static\b|extern\b)[\w:]+(?:<[^<>;=]*>)?)\s+(\w+)\[(\d+)\]\s*=\s*\{(.*?)\}\s*;"
    )
    rewritten = re.sub(pattern, rewrite, text, flags=re.MULTILINE | re.DOTALL)
    return WeightHeader('#include "split4ml_harness.h"\n' + rewritten, values)
