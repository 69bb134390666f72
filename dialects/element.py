"""Element types in IR text: `fixed<16,6,RND,SAT>` and the like, printed bare and checked where they stand."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.parser import AttrParser

from split4ml.dialects.precision import Precision


def parse_element(parser: AttrParser) -> StringAttr:
    """The type as a string attribute in its normal form. A parse error points at the text."""
    start = parser.pos
    text = parser.parse_identifier(" of an element type such as fixed<16,6>")
    text += parser.parse_punctuation("<")
    parts: list[str] = []
    while True:
        number = parser.parse_optional_integer(allow_boolean=False)
        parts.append(str(number) if number is not None else parser.parse_identifier())
        if parser.parse_optional_punctuation(",") is None:
            break
    text += ",".join(parts) + parser.parse_punctuation(">")
    try:
        return StringAttr(str(Precision.parse(text)))
    except ValueError as error:
        parser.raise_error(str(error), start, parser.pos)
