"""What would move the metric: its next periods, if one driver were another.

Growth accounting says where the entities of a period come from, as an identity:

    active(p) = retention x active(p-1)
              + resurrection x dormant(p)
              + first qualification x never(p)

and the pools of the period after follow from the flows of this one:

    dormant(p+1) = dormant(p) + active(p-1) - retained(p) - resurrected(p)
    never(p+1)   = never(p) - new(p) + arrivals(p+1)

So rates that are held as they were give a path, and one rate that is changed gives
another; their distance is what the change is worth. That is arithmetic, not a cause:
nothing here says how a rate could be changed, or that the others would stay.

Everything is a pure function of `Account` rows. Entities are fractions: a path is what
is expected of many, and everyone in a pool is taken to be alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import fsum

from northstar.errors import TooFewPeriodsError
from northstar.growth import Account, Growth

DRIVERS = (
    "activation",
    "retention",
    "resurrection",
    "first_qualification",
    "arrivals",
    "value_per_entity",
)
"""What can be changed. The first four are shares, and change by points of a hundred;
arrivals and value per entity change by percent of what they were."""

SHARES = DRIVERS[:4]


@dataclass(frozen=True)
class Rates:
    """What is held as it was, over some periods taken together.

    `retention`, `resurrection` and `first_qualification` are shares of their pools;
    none where nobody was in the pool, and then counted as 0. `arrivals` is how many
    entities a period adds to the known ones, and `activation` the share of them who
    qualify in that period: as it was, that of everyone in the pool, since growth
    accounting does not tell them apart. `value_per_entity` is the metric's value for
    each entity that qualified.
    """

    activation: float | None
    retention: float | None
    resurrection: float | None
    first_qualification: float | None
    arrivals: float
    value_per_entity: float


@dataclass(frozen=True)
class Point:
    """One period of a path: its entities, and the metric's value in its unit."""

    start: date
    entities: float
    value: float


@dataclass(frozen=True)
class Effect:
    """A driver that was changed, and what came of it.

    `before` and `after` are the driver's own values; a share is kept within 0 and 1.
    `more` is the distance from the unchanged path in the last period. `elasticity` is
    the percent of the metric for one percent of the driver; none where either was 0.
    """

    driver: str
    before: float
    after: float
    path: tuple[Point, ...]
    more: float
    elasticity: float | None


@dataclass(frozen=True)
class Simulation:
    """The unchanged path, and one for each driver by turns.

    `held` are the periods over which the rates were taken, and `rates` what they were.
    `counts_entities` says that the value is the number of entities itself. `tested` is
    how far such paths were from what happened, as far ahead as can be told.
    """

    growth: Growth
    held: tuple[Account, ...]
    rates: Rates
    unchanged: tuple[Point, ...]
    effects: tuple[Effect, ...]
    change: float
    counts_entities: bool
    tested: Distance | None


@dataclass(frozen=True)
class Distance:
    """How far paths were from what happened, so many periods ahead.

    All are shares of what happened, over all paths taken together: `off` the absolute
    distances, `over` the signed ones (above 0: the paths were too high), `naive` the
    absolute distances of the last value, had it just stayed. None where nothing
    happened at all.
    """

    ahead: int
    paths: int
    off: float | None
    over: float | None
    naive: float | None


@dataclass(frozen=True)
class Backtest:
    """The distances by how far ahead, and the first and last period begun after."""

    growth: Growth
    over: int
    first: date
    last: date
    distances: tuple[Distance, ...]


@dataclass(frozen=True)
class _State:
    """Who is where after a period; `dormant` is the next period's pool."""

    active: float
    dormant: float
    never: float


def simulate(
    growth: Growth, periods: int, over: int, change: float, drivers: Sequence[str] = ()
) -> Simulation:
    """The next `periods` of the metric, as it was and with each driver changed.

    The rates are those of the last `over` final periods that are not left-censored.
    `change` is points for shares and percent for the others; without `drivers`, each
    that can be changed is.
    Raises TooFewPeriodsError where there are fewer periods.
    """
    accounts = growth.accounts
    held = held_periods(growth, accounts, over)
    rates = rates_of(accounts, held)
    counts_entities = all(account.value == account.qualified for account in accounts)
    unchanged = tuple(path(growth, accounts[-1], rates, periods))
    chosen = drivers or (DRIVERS[:-1] if counts_entities else DRIVERS)
    effects = []
    for driver in chosen:
        changed = changed_rates(rates, driver, change)
        moved = tuple(path(growth, accounts[-1], changed, periods))
        before, after = value_of(rates, driver), value_of(changed, driver)
        more = moved[-1].value - unchanged[-1].value
        effects.append(
            Effect(
                driver=driver,
                before=before,
                after=after,
                path=moved,
                more=more,
                elasticity=elasticity(before, after, unchanged[-1].value, more),
            )
        )
    return Simulation(
        growth=growth,
        held=held,
        rates=rates,
        unchanged=unchanged,
        effects=tuple(effects),
        change=change,
        counts_entities=counts_entities,
        tested=_furthest(growth, periods, over),
    )


