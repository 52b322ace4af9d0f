"""How a value came about: the steps of the evaluation order, what each left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from northstar.periods import Metric

STEPS = {
    1: "raw rows",
    2: "reject",
    3: "dedupe",
    5: "erasure",
    6: "exclusions",
    7: "consent",
    8: "where",
    9: "void",
    10: "nth",
    11: "window",
    12: "eligibility",
    13: "measure",
    14: "threshold",
    15: "period eligibility",
    16: "total",
}
"""The evaluation order. Steps 2 to 13 leave out events, 14 and 15 entities."""

Definition = Mapping[str, Any]
"""What is computed of a metric, every default written out."""


@dataclass(frozen=True)
class Step:
    """What came into a step and out of it.

    `left_out` counts by reason: events, or in steps 14 and 15 entities. `net_voids` are
    rows that step 9 adds; `voids` the void events themselves, by what became of them.
    """

    number: int
    events_in: int
    events_out: int
    entities_out: int
    left_out: Mapping[str, int]
    net_voids: int = 0
    voids: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the step does, in a word."""
        return STEPS[self.number]


@dataclass(frozen=True)
class Part:
    """A metric, or one part of a ratio: its steps, and what they come to.

    `total` is the entities' contributions before the unit scale; `value` the number
    that is published, or goes into the ratio.
    """

    name: str
    definition: Definition
    steps: Sequence[Step]
    entities: int
    total: Decimal
    value: Decimal


@dataclass(frozen=True)
class Explanation:
    """A value and how it came about. A ratio has two parts, all else has one."""

    metric: Metric
    start: date
    end: date
    status: str
    timezone: str
    ratio_scale: Decimal | None
    parts: Sequence[Part]
    value: Decimal | None
    published: Mapping[str, Decimal | None]
    """`value`, and of a ratio also `numerator` and `denominator`."""

    @property
    def differences(self) -> Mapping[str, tuple[Decimal | None, Decimal | None]]:
        """Where the steps come to another number: theirs, and the published one."""
        found = {"value": self.value}
        if self.ratio_scale is not None:
            found |= {
                "numerator": self.parts[0].value,
                "denominator": self.parts[1].value,
            }
        return {
            name: (explained, self.published[name])
            for name, explained in found.items()
            if not is_same(explained, self.published[name])
        }


@dataclass(frozen=True)
class EventRow:
    """An event of an entity and how far it got; of a stock, an interval of its state.

    `at` is the booking time, `ends_at` only an interval's end. `amount` is what it adds
    to the measure, `running` the measure with it, both before the unit scale.
    """

    at: datetime | None
    ends_at: datetime | None
    occurred_at: datetime | None
    event: str
    event_id: str | None
    source: str | None
    is_void: bool
    value: Decimal | None
    amount: Decimal | None
    running: Decimal
    step: int | None
    reason: str | None
    detail: str | None


@dataclass(frozen=True)
class EntityPart:
    """What one entity adds to a metric, or to one part of a ratio, and its rows."""

    name: str
    rows: Sequence[EventRow]
    measure: Decimal | None
    step: int | None
    reason: str | None
    contribution: Decimal


@dataclass(frozen=True)
class EntityExplanation:
    """One entity in the period. `asked_for` is another id that belongs to it."""

    entity_id: str
    asked_for: str
    parts: Sequence[EntityPart]


def is_same(explained: Decimal | None, published: Decimal | None) -> bool:
    """Equal, up to the digits that an engine's division has."""
    if explained is None or published is None:
        return explained is published
    return abs(explained - published) <= max(
        Decimal("1e-9"), abs(published) * Decimal("1e-14")
    )
