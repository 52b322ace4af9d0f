"""An independent reading of the contract: brute force, in the order of its steps.

`evaluate` takes the mapping under `vars: northstar:` and the raw tables, and gives the
rows of the marts. It shares nothing with the SQL of the package, so that where the two
agree on a company that nobody has thought of, both are probably right.
"""

# Readings
#
# Where the contract leaves a choice, this is the choice, as a rule of the product.
#
# Ids and rows
#  1. An id column is `event_id`, `user_id`, `anonymous_id`, `account_id` and whatever
#     column a declared entity is identified by. The empty string there is null, for
#     every purpose: `where`, keys, distinct counts, the row hash. In any other column
#     the empty string is a value (segments apart, which skip it).
#  2. The row hash writes an instant as 2024-01-31T09:00:00.000000Z, a date attribute as
#     2024-01-31, any numeric attribute as decimal(38, 9).
#  3. A source that names rows without id by their hash shows that hash as `event_id`.
#  4. A row with neither time has a null day in the ledger.
#  5. Where `loaded_at` is not mapped, `future` is judged against the run's start.
#
# People
#  6. An exclusion or consent for an anonymous id holds for its owner everywhere, and
#     for anyone's rows on that device. One for a user id holds for the person alone,
#     also where another person's row carries the same text as an anonymous id.
#  7. An erasure holds for the person, never for another known user on the device.
#  8. A record for an account holds for the rows that name it. An account's exclusion
#     cuts the states of that account; a person's cuts the states of that person.
#  9. A record with another id type, or with no id, holds for nobody. An exclusion with
#     no reason, or one not in the list, is `excluded`.
# 10. Consent records of the person, the device and the account are one pool; of those
#     in force the latest `valid_from` decides (null is the earliest), and where several
#     share it all must say `granted`. Rows that no record names are at the default.
# 11. A consent input that maps no purpose speaks for every purpose.
# 12. The watermark looks at required sources only; without any such row there is none,
#     and then there is nothing to publish but the ledger and the entities.
#
# Events of a metric
# 13. Another column than `user_id` may name the actor; it is then taken raw.
# 14. A net void goes where its event goes: rank, eligibility, and out, where the event
#     lacks what the metric needs. If only its own amount is unknown it leaves alone.
# 15. In a ratio an event without entity or time in either part leaves both before the
#     ranking; one without a value in either leaves both at the measure. A net void of
#     which the amount is unknown in either part leaves both.
# 16. A ratio counts each event that lacks something once, by the first reason that
#     applies in either part, filed at its booking time in the numerator if it is there.
# 17. The first void is by its time, then event id, then source.
#
# Windows
# 18. Thresholds and actors decide together when a completion is reached, and only an
#     event reaches it, never a net void. It stays booked there if later voids take it
#     under the threshold, but does not qualify.
# 19. The spine of a completion starts at the first event in any anchor window, whether
#     or not the threshold was reached.
# 20. An entity under the threshold, without enough actors or out of the wanted state
#     has a row that does not qualify and adds nothing. So a period with net voids alone
#     adds its negative measure only to metrics without `actors` and without a
#     threshold.
# 21. A lifetime metric has an entity row where the measure or its qualifying changed,
#     so that the latest rows always add up to the value.
# 22. Rolling windows later than the spine have no entity rows, nor `new` or `retained`.
# 23. A state whose start is unknown never holds. The spine of a state metric runs to
#     the watermark's period, even where a state starts later; if the first does, there
#     are no rows.
# 24. Any declared `state.value` means the `value` column of the states.
# 25. An entity in an as-of metric needs a known value, if one is declared.
# 26. `unit_scale` multiplies a measure: of an entity, and of a metric that totals
#     measures; a number of entities is never scaled. The value is the exact total
#     scaled and rounded once, so scaled entity rows may differ in the last place.
# 27. A ratio divides its parts as published, at nine places; its own `unit_scale`
#     multiplies only the quotient, which is rounded once.
# 28. A metric whose events are all later than the watermark runs from the first to the
#     last of them; a rolling one has no rows if its windows all start too late.
# 29. The elapsed share of a period that has not begun is 0; its same point is the
#     start.
# 30. At one instant what happened comes before the net void that takes it back.
#
# Drivers: which metrics
# 31. The driver metrics are the North Star and those that the project adds, each once.
#     Segments are of every metric that counts events in periods; a retention analysis
#     that names a metric is of that one, if its window is a calendar's.
# 32. Where ids last a day, people are in no mart that follows anyone: what is left are
#     segments (without growth status) and changes by segment.
# 33. To qualify in a window that is not the metric's own (activation, retention by
#     days) is to meet the definition by what is booked in it, as if it were a period.
# 34. The status of a row of a cohort is open while the cohort grows and final once all
#     of it was followed to the end of the row's window, with the grace and the days of
#     an excluding void. Cohorts have rows only where they have members; within one,
#     every window, day, step and period is there.
# 35. An interval is rounded to six places, so that doubles give it on every engine.
# 36. Time until something is in whole seconds, and followed to the watermark itself,
#     without the grace; an event in the last second was seen. A quantile is where the
#     Kaplan-Meier curve reaches it, or the middle of the part where it runs level.
# 37. In an open period whatever an unfinished one would show too low or too high is
#     null; counts are so far. Its change is not taken apart.
#
# Drivers: growth
# 38. An entity could have qualified since it was first seen, or since its first
#     qualifying period where that was earlier.
# 39. Value changes are booked once an entity: as new or resurrected where it came, as
#     churned where it left, else as expansion or contraction. So are those of entities
#     with nothing but net voids. Entities that are counted are worth 1 each.
#
# Drivers: activation, time to value, repetition
# 40. The curve of time to value has a day for each up to the longest activation window.
# 41. Value is reached when all that was booked since the anchor first met the
#     definition, however long that took.
# 42. There a condition about the period is one about the event.
# 43. Repetition looks at what `nth` ranks, eligible or not, with a value or without.
# 44. It follows the first ten events.
#
# Drivers: retention
# 45. An analysis that names no metric is of every driver metric.
# 46. By period it follows a cohort for 52 periods, or for its horizon.
# 47. By days a first-ever cohort starts at the anchor; in a recurring one each entity
#     that qualifies starts once a period, at its first event in it.
# 48. Days are 1, 7 and 28 if none are given; plain numbers in a bracket bound one
#     bracket after another. An unbounded analysis includes the day of its horizon,
#     which is 56 or the last of its days.
# 49. Day 0 of a calendar is all of the local date.
#
# Drivers: engagement and concentration
# 50. Active on a day is who has an event of the metric booked on it, under the
#     threshold or not. Frequency and depth are of those who qualify.
# 51. The month that ends with a day or a week has 28 days; that of a month or quarter
#     is its last calendar month. Where they reach back before the metric's first
#     period, nothing is said.
# 52. A key action is the name of an event of the metric.
# 53. Concentration is that of positive measures of those who qualify; a tenth of them
#     is rounded up.
#
# Drivers: funnels, revenue, guardrails
# 54. Of the rows that could be the next step the first is taken, by time, event id and
#     source. At one instant any row can follow any other. Its segment is the first
#     known of its events of step 1 in the period; the preset funnel has that of the
#     entity.
# 55. Recurring revenue is of each entity type and state with a value, by month; who
#     pays has more than 0 at its end. The change of all others is expansion or
#     contraction, so that movements add up.
# 56. Due is who had something paid that ended within the month; renewed is who of them
#     pays at its end.
#     A trial is an unbroken time in the state `trial` of the entity. It is of the month
#     in which it ended, unless the entity paid when it began; it was paid if a payment
#     began within it or within seven days of its end.
# 57. Active users are known people with any accepted event in the month; ARPU divides
#     by the mean of this month and the one before.
# 58. What was taken back is a guardrail of every metric with a void, applied or not: by
#     the event's date once all voids could have come, and by the void's.
# 59. A bound is the target of the metric, else what eight final periods before it
#     allow: the median and 5.9 deviations, at least a twentieth of it. A signal is
#     bounded on both sides, unless its rows say one direction.
#
# Drivers: segments and changes
# 60. A segment has a row where someone of it counts, in the period or the one before.
# 61. Additive means over time as well as over segments.
# 62. Cells of fewer than the least number of qualified entities are hidden, also empty
#     ones; and if one of them has someone in it, then the next smallest too, until all
#     that are hidden have the least number together.
# 63. Shares of a product are of products at nine places; what rounding leaves over
#     goes to the largest part, of equals to the first by name.

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .company import Company, entities, read_states
from .drivers import driver_marts
from .grammar import Settings, read_metrics, read_settings
from .identity import Identity, resolve
from .inputs import Event, Tables, read_events, records_of
from .periods import Measured, compute, entity_rows, metric_rows
from .rows import (
    Register,
    copies,
    exclusion,
    is_consented,
    is_erased,
    ledger,
    rejection,
    watermark,
)
from .values import Row, Value