def backtest(growth: Growth, periods: int, over: int) -> Backtest:
    """How far the unchanged path would have been from what happened.

    A path is begun after every final period that has `over` periods for its rates and
    one more after it; it knows the rows up to there, as they are published today.
    Raises TooFewPeriodsError where there is none.
    """
    accounts = growth.accounts
    starts = [
        place
        for place in range(len(accounts) - 1)
        if len(_usable(accounts[: place + 1])) >= over
    ]
    if not starts:
        raise _too_few(growth, over, over + 1, len(_usable(accounts)))
    pairs: dict[int, list[tuple[float, float, float]]] = {}
    for place in starts:
        known = accounts[: place + 1]
        later = accounts[place + 1 : place + 1 + periods]
        rates = rates_of(known, held_periods(growth, known, over))
        said = path(growth, known[-1], rates, len(later))
        for ahead, (point, account) in enumerate(zip(said, later, strict=True), 1):
            pairs.setdefault(ahead, []).append(
                (point.value, account.value, known[-1].value)
            )
    return Backtest(
        growth=growth,
        over=over,
        first=accounts[starts[0]].start,
        last=accounts[starts[-1]].start,
        distances=tuple(_distance(ahead, found) for ahead, found in pairs.items()),
    )


def _furthest(growth: Growth, periods: int, over: int) -> Distance | None:
    """The back-test at the greatest distance; none where no path can be tested."""
    try:
        return backtest(growth, periods, over).distances[-1]
    except TooFewPeriodsError:
        return None


def held_periods(
    growth: Growth, accounts: Sequence[Account], over: int
) -> tuple[Account, ...]:
    """The last `over` periods that say something about rates.

    Raises TooFewPeriodsError where there are fewer.
    """
    usable = _usable(accounts)
    if len(usable) < over:
        raise _too_few(growth, over, over, len(usable))
    return tuple(usable[-over:])


def rates_of(accounts: Sequence[Account], held: Sequence[Account]) -> Rates:
    """The rates of the periods `held`, which are the last of `accounts`.

    A rate is the sum of those who did over the sum of the pools, so that a period
    weighs as much as it has entities. Arrivals are who is in the pool of those who
    never qualified and was not left there by the period before.
    """
    before = accounts[-len(held) - 1 : -1]
    arrived = [
        account.never - earlier.never_left
        for earlier, account in zip(before, held, strict=True)
    ]
    first = _share([(a.new, a.never) for a in held])
    return Rates(
        activation=first,
        retention=_share([(a.retained, a.previous) for a in held]),
        resurrection=_share([(a.resurrected, a.dormant) for a in held]),
        first_qualification=first,
        arrivals=fsum(arrived) / len(arrived),
        value_per_entity=_share([(a.value, a.qualified) for a in held]) or 0.0,
    )


def path(growth: Growth, last: Account, rates: Rates, periods: int) -> Iterator[Point]:
    """The periods after the last one, under these rates."""
    state = _State(last.qualified, last.dormant_next, last.never_left)
    start, end = last.start, last.end
    for _ in range(periods):
        state = _after(state, rates)
        start, end = end, next_end(start, end, growth.grain)
        yield Point(start, state.active, state.active * rates.value_per_entity)


def _after(state: _State, rates: Rates) -> _State:
    """One period on."""
    retained = (rates.retention or 0.0) * state.active
    resurrected = (rates.resurrection or 0.0) * state.dormant
    waited = (rates.first_qualification or 0.0) * state.never
    at_once = (rates.activation or 0.0) * rates.arrivals
    return _State(
        active=retained + resurrected + waited + at_once,
        dormant=state.dormant + state.active - retained - resurrected,
        never=state.never + rates.arrivals - waited - at_once,
    )


def changed_rates(rates: Rates, driver: str, change: float) -> Rates:
    """The rates with one of them changed; a share stays within 0 and 1.

    A first qualification that changes does so for those who wait and those who arrive;
    activation for those who arrive alone.
    """
    before = value_of(rates, driver)
    if driver not in SHARES:
        return replace(rates, **{driver: before * (1 + change / 100)})
    share = min(max(before + change / 100, 0.0), 1.0)
    if driver == "first_qualification":
        return replace(rates, first_qualification=share, activation=share)
    return replace(rates, **{driver: share})


def value_of(rates: Rates, driver: str) -> float:
    """The rate of this name; 0 where it is not known."""
    return float(getattr(rates, driver) or 0.0)


def elasticity(before: float, after: float, metric: float, more: float) -> float | None:
    """Percent of the metric for one percent of the driver."""
    if not before or not metric or before == after:
        return None
    return (more / metric) / ((after - before) / before)


def next_end(start: date, end: date, grain: str) -> date:
    """The end of the period that begins where this one ends."""
    months = {"month": 1, "quarter": 3}.get(grain)
    if months is None:
        return end + timedelta(days=(end - start).days)
    year, month = divmod(end.year * 12 + end.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _usable(accounts: Sequence[Account]) -> list[Account]:
    """Periods whose rates mean something: after the left edge, with one before."""
    return [account for account in accounts[1:] if not account.is_left_censored]


def _too_few(growth: Growth, over: int, needed: int, found: int) -> TooFewPeriodsError:
    fewer = found - (needed - over)
    advice = f"take fewer: --over {fewer}" if fewer > 0 else "wait for more"
    return TooFewPeriodsError(
        f"{growth.metric.name} has {found} final periods after its first, which say "
        f"something about rates, and this needs {needed}; {advice}"
    )


def _share(parts: Sequence[tuple[float, float]]) -> float | None:
    whole = fsum(pool for _, pool in parts)
    return fsum(count for count, _ in parts) / whole if whole else None


def _distance(ahead: int, found: Sequence[tuple[float, float, float]]) -> Distance:
    happened = fsum(abs(actual) for _, actual, _ in found)
    distances = (
        fsum(abs(said - actual) for said, actual, _ in found),
        fsum(said - actual for said, actual, _ in found),
        fsum(abs(last - actual) for _, actual, last in found),
    )
    off, over, naive = (total / happened if happened else None for total in distances)
    return Distance(ahead, len(found), off, over, naive)
