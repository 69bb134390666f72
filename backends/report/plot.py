"""Two axes with round values, and a grid, for pictures of points."""

from __future__ import annotations

from dataclasses import dataclass

from split4ml.backends.report import svg


@dataclass(frozen=True)
class Plot:
    """Where values are drawn: the area between `left` and `right`, `top` and `bottom`, in pixels from the upper left corner.

    across, up: the greatest values along the two axes, which begin at 0.
    """

    left: float
    right: float
    top: float
    bottom: float
    across: float
    up: float

    @classmethod
    def drawn(
        cls,
        root: svg.Element,
        left: float,
        right: float,
        top: float,
        bottom: float,
        *,
        across: float,
        up: float,
        title: str,
        label: str,
    ) -> Plot:
        """Draws axes that reach the values `across` and `up`, a title above, and below what is `across`."""
        columns, rows = svg.ticks(across), svg.ticks(up)
        plot = cls(left, right, top, bottom, columns[-1], rows[-1])
        svg.text(root, left, top - 25, title, font_size="15")
        for value in columns:
            x = plot.x(value)
            svg.add(root, "line", x1=x, y1=top, x2=x, y2=bottom, stroke=svg.LINE)
            svg.text(root, x, bottom + 18, f"{value:,g}", text_anchor="middle", fill=svg.PALE)
        for value in rows:
            y = plot.y(value)
            svg.add(root, "line", x1=left, y1=y, x2=right, y2=y, stroke=svg.LINE)
            svg.text(root, left - 8, y + 4, f"{value:,.0f}", text_anchor="end", fill=svg.PALE)
        svg.text(root, (left + right) / 2, bottom + 42, label, text_anchor="middle")
        return plot

    def x(self, value: float) -> float:
        return self.left + (self.right - self.left) * value / self.across

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.up
