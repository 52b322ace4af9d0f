"""The parts of a change, which add up to it exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ..values import rounded

SUPPRESSED = "(suppressed)"
"""Stands for all the segments that are too small to be shown."""


class Part(NamedTuple):
    """One component of a change."""

    component: str
    contribution: Decimal
    segment_value: str | None = None
    effect: str | None = None


def balanced(parts: list[Part], change: Decimal) -> list[Part]:
    """What rounding has left over goes to the largest part, of equals to the first."""
    if not parts:
        return parts
    left = change - sum((part.contribution for part in parts), Decimal(0))
    largest = min(parts, key=lambda part: (-abs(part.contribution), part.component))
    return [
        part._replace(contribution=rounded(part.contribution + left))
        if part is largest
        else part
        for part in parts
    ]
