"""What the call of one task means: the definitions it needs, under names that do not depend on where they stand.

Two calls with one meaning have one `TaskCode`, in whatever project and whatever layer they stand, and do the same with their streams.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from split4ml.backends.trace.lexer import clean, line_end, matching
from split4ml.backends.trace.toplevel import TaskCall

_WORD = re.compile(r"[A-Za-z_]\w*")
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_DEFINE = re.compile(r"\s*#\s*define\s+([A-Za-z_]\w*)(\(?)(.*)", re.DOTALL)
_TYPEDEF = re.compile(r"typedef\s.*?([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*;", re.DOTALL)
_ALIAS = re.compile(r"typedef\s+([^;(){}]*?)\s+([A-Za-z_]\w*)\s*;", re.DOTALL)
_USING = re.compile(r"using\s+([A-Za-z_]\w*)\s*=")
_CLASS = re.compile(r"(?:struct|class|enum|union)\s+([A-Za-z_]\w*)\s*(?:<[^{;]*>)?\s*(?::[^{;]*)?[{;]")
_MEMBER = re.compile(r"[^={;(]*?\b([A-Za-z_]\w*)::[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)*[=;]", re.DOTALL)
_FUNCTION = re.compile(r"([A-Za-z_]\w*)\s*\(")
_VARIABLE = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)*[=;{]", re.DOTALL)


@dataclass
class Definitions:
    """Texts of everything that a project defines itself, by name. rest: what is no definition, and may be anything."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)

    def alias(self, name: str) -> str | None:
        """What a typedef stands for; None if `name` is none, or defined twice."""
        items = self.texts.get(name, [])
        found = _ALIAS.fullmatch(items[0].strip()) if len(items) == 1 else None
        return (
            found.group(1)
            if found and found.group(2) == name and name not in _WORD.findall(found.group(1))
            else None
        )

    def add(self, text: str) -> None:
        """The definitions at namespace level of a file. Raises ValueError."""
        for item in _items(clean(text)):
            name = _declared(item)
            if name is not None:
                self.texts.setdefault(name, []).append(item)
            elif item.strip().strip(";") and not item.lstrip().startswith("#"):
                self.rest.append(item)


def _items(text: str) -> Iterable[str]:
    """Statements at namespace level, and macro definitions."""
    head = at = 0
    while at < len(text):
        char = text[at]
        if char == "#" and not text[head:at].strip():
            end = line_end(text, at)
            yield text[at:end]
            head = at = end
        elif char in "([":
            at = matching(text, at) + 1
        elif char == "{":
            header = text[head:at].strip()
            if re.match(r"(inline\s+)?namespace\b|extern\s+\"C\"", header):
                head = at = at + 1
                continue
            at = matching(text, at) + 1
            rest = re.match(r"\s*[\w\s,*&]*;", text[at:])
            if rest and (
                re.match(r"(template\b.*)?(struct|class|enum|union|typedef)\b", header, re.DOTALL)
                or "=" in header
            ):
                at += rest.end()
            yield text[head:at]
            head = at
        elif char == ";":
            yield text[head : at + 1]
            head = at = at + 1
        elif char == "}":
            head = at = at + 1
        else:
            at += 1


def _declared(item: str) -> str | None:
    item = item.strip()
    macro = _DEFINE.match(item)
    if macro:
        return macro.group(1)
    if item.startswith("#"):
        return None
    item = _without_template(item)
    for pattern in (_TYPEDEF, _USING, _CLASS, _MEMBER):
        found = pattern.match(item)
        if found:
            return found.group(1)
    opening = re.search(r"[=({;]", item)
    if opening and opening.group() == "(":
        function = _FUNCTION.search(item)
        return function.group(1) if function else None
    variable = _VARIABLE.search(item)
    return variable.group(1) if variable else None


def _without_template(item: str) -> str:
    while item.startswith("template"):
        start = item.find("<")
        if start < 0:
            return item
        depth = 0
        for at in range(start, len(item)):
            depth += (item[at] == "<") - (item[at] == ">")
            if depth == 0:
                item = item[at + 1 :].strip()
                break
        else:
            return item
    return item


@dataclass(frozen=True)
class TaskCode:
    """text: the call and all it needs, typedefs resolved, other names canonical."""

    text: str


def task_code(call: TaskCall, definitions: Definitions, streams: Mapping[str, str]) -> TaskCode:
    """streams: C++ type of the elements by name. The layer's and the streams' names do not matter."""
    names = {stream: f"stream {number}" for number, stream in enumerate(dict.fromkeys(call.streams))}
    canonical: dict[str, str] = dict(names)
    pending: list[str] = []

    def rename(text: str) -> str:
        def one(found: re.Match[str]) -> str:
            word = found.group()
            meant = definitions.alias(word)
            if meant is not None and word not in canonical:
                return rename(meant)
            if word not in canonical and word in definitions.texts:
                canonical[word] = f"${len(canonical)}"
                pending.append(word)
            return canonical.get(word, word)

        return " ".join(_WORD.sub(one, text).split())

    parts = [rename(_resolved(call))]
    parts += [rename(f"{streams.get(name, '')} {name}") for name in names]
    while pending:
        word = pending.pop(0)
        parts += [rename(item) for item in definitions.texts[word]]
    return TaskCode("\n".join(parts))


def _resolved(call: TaskCall) -> str:
    """The statement with aliases of streams replaced by the streams."""
    return _WORD.sub(lambda found: call.aliases.get(found.group(), found.group()), call.statement)


def words(texts: Sequence[str]) -> set[str]:
    """All identifiers outside of string literals."""
    return {word for text in texts for word in _WORD.findall(_STRING.sub(" ", text))}
