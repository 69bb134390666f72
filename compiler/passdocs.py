"""Writes docs/passes.md from the table of passes: `python -m split4ml.compiler.passdocs > docs/passes.md`."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import sys
from collections.abc import Iterator, Sequence

from split4ml.compiler.passtable import PASSES, PassEntry
from split4ml.compiler.pipeline.convert import describe
from split4ml.compiler.pipeline.options import OptionInfo, options_of
from split4ml.compiler.pipeline.syntax import Option

HEAD = """\
# Passes

Made by `make docs` from `compiler/passtable.py` and the passes' docstrings; do not edit. How passes are put together is in
[pipelines.md](pipelines.md).
"""


def document(table: Sequence[PassEntry] = tuple(PASSES.values())) -> str:
    """The whole page."""
    lines = [HEAD]
    lines += ["| pass | works on | does |", "| --- | --- | --- |"]
    lines += [f"| [`{entry.name}`](#{entry.name}) | `{entry.dialect}` | {entry.summary} |" for entry in table]
    for entry in table:
        lines += ["", *_section(entry)]
    return "\n".join(lines) + "\n"


def _section(entry: PassEntry) -> Iterator[str]:
    cls = entry.loader()
    infos = options_of(cls, entry.services)
    purpose, meanings = split_docstring(inspect.cleandoc(cls.__doc__ or ""), infos)
    yield f"## {entry.name}"
    yield ""
    yield purpose
    yield ""
    yield "```text"
    yield inspect.cleandoc(sys.modules[cls.__module__].__doc__ or "")
    yield "```"
    if infos:
        yield ""
        yield "| option | type | default | |"
        yield "| --- | --- | --- | --- |"
        for info in infos:
            kind = describe(info.type).replace("|", "\\|")
            yield f"| `{info.name}` | {kind} | {_default(info)} | {meanings.get(info.attribute, '')} |"


def _default(info: OptionInfo) -> str:
    if info.default is dataclasses.MISSING:
        return "required"
    if info.default in (None, ()):
        return "–"
    option = Option.of(info.name, info.default)
    return "`true`" if option.values is None else f"`{','.join(map(str, option.values))}`"


def split_docstring(text: str, infos: Sequence[OptionInfo]) -> tuple[str, dict[str, str]]:
    """What the pass does, and what each option means. Options are told of as `name: …` or `name, name: …`."""
    names = "|".join(re.escape(info.attribute) for info in infos)
    text = " ".join(text.split())
    if not names:
        return text, {}
    pattern = re.compile(rf"(?:^|(?<=\s))((?:{names})(?:, (?:{names}))*): ")
    found = list(pattern.finditer(text))
    meanings: dict[str, str] = {}
    for match, following in itertools.zip_longest(found, found[1:]):
        meaning = text[match.end() : following.start() if following else None].strip()
        for name in match[1].split(", "):
            meanings[name] = meaning
    return text[: found[0].start() if found else None].strip(), meanings


if __name__ == "__main__":
    sys.stdout.write(document())
