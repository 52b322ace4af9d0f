"""Rates with their intervals, medians, and quantiles of durations that may go on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from ..values import Value, divided, rounded

Z = 1.959963985
"""The 97.5th percentile of the normal distribution: intervals of 95 %."""

SIX_PLACES = Decimal("0.000001")
TOLERANCE = Fraction(1, 10**9)
TWO_DAYS = 2 * 86400

Bounds = tuple[Decimal | None, Decimal | None]


def share(part: int, whole: int) -> Decimal | None:
    """A rate of counts, at nine places."""
    return divided(Decimal(part), Decimal(whole))


def wilson(successes: int, trials: int) -> Bounds:
    """The Wilson score interval, in doubles, rounded to six places.

    Source: Wilson, Probable Inference, JASA 22 (1927).
    """
    if trials == 0:
        return (None, None)
    k, n = float(successes), float(trials)
    half = Z * math.sqrt(k * (n - k) / n + Z * Z / 4)
    middle, width = k + Z * Z / 2, n + Z * Z
    return (_six_places((middle - half) / width), _six_places((middle + half) / width))


def rate_columns(
    successes: int, trials: int, rate: str, prefix: str = "rate"
) -> dict[str, Value]:
    """A rate under its name, and its interval."""
    lower, upper = wilson(successes, trials)
    return {
        rate: share(successes, trials),
        f"{prefix}_lower": lower,
        f"{prefix}_upper": upper,
    }


def named_rate(name: str, successes: int, trials: int) -> dict[str, Value]:
    """A rate and its interval, where a row has several rates."""
    return rate_columns(successes, trials, name, name)


def median(values: Iterable[Decimal]) -> Decimal | None:
    """The middle value; of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    if not ordered:
        return None
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return divided(low + high, Decimal(2))


class Duration(NamedTuple):
    """Whole seconds until something happened, or until we stopped looking."""

    seconds: int
    is_observed: bool


def whole_seconds(start: datetime, end: datetime) -> int:
    """The whole seconds from one instant to another, rounded down."""
    return (end - start) // timedelta(seconds=1)


def followed(start: datetime, end: datetime | None, until: datetime) -> Duration | None:
    """A duration that is followed `until` some instant; none if that is before it.

    What happens in the very second of `until` was seen.
    """
    follow_up = whole_seconds(start, until)
    if follow_up < 0:
        return None
    if end is None or whole_seconds(start, end) > follow_up:
        return Duration(follow_up, is_observed=False)
    return Duration(whole_seconds(start, end), is_observed=True)


def survival(durations: Sequence[Duration]) -> list[tuple[int, Fraction]]:
    """Kaplan and Meier's curve: the share still waiting, after each time of an event.

    At one time events come before those of whom we lost sight. Source: Kaplan, Meier:
    Nonparametric Estimation from Incomplete Observations, JASA 53 (1958).
    """
    events = Counter(d.seconds for d in durations if d.is_observed)
    curve = []
    waiting = Fraction(1)
    for seconds in sorted(events):
        at_risk = sum(duration.seconds >= seconds for duration in durations)
        waiting *= 1 - Fraction(events[seconds], at_risk)
        curve.append((seconds, waiting))
    return curve


def days_until(reached: Fraction, durations: Sequence[Duration]) -> Decimal | None:
    """The days after which this share has got there, or nothing if it never did.

    Where the curve runs level at that share it is the middle of the level part, so
    that without censoring this is the usual quantile.
    """
    curve = survival(durations)
    level = 1 - reached
    first = next((t for t, waiting in curve if waiting <= level + TOLERANCE), None)
    if first is None:
        return None
    past = next((t for t, waiting in curve if waiting < level - TOLERANCE), first)
    return divided(Decimal(first + past), Decimal(TWO_DAYS))


def _six_places(number: float) -> Decimal:
    return rounded(Decimal(number).quantize(SIX_PLACES, rounding=ROUND_HALF_UP))
