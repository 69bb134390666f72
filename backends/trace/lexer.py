"""Just enough C++ lexing to rewrite hls4ml's sources: comments, brackets, pragmas.

Everything here works on text without comments, in which a preprocessor directive is one line.
"""

from __future__ import annotations

import re

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_SKIP = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def clean(text: str) -> str:
    """`text` with continued lines joined and comments blanked; the line structure stays otherwise."""

    def blank(match: re.Match[str]) -> str:
        found = match.group()
        if found[0] != "/":
            return found
        return " " + "\n" * found.count("\n")

    return _SKIP.sub(blank, re.sub(r"\\[ \t]*\r?\n", " ", text).replace("\r\n", "\n"))


def masked(text: str) -> str:
    """`text` with blanks in place of comments: every character that stays is where it was."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\r\n]", " ", match.group()) if match.group()[0] == "/" else match.group()

    return _SKIP.sub(blank, text)


def matching(text: str, start: int) -> int:
    """Index of the bracket that closes the one at `start`. Raises ValueError if there is none.

    String literals and preprocessor lines in between are skipped.
    """
    stack: list[str] = []
    at = start
    while at < len(text):
        char = text[at]
        if char in "\"'":
            found = _SKIP.match(text, at)
            if found:
                at = found.end()
                continue
        elif char == "#" and not text[text.rfind("\n", 0, at) + 1 : at].strip():
            at = line_end(text, at)
            continue
        elif char in _CLOSING:
            stack.append(_CLOSING[char])
        elif char in ")]}":
            if not stack or stack.pop() != char:
                raise ValueError(f"unbalanced {char!r}")
            if not stack:
                return at
        at += 1
    raise ValueError(f"{text[start]!r} is never closed")


def line_end(text: str, at: int) -> int:
    """Index of the end of the line that holds `at`."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def split_arguments(text: str) -> list[str]:
    """`a, f<b, c>(d), e` as ["a", "f<b, c>(d)", "e"]; angle brackets count as brackets."""
    parts: list[str] = []
    depth = 0
    part = ""
    for char in text:
        if char in "([{<":
            depth += 1
        elif char in ")]}>":
            depth -= 1
        if char == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += char
    if part.strip():
        parts.append(part.strip())
    return parts


def without_blocks(body: str) -> str:
    """The text of a body (between its braces) that lies in no inner braces."""
    kept: list[str] = []
    at = 0
    while True:
        brace = body.find("{", at)
        if brace < 0:
            return "".join([*kept, body[at:]])
        kept.append(body[at:brace])
        at = matching(body, brace) + 1
