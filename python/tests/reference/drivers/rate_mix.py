"""Rate and mix: did a ratio change within segments, or did the segments change."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ..clock import Period
from ..measure import EntityPeriod
from ..periods import Measured, Quotient
from ..values import divided, scaled
from .growth import scale_of
from .parts import SUPPRESSED, Part
from .products import Factor, nine_places, over, product
from .segments import SEGMENTED, Valued, cells_of, suppressed

NO_DENOMINATOR = "(no denominator)"
HALF = Fraction(1, 2)
EFFECTS = ("rate", "mix")


class Side(NamedTuple):
    """A ratio in one period: its parts, whole and by segment."""

    numerator: Decimal
    denominator: Decimal
    numerators: dict[str, Decimal]
    denominators: dict[str, Decimal]

    @property
    def ratio(self) -> Fraction:
        """The ratio as published, but for its unit."""
        quotient = divided(self.numerator, self.denominator)
        assert quotient is not None
        return Fraction(quotient)

    def weight(self, value: str) -> Fraction:
        """A segment's share of the denominator."""
        share = over(self.denominators.get(value, Decimal(0)), self.denominator)
        return share or Fraction(0)

    def rate(self, value: str) -> Factor:
        """The ratio within a segment."""
        denominator = self.denominators.get(value, Decimal(0))
        return over(self.numerators.get(value, Decimal(0)), denominator)

    @property
    def stray(self) -> Decimal:
        """What is added by numerators of segments that have no denominator."""
        numerators = (n for v, n in self.numerators.items() if self.rate(v) is None)
        return divided(sum(numerators, Decimal(0)), self.denominator) or Decimal(0)


def has_segments(quotient: Quotient) -> bool:
    """Whether both parts count events by period; a stock has no segments."""
    parts = (quotient.numerator, quotient.denominator)
    return all(part.definition.window.kind in SEGMENTED for part in parts)


def rate_mix(
    quotient: Quotient, period: Period, before: Period, segment: str, min_cell: int
) -> list[Part]:
    """The rate within each segment against the mix of segments.

    Each is weighed by the mean of both periods, so no interaction is left over.
    """

    def value_of(row: EntityPeriod) -> str:
        return row.segments[segment]

    then, now = side(quotient, before, value_of), side(quotient, period, value_of)
    hidden = {
        value
        for part in (quotient.numerator, quotient.denominator)
        for at in (period, before)
        for value in suppressed(cells_of(part, at, value_of), min_cell)
    }
    effects: dict[tuple[str, str], Decimal] = {}
    for value in sorted(now.denominators.keys() | then.denominators.keys()):
        shown = SUPPRESSED if value in hidden else value
        for effect, change in zip(EFFECTS, effects_of(value, then, now), strict=True):
            so_far = effects.get((effect, shown), Decimal(0))
            effects[effect, shown] = so_far + change
    unit_scale = quotient.ratio.unit_scale
    parts = [
        Part(f"{effect}: {value}", scaled(change, unit_scale), value, effect)
        for (effect, value), change in effects.items()
    ]
    if then.stray != 0 or now.stray != 0:
        change = scaled(now.stray - then.stray, unit_scale)
        parts.append(Part(NO_DENOMINATOR, change))
    return parts


def effects_of(value: str, then: Side, now: Side) -> tuple[Decimal, Decimal]:
    """What a segment's rate and its weight change, by products at nine places.

    Where a segment has no denominator in one period, its rate is that of the other:
    only its weight has changed.
    """
    rate_then, rate_now = then.rate(value), now.rate(value)
    rate_then = now.rate(value) if rate_then is None else rate_then
    rate_now = then.rate(value) if rate_now is None else rate_now
    if rate_then is None or rate_now is None:
        return (Decimal(0), Decimal(0))
    sides = (then, now)
    own = [
        [product([rate, at.weight(value)]) for at in sides]
        for rate in (rate_then, rate_now)
    ]
    whole = [[product([of.ratio, at.weight(value)]) for at in sides] for of in sides]
    by_rate = own[1][0] + own[1][1] - own[0][0] - own[0][1]
    by_mix = own[0][1] + own[1][1] - own[0][0] - own[1][0]
    by_mix -= whole[0][1] + whole[1][1] - whole[0][0] - whole[1][0]
    return (nine_places(HALF * Fraction(by_rate)), nine_places(HALF * Fraction(by_mix)))


def side(quotient: Quotient, period: Period, value_of: Valued) -> Side:
    """The parts of a ratio in one period, as published."""
    numerator, denominator = quotient.parts(period)
    return Side(
        numerator,
        denominator,
        by_value(quotient.numerator, period, value_of),
        by_value(quotient.denominator, period, value_of),
    )


def by_value(part: Measured, period: Period, value_of: Valued) -> dict[str, Decimal]:
    """A part by segment, in its own unit."""
    return {
        value: scaled(cell.contribution, scale_of(part.definition))
        for value, cell in cells_of(part, period, value_of).items()
        if cell.counting
    }
