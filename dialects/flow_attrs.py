"""Types and attributes of the `flow` dialect."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import IntAttr, StringAttr
from xdsl.ir import Attribute, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import base, irdl_attr_definition, param_def
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from split4ml.dialects.element import parse_element
from split4ml.dialects.ports import bus_bits
from split4ml.dialects.precision import Precision


@irdl_attr_definition
class StreamType(ParametrizedAttribute, TypeAttribute):
    """`!flow.stream<1024 x 3 x fixed<16,6>>`: tokens a frame, elements a token, element type."""

    name = "flow.stream"
    tokens: IntAttr = param_def()
    elements: IntAttr = param_def()
    element: StringAttr = param_def(base(StringAttr))

    @staticmethod
    def of(tokens: int, elements: int, precision: Precision) -> StreamType:
        return StreamType(IntAttr(tokens), IntAttr(elements), StringAttr(str(precision)))

    @property
    def precision(self) -> Precision:
        return Precision.parse(self.element.data)

    @property
    def width_bits(self) -> int:
        """Bits of one token as a FIFO inside a subgraph holds it."""
        return self.elements.data * self.precision.width

    @property
    def bus_bits(self) -> int:
        """Bits of one beat on a port of a subgraph."""
        return bus_bits(self.elements.data, self.precision.width)

    @property
    def bits_per_frame(self) -> int:
        return self.tokens.data * self.width_bits

    def verify(self) -> None:
        if self.tokens.data < 1:
            raise VerifyException(f"A stream carries at least one token a frame, not {self.tokens.data}.")
        if self.elements.data < 1:
            raise VerifyException(f"A token has at least one element, not {self.elements.data}.")
        try:
            Precision.parse(self.element.data)
        except ValueError as error:
            raise VerifyException(f"{error}.") from None

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            tokens = parser.parse_shape_dimension(allow_dynamic=False)
            parser.parse_shape_delimiter()
            elements = parser.parse_shape_dimension(allow_dynamic=False)
            parser.parse_shape_delimiter()
            return (IntAttr(tokens), IntAttr(elements), parse_element(parser))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.tokens.data} x {self.elements.data} x {self.element.data}>")


COST_FIELDS = ("lut", "ff", "dsp", "bram18", "uram", "synth_ms", "synth_mb")
"""What a task costs: resources, milliseconds of HLS synthesis, and the megabytes of memory it adds to that of its project."""
OPTIONAL_COSTS = frozenset({"uram", "synth_mb"})
"""Not written where they are 0."""


def _figure(parser: AttrParser, field: str) -> int:
    value = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
    if value is None:
        parser.raise_error(
            f"The figures of {field} are whole numbers and not negative, such as {field} 90:120:400."
        )
    return value


@irdl_attr_definition
class CostAttr(ParametrizedAttribute):
    """`#flow.cost<hls, lut 90:120:400, …, "source">`: low, estimate and high of every field, and their scale.

    scale: `hls` (as the HLS report estimates) or `synthesis` (after logic synthesis).
    """

    name = "flow.cost"
    scale: StringAttr = param_def(base(StringAttr))
    values: StringAttr = param_def(base(StringAttr))
    source: StringAttr = param_def(base(StringAttr))

    @staticmethod
    def of(scale: str, ranges: dict[str, tuple[int, int, int]], source: str) -> CostAttr:
        text = ", ".join(
            f"{name} {low}:{mid}:{high}"
            for name in COST_FIELDS
            for low, mid, high in (ranges.get(name, (0, 0, 0)),)
            if high or name not in OPTIONAL_COSTS
        )
        return CostAttr(StringAttr(scale), StringAttr(text), StringAttr(source))

    @property
    def ranges(self) -> dict[str, tuple[int, int, int]]:
        """(low, estimate, high) by field, all of COST_FIELDS."""
        result = self._written()
        return {name: result.get(name, (0, 0, 0)) for name in COST_FIELDS}

    def _written(self) -> dict[str, tuple[int, int, int]]:
        result: dict[str, tuple[int, int, int]] = {}
        for part in self.values.data.split(", "):
            name, numbers = part.split(" ")
            low, mid, high = (int(number) for number in numbers.split(":"))
            result[name] = (low, mid, high)
        return result

    def estimate(self, field: str) -> int:
        return self.ranges[field][1]

    def verify(self) -> None:
        if self.scale.data not in ("hls", "synthesis"):
            raise VerifyException(f"A cost is on the scale hls or synthesis, not {self.scale.data!r}.")
        try:
            ranges = self._written()
        except ValueError:
            raise VerifyException(f"A cost lists fields as `lut 1:2:3`, not {self.values.data!r}.") from None
        expected = tuple(name for name in COST_FIELDS if name in ranges or name not in OPTIONAL_COSTS)
        if tuple(ranges) != expected or self.values.data.count(", ") + 1 != len(ranges):
            raise VerifyException(f"A cost has the fields {', '.join(COST_FIELDS)}, in this order.")
        for name, (low, mid, high) in ranges.items():
            if not 0 <= low <= mid <= high:
                raise VerifyException(f"The cost {name} {low}:{mid}:{high} is no range around an estimate.")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            scale = parser.parse_identifier()
            parts = []
            parser.parse_punctuation(",")
            while (source := parser.parse_optional_str_literal()) is None:
                field = parser.parse_identifier()
                numbers = [_figure(parser, field)]
                for _ in range(2):
                    parser.parse_punctuation(":")
                    numbers.append(_figure(parser, field))
                parts.append(f"{field} " + ":".join(map(str, numbers)))
                parser.parse_punctuation(",")
            return (StringAttr(scale), StringAttr(", ".join(parts)), StringAttr(source))

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"<{self.scale.data}, {self.values.data}, ")
        printer.print_string_literal(self.source.data)
        printer.print_string(">")
