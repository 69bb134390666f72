"""A fitted law: one figure of one kind of layer, as a sum of coefficients times terms, with a range around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from split4ml.passes.cost.shape import NO_DATA, Range
from split4ml.passes.cost.terms import Terms

GRAIN = 50
"""LUTs or registers that are neither here nor there: residuals are of `figure + GRAIN`, so that ranges of very small layers
are not narrower than that."""


@dataclass(frozen=True)
class Law:
    """coefficients: by term. low, high: (figure + GRAIN) / (fit + GRAIN) at the ends of the range.

    rows, sources: what it was fitted to: modules of published reports, in so many repositories; none if `structural`,
    which counts gates and was compared with nothing.
    """

    coefficients: Mapping[str, float]
    low: float
    high: float
    rows: int = 0
    sources: int = 0

    def fit(self, terms: Terms) -> float:
        """The estimate itself."""
        return sum(value * terms.get(term, 0) for term, value in self.coefficients.items())

    def __call__(self, terms: Terms) -> Range:
        """Raises ValueError for terms so large that no circuit is meant."""
        estimate = self.fit(terms)
        if not estimate < 1e12:
            raise ValueError(f"an estimate of {estimate:g} LUTs or registers")
        low = max(0, (estimate + GRAIN) * self.low - GRAIN)
        return Range(
            min(low, estimate), estimate, max(estimate, (estimate + GRAIN) * self.high - GRAIN)
        ).whole()

    def source(self, name: str) -> str:
        """For reports: `law unrolled, 12 sources`."""
        if not self.rows:
            return NO_DATA
        return f"law {name}, {self.sources} {'source' if self.sources == 1 else 'sources'}"