__all__ = ["evaluate"]

Marts = dict[str, list[dict[str, Value]]]


def evaluate(
    config: Mapping[str, Any],
    tables: Tables,
    run_started_at: datetime | None = None,
) -> Marts:
    """The marts of a company.

    `config` is the mapping under `vars: northstar:`, with bare column names; `tables`
    maps a relation's name to its rows, or to `{"columns": ..., "rows": rows}`. Instants
    are naive and in UTC. `run_started_at` (now, if left out) judges the future of
    sources that do not say when a row was loaded.
    """
    now = run_started_at or datetime.now(UTC).replace(tzinfo=None)
    settings = read_settings(config, now)
    events = read_events(config, tables, settings)  # 1
    inputs = {
        name: list(records_of(config, tables, f"northstar_{name}", settings.clock))
        for name in (
            "states",
            "identity_links",
            "exclusions",
            "consent",
            "erasure_requests",
        )
    }

    dispositions = {  # 2
        event: reason
        for event in events
        if (reason := rejection(event, settings)) is not None
    }
    usable = [event for event in events if event not in dispositions]
    dispositions |= copies(usable)  # 3
    unique = [event for event in usable if event not in dispositions]
    identity = resolve(unique, inputs["identity_links"], settings)  # 4
    erasures = Register(inputs["erasure_requests"], identity)
    exclusions = Register(inputs["exclusions"], identity)
    consents = Register(for_purpose(inputs["consent"], settings), identity)
    for event in unique:
        dispositions[event] = screening(
            event, identity, erasures, exclusions, consents, settings
        )

    company = Company(
        settings=settings,
        identity=identity,
        events=[event for event in unique if dispositions[event] == "accepted"],
        watermark=watermark(usable),
        states=read_states(inputs["states"], erasures, exclusions, identity, settings),
    )
    definitions = read_metrics(config, settings.clock)
    metrics = compute(definitions, company)  # 8 to 18
    return {
        "event_ledger": ledger(events, dispositions, settings),
        "entities": entities(company),
        "entity_periods": [
            row
            for metric in metrics.values()
            if isinstance(metric, Measured)
            for row in entity_rows(metric)
        ],
        "metric_periods": [
            row
            for name, metric in metrics.items()
            for row in metric_rows(definitions[name], metric, company)
        ],
        **driver_marts(config, tables, company, definitions, metrics),
    }


def screening(
    event: Event,
    identity: Identity,
    erasures: Register,
    exclusions: Register,
    consents: Register,
    settings: Settings,
) -> str:
    """Steps 5 to 7 for a row that has survived step 3."""
    if is_erased(event, erasures, identity):  # 5
        return "erased"
    reason = exclusion(event, exclusions, identity)  # 6
    if reason is not None:
        return reason
    if not is_consented(event, consents, identity, settings):  # 7
        return "no_consent"
    return "accepted"


def for_purpose(records: list[Row], settings: Settings) -> list[Row]:
    """The consent records of the project's purpose."""
    purpose = settings.consent_purpose
    return [record for record in records if record.get("purpose", purpose) == purpose]
