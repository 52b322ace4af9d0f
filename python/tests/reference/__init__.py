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

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .company import Company, entities, read_states
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
