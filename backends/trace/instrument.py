"""Rewrites an hls4ml header so that running it records its control structure.

    ReadWidth:                                     ReadWidth:
    for (int i = 0; i < n; i++) {                  for (s4rec::Loop s4_loop(7); s4_loop.once();)
        #pragma HLS PIPELINE II=CONFIG_T::rf          for (int i = 0; i < n; i++) if (!s4_loop.next()) ; else {
        …                                                s4_loop.pipeline(CONFIG_T::rf);
    }                                                    …

What a scheduler would unroll is left alone: loops with a full UNROLL, and loops inside an unconditional
PIPELINE. So the innermost multiply loops run at full speed. Functions get a scope object if they touch
streams, are pipelined or are kept as a module (`INLINE OFF`). constexpr functions and constructors are left alone. Cores
that multiply by weights run once a frame when nobody looks at the values (`s4rec::Core`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from split4ml.backends.trace.lexer import clean, line_end, matching, without_blocks

_PRAGMA = re.compile(r"[ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+(\w+)([^\n]*)", re.IGNORECASE)
_LABEL = re.compile(r"([A-Za-z_]\w*)\s*:\s*$")
_WORD = re.compile(r"[A-Za-z_]\w*")
_CORE = re.compile(r"dense|depthwise_product")
"""Functions that multiply by weights: their control is the same in every call."""

_SCOPES = ("namespace", "struct", "class", "enum", "union", "extern")
_NO_FUNCTION = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype"}


@dataclass(frozen=True)
class LoopSite:
    """A `for` in the source: where it is, and its label (empty if it has none)."""

    file: str
    function: str
    label: str


@dataclass(frozen=True)
class FunctionSite:
    """A function in the source. `inline`: "", "on", "recursive" or "off"."""

    file: str
    name: str
    inline: str
    dataflow: bool = False


@dataclass
class Sites:
    """Everything instrumented so far; the index of a site is its number in the recording."""

    loops: list[LoopSite] = field(default_factory=list)
    functions: list[FunctionSite] = field(default_factory=list)


def instrument(text: str, file: str, sites: Sites) -> str:
    """The instrumented form of one header; new sites are appended to `sites`. Raises ValueError."""
    return _outside(clean(text), file, sites)


def initiation_interval(options: str) -> str | None:
    """The II of a PIPELINE pragma as a C++ expression ("1" if it names none); None: pipelining is off."""
    if re.search(r"\boff\b", options, re.IGNORECASE):
        return None
    found = re.search(r"\bII\s*=\s*(\S+)", options)
    return found.group(1) if found else "1"


def _outside(text: str, file: str, sites: Sites) -> str:
    """Text at namespace or class level: finds function bodies."""
    out: list[str] = []
    head = at = 0
    while at < len(text):
        char = text[at]
        if char == "#":
            end = line_end(text, at)
            out.append(text[at:end])
            head = at = end
            continue
        if char == "(":
            end = matching(text, at) + 1
            out.append(text[at:end])
            at = end
            continue
        if char == "{":
            end = matching(text, at)
            header, body = text[head:at].strip(), text[at + 1 : end]
            name = _function_name(header)
            if name is not None:
                body = _function(header, name, body, file, sites)
            elif _opens_scope(header):
                body = _outside(body, file, sites)
            out.append("{" + body + "}")
            head = at = end + 1
            continue
        if char in ";}":
            head = at + 1
        out.append(char)
        at += 1
    return "".join(out)


def _without_template(header: str) -> str:
    header = header.strip()
    while header.startswith("template"):
        depth = 0
        for at in range(header.index("<"), len(header)):
            depth += (header[at] == "<") - (header[at] == ">")
            if depth == 0:
                header = header[at + 1 :].strip()
                break
        else:
            return header
    return header


def _opens_scope(header: str) -> bool:
    word = _WORD.match(re.sub(r"^(public|private|protected)\s*:\s*", "", _without_template(header)))
    return not header or (word is not None and word.group() in _SCOPES)


def _function_name(header: str) -> str | None:
    """The name of the function whose body follows `header`; None for anything else."""
    header = re.sub(r"^(?:(?:public|private|protected)\s*:\s*)+", "", header.strip())
    plain = _without_template(header)
    if not plain or plain.split()[0] in _SCOPES or "constexpr" in plain.split() or plain.endswith("="):
        return None
    depth = 0
    for at, char in enumerate(plain):
        if char == "<":
            depth += 1
        elif char == ">" and plain[at - 1] != "-":
            depth -= 1
        elif char == "(" and depth == 0:
            found = re.search(r"([A-Za-z_]\w*)\s*$", plain[:at])
            if found is None or found.group(1) in _NO_FUNCTION:
                return None
            rest = plain[matching(plain, at) + 1 :].strip()
            initialisers = rest.startswith(":") or not plain[: found.start()].strip()
            return None if initialisers else found.group(1)
    return None


def _function(header: str, name: str, body: str, file: str, sites: Sites) -> str:
    inline, interval, dataflow = "", None, False
    for pragma in _PRAGMA.finditer(without_blocks(body)):
        kind, options = pragma.group(1).upper(), pragma.group(2)
        if kind == "INLINE":
            word = options.strip().lower()
            inline = inline or {"off": "off", "recursive": "recursive"}.get(word, "on")
        elif kind == "PIPELINE":
            interval = initiation_interval(options)
        elif kind == "DATAFLOW":
            dataflow = True
    rewritten = _statements(body, name, file, sites, owner=None, frozen=interval is not None)
    touches = "hls::stream" in header
    scope = ""
    if touches or interval is not None or inline == "off":
        sites.functions.append(FunctionSite(file, name, inline, dataflow))
        scope = f" s4rec::Function s4_function({len(sites.functions) - 1});"
        if interval is not None:
            scope += f" s4_function.pipeline({interval});"
    if not touches and _CORE.match(name) and re.search(r"\bvoid\b", header) and "weight" in header:
        scope += " static s4rec::Core s4_core; if (s4_core.again()) return; s4rec::Call s4_call(s4_core);"
    return scope + rewritten


def _statements(body: str, function: str, file: str, sites: Sites, owner: str | None, frozen: bool) -> str:
    """A function body or a part of it. `owner`: the scope object that a PIPELINE in it belongs to;
    frozen: all of it is unrolled into an enclosing pipeline, so nothing is instrumented.
    """
    out: list[str] = []
    at = 0
    while at < len(body):
        char = body[at]
        if char in "\"'":
            end = at + 1
            while end < len(body) and body[end] != char:
                end += 2 if body[end] == "\\" else 1
            out.append(body[at : end + 1])
            at = end + 1
        elif char == "#":
            end = line_end(body, at)
            out.append(_directive(body[at:end], owner, frozen))
            at = end
        elif char.isalpha() or char == "_":
            word = _WORD.match(body, at)
            assert word is not None
            if word.group() == "for" and not frozen:
                text, at = _loop(body, at, function, file, sites, owner)
                out.append(text)
            else:
                out.append(word.group())
                at = word.end()
        elif char.isdigit():
            number = re.compile(r"[\w.]+").match(body, at)
            assert number is not None
            out.append(number.group())
            at = number.end()
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _directive(line: str, owner: str | None, frozen: bool) -> str:
    pragma = _PRAGMA.match(line)
    if pragma is None:
        return line
    if pragma.group(1).upper() == "PIPELINE" and owner is not None and not frozen:
        interval = initiation_interval(pragma.group(2))
        return f"{owner}.pipeline({interval});" if interval is not None else ""
    return ""


def _loop(body: str, at: int, function: str, file: str, sites: Sites, owner: str | None) -> tuple[str, int]:
    """The instrumented loop that starts at `at`, and the index behind it."""
    opening = body.index("(", at)
    closing = matching(body, opening)
    header = body[opening : closing + 1]
    start = closing + 1
    while body[start].isspace():
        start += 1
    braces = body[start] == "{"
    end = matching(body, start) if braces else _simple_statement_end(body, start)
    inner = body[start + 1 : end] if braces else body[start : end + 1]
    direct = without_blocks(inner) if braces else ""
    pragmas = {p.group(1).upper(): p.group(2).strip() for p in _PRAGMA.finditer(direct)}
    if pragmas.get("UNROLL") == "":
        text = _statements(inner, function, file, sites, owner, frozen=False)
        return f"for {header} " + ("{" + text + "}" if braces else text), end + 1
    label = _LABEL.search(body[:at])
    number = len(sites.loops)
    sites.loops.append(LoopSite(file, function, label.group(1) if label else ""))
    interval = initiation_interval(pragmas["PIPELINE"]) if "PIPELINE" in pragmas else None
    prefix = f"s4_loop.pipeline({interval});" if interval is not None else ""
    text = _statements(inner, function, file, sites, "s4_loop", frozen=interval is not None)
    counted = f"for (s4rec::Loop s4_loop({number}); s4_loop.once();) for {header} if (!s4_loop.next()) ; "
    return counted + f"else {{{prefix}{text}}}", end + 1


def _simple_statement_end(body: str, start: int) -> int:
    """Index of the last character of the brace-less statement at `start`."""
    at = start
    while at < len(body):
        if body[at] in "({[":
            closing = matching(body, at)
            if body[at] == "{":
                return closing
            at = closing
        elif body[at] == ";":
            return at
        at += 1
    raise ValueError("a loop has no body")
