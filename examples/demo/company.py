"""The raw data of Loomwork, an invented company that sells a workflow tool to teams.

    python examples/demo/company.py --out data [--small]

writes one CSV file a raw table: eighteen months of a business with everything that
real data has (copies, late rows, bots, staff, shared devices, people who change team,
a tracking outage, releases that worked and one that did not). What was planted stands
in the block below, and README.md beside this file says where to see it.

The same seed gives the same bytes on any machine. All chance comes from
`random.Random.random`, the one method whose sequence Python promises to keep, and all
arithmetic is of the kind that IEEE 754 fixes to the bit (`math.exp` and `math.log` may
differ in the last bit from one C library to the next). Instants are whole
milliseconds since 1970, in UTC.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

# --- What is planted -----------------------------------------------------------------
# Dates are days in UTC unless a time is given; shares are between 0 and 1.

SEED = 20250106

# The company
FIRST_DAY = date(2025, 1, 6)  # tracking starts, a Monday
LAST_DAY = date(2026, 6, 30)  # the export is taken on this day, a Tuesday
EXPORT_HOUR = 18  # ... at this hour: the last week is open
TEAMS = 1_500
TEAMS_BEFORE_TRACKING = 60  # they have no team_created event
VISITORS = 8_000  # devices that look at the site and never sign up
WEEKLY_ARRIVALS_GROW_BY = 2.6  # last week's new teams over first week's
SMALL_SHARE = 0.05  # of teams and visitors, with --small

# What moved the numbers
AUTOPILOT_LAUNCH = date(2025, 6, 9)  # workflows that the server runs on a schedule
AUTOPILOT_ADOPTION_AT_LAUNCH = 0.12  # a week, of awake teams without it; 3 weeks
AUTOPILOT_ADOPTION = 0.02  # ... later
AUTOPILOT_RUNS_A_WEEK = 2.2
ONBOARDING_RELEASE = date(2025, 9, 15)
ONBOARDING_LIFT = 1.35  # on the share of new teams that activate
PAID_SOCIAL_PUSH = (date(2025, 10, 6), date(2025, 11, 3))
PAID_SOCIAL_PUSH_FACTOR = 5.0  # on that channel's new teams and spend
SLOW_WEEK = (date(2025, 11, 3), date(2025, 11, 10))  # a bad deploy
SLOW_WEEK_FACTOR = 2.1  # on latency
PRICING_CHANGE = date(2026, 2, 2)
PRICING_SHOCK_DAYS = 84
PRICING_CHURN_FACTOR = 5.0  # on teams that stop or cancel, while the shock lasts
PRICING_UPGRADE_FACTOR = 0.35  # on upgrades, for good
PRICING_TRIAL_FACTOR = 0.75  # on trials that become paid, for good
PRICING_LIST_FACTOR = 1.2  # on the price of what is bought from then on
PRICING_SUPPORT_FACTOR = 2.0  # on support contacts, while the shock lasts
CHRISTMAS = ((12, 22), (1, 2))  # first and last (month, day)
CHRISTMAS_FACTOR = 0.25
AUGUST_FACTOR = 0.85

# Experiments
TEMPLATE_EXPERIMENT = "template_suggestions"  # by team, with a real effect
TEMPLATE_RUN = (date(2026, 3, 2), date(2026, 4, 27))
TEMPLATE_LIFT = 1.25  # on workflows
TEMPLATE_SHIPPED = date(2026, 5, 4)  # to every team
BANNER_EXPERIMENT = "invite_banner"  # by user, without any effect
BANNER_RUN = (date(2026, 5, 4), date(2026, 6, 15))
SEEN_IN_BOTH_EVERY = 150  # one exposed user in so many is seen in both variants

# What tracking got wrong
OUTAGE_PLATFORM = "web"
OUTAGE_DAYS = (date(2026, 4, 14), date(2026, 4, 15))  # 14th 00:00 to 15th 12:00
OUTAGE_LAST_HOURS = 12
DUPLICATE_SHARE = {"app": 0.005, "server": 0.008}
CONFLICT_SHARE = 0.15  # of the copies: they differ in a column
LATE_SHARE = {"web": 0.007, "ios": 0.025, "android": 0.025, "server": 0.005}
LATE_HOURS = (7, 140)  # every other row is loaded within 15 minutes
MISSING_ID_SHARE = 0.00015
MISSING_TIME_SHARE = 0.0001
CLOCK_AHEAD_SHARE = 0.00015  # occurred hours after it was loaded
CLOCK_RESET_SHARE = 0.0001  # occurred in 1970
COOKIELESS_SHARE = 0.02  # of the visitors' page views: no id at all
INTERNAL_FLAG_SHIPPED = date(2025, 5, 1)  # staff before it: only in raw_exclusions

# People
STAFF = 14
SCRIPTED_TEAM_EVERY = 200  # one team in so many has a script that is flagged is_bot
CRAWLER_VIEWS_A_WEEK = 16
FRAUD_ON = date(2025, 11, 11)
FRAUD_TEAMS = 5
FRAUD_USERS_EACH = 6
QA_TEAMS = 3
SHARED_DEVICE_EVERY = 12  # one team in so many shares a device
KIOSK_EVERY = 90  # one member in so many uses a device that other teams use too
MOVED_EVERY = 125  # one member in so many changes team
CONSULTANT_EVERY = 240  # ... works for two teams at once
REREGISTERED_EVERY = 110  # ... returns under another user id
RUNAWAY_LINKS = 60  # ids that a faulty script joined to one support address
CONSENT_DENIED_SHARE = 0.03
CONSENT_WITHDRAWN_SHARE = 0.03
ERASURE_EVERY = 700  # one member in so many asks to be forgotten

# --- Raw tables ----------------------------------------------------------------------
# One class a table: its columns in file order. The second argument of Annotated is
# the column's type in the warehouse.

Text = Annotated[str | None, "text"]
Instant = Annotated[int | None, "timestamp"]
Day = Annotated[date | None, "date"]
Flag = Annotated[bool | None, "boolean"]
Number = Annotated[float | None, "numeric"]


class AppEvent(NamedTuple):
    """Product events of browsers and phones. One row per delivery of an event."""

    event_id: Text
    event: Text
    created_at: Instant
    loaded_at: Instant = None
    user_id: Text = None
    device_id: Text = None
    team_id: Text = None
    workflow_id: Text = None
    feature: Text = None
    page: Text = None
    channel: Text = None
    utm_source: Text = None
    utm_medium: Text = None
    utm_campaign: Text = None
    referrer: Text = None
    landing_page: Text = None
    platform: Text = None
    country: Text = None
    plan: Text = None
    persona: Text = None
    company_size: Text = None
    is_internal: Flag = None
    is_bot: Flag = None


class ServerEvent(NamedTuple):
    """Webhooks of backend, billing and help desk. One row per delivery of an event."""

    id: Text
    type: Text
    emitted_at: Instant
    received_at: Instant = None
    team_id: Text = None
    user_id: Text = None
    workflow_id: Text = None
    feature: Text = None
    invoice_id: Text = None
    topic: Text = None
    amount_minor: Number = None
    currency: Text = None
    plan: Text = None
    country: Text = None
    company_size: Text = None
    livemode: Flag = None


class Subscription(NamedTuple):
    """What a team was on. One row per team and interval."""

    team_id: Text
    status: Text
    plan: Text
    mrr: Number
    currency: Text
    started_at: Instant
    ended_at: Instant


class IdentityLink(NamedTuple):
    """Ids known to be one person. One row per pair of ids."""

    from_user_id: Text
    to_user_id: Text
    linked_at: Instant
    reason: Text


class Exclusion(NamedTuple):
    """Ids that must not count. One row per id and interval."""

    id_type: Text
    id: Text
    reason: Text
    valid_from: Instant
    valid_to: Instant
    note: Text


class Consent(NamedTuple):
    """What people allowed. One row per id, purpose and interval."""

    id_type: Text
    id: Text
    purpose: Text
    status: Text
    valid_from: Instant
    valid_to: Instant


class ErasureRequest(NamedTuple):
    """People who asked to be forgotten. One row per request."""

    id_type: Text
    id: Text
    requested_at: Instant


class Touch(NamedTuple):
    """Marketing touches, paid and unpaid. One row per touch."""

    touch_id: Text
    device_id: Text
    user_id: Text
    touched_at: Instant
    utm_source: Text
    utm_medium: Text
    utm_campaign: Text
    click_id: Text
    referrer: Text
    landing_page: Text
    creative: Text
    is_paid: Flag


class Spend(NamedTuple):
    """What marketing spent. One row per day and channel."""

    spend_date: Day
    channel: Text
    amount: Number
    currency: Text


class Signal(NamedTuple):
    """How operations went. One row per signal, day and segment."""

    signal: Text
    signal_date: Day
    value: Number
    numerator: Number
    denominator: Number
    segment: Text


class Exposure(NamedTuple):
    """Who saw what in an experiment. One row per experiment, unit and variant."""

    experiment: Text
    variant: Text
    entity_type: Text
    entity_id: Text
    exposed_at: Instant


class Annotation(NamedTuple):
    """What people wrote down about the metrics. One row per note."""

    noted_at: Instant
    metric: Text
    note: Text
    author: Text
    next_step: Text
    owner: Text


class Target(NamedTuple):
    """The plan. One row per metric and period."""

    metric: Text
    period_start: Day
    target: Number


def column_types(row: type[Any]) -> dict[str, str]:
    """Column names and warehouse types of a table's row class, in file order."""
    hints = get_type_hints(row, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


TABLES: dict[str, dict[str, str]] = {
    "raw_app_events": column_types(AppEvent),
    "raw_server_events": column_types(ServerEvent),
    "raw_subscriptions": column_types(Subscription),
    "raw_identity_links": column_types(IdentityLink),
    "raw_exclusions": column_types(Exclusion),
    "raw_consent": column_types(Consent),
    "raw_erasure_requests": column_types(ErasureRequest),
    "raw_touches": column_types(Touch),
    "raw_spend": column_types(Spend),
    "raw_signals": column_types(Signal),
    "raw_exposures": column_types(Exposure),
    "raw_annotations": column_types(Annotation),
    "raw_targets": column_types(Target),
}

# --- Time ----------------------------------------------------------------------------

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
EPOCH = date(1970, 1, 1).toordinal()


def midnight(day: date) -> int:
    """The instant at which a day begins in UTC."""
    return (day.toordinal() - EPOCH) * DAY


def day_of(at: int) -> date:
    """The day in UTC that holds an instant."""
    return date.fromordinal(EPOCH + at // DAY)


TRACKED_FROM = midnight(FIRST_DAY)
EXPORTED_AT = midnight(LAST_DAY) + EXPORT_HOUR * HOUR
WEEKS = (EXPORTED_AT - TRACKED_FROM) // WEEK + 1
OUTAGE = (
    midnight(OUTAGE_DAYS[0]),
    midnight(OUTAGE_DAYS[1]) + OUTAGE_LAST_HOURS * HOUR,
)
DAYS_OF_WEEK = (1.05, 1.15, 1.15, 1.10, 0.90, 0.14, 0.16)  # Monday first


def is_within(at: int, days: tuple[date, date]) -> bool:
    """Whether an instant lies between two days, the second excluded."""
    return midnight(days[0]) <= at < midnight(days[1])


@cache
def last_sunday(year: int, month: int) -> int:
    """The instant, 01:00 UTC, at which Europe changes its clocks in a month."""
    last = date(year, month, 31)
    return midnight(last - timedelta(days=(last.weekday() + 1) % 7)) + HOUR


def is_summer_time(at: int) -> bool:
    """Whether Europe is on summer time at an instant."""
    year = day_of(at).year
    return last_sunday(year, 3) <= at < last_sunday(year, 10)


def clock_changes() -> list[int]:
    """The instants in the history at which London changes its clocks."""
    years = range(FIRST_DAY.year, LAST_DAY.year + 1)
    changes = [last_sunday(year, month) for year in years for month in (3, 10)]
    return [at for at in changes if TRACKED_FROM <= at < EXPORTED_AT]


@cache
def workload(epoch_day: int) -> float:
    """How much work is done on a day; 1 is the mean day of a common week."""
    day = date.fromordinal(EPOCH + epoch_day)
    weight = DAYS_OF_WEEK[day.weekday()] * 7 / sum(DAYS_OF_WEEK)
    first, last = CHRISTMAS
    if (day.month, day.day) >= first or (day.month, day.day) <= last:
        return weight * CHRISTMAS_FACTOR
    return weight * AUGUST_FACTOR if day.month == 8 else weight


# --- Chance --------------------------------------------------------------------------

T = TypeVar("T")


def exponential_decay(x: float) -> float:
    """e to the power of -x, by 20 squarings; good to x squared parts in 2 million."""
    result = 1 / (1 + x / (1 << 20))
    for _ in range(20):
        result *= result
    return result


class Dice:
    """A stream of chance of its own for each name, so that none disturbs another."""

    def __init__(self, *names: object) -> None:
        self.roll = Random("/".join(str(name) for name in (SEED, *names))).random

    def chance(self, probability: float) -> bool:
        """Whether something happens that has this probability."""
        return self.roll() < probability

    def between(self, low: float, high: float) -> float:
        """A number from low to high, each as likely as any other."""
        return low + (high - low) * self.roll()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int((high - low + 1) * self.roll())

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, each as likely as any other."""
        return options[int(len(options) * self.roll())]

    def weighted(self, options: Mapping[T, float]) -> T:
        """One of the options, as likely as its weight is large."""
        left = self.roll() * sum(options.values())
        for option, weight in options.items():
            left -= weight
            if left < 0:
                return option
        return option

    def count(self, mean: float) -> int:
        """A Poisson number (Knuth's method)."""
        floor, product, number = exponential_decay(mean), self.roll(), 0
        while product > floor:
            product *= self.roll()
            number += 1
        return number

    def heavy(self, scale: float, most: float) -> float:
        """A Pareto number with tail exponent 2: many small, few very large."""
        return float(min(most, scale / (1 - self.roll()) ** 0.5))

    def token(self) -> str:
        """An id of 13 hexadecimal digits."""
        return f"{int(self.roll() * (1 << 52)):013x}"


# --- The company ---------------------------------------------------------------------

CHANNELS = {
    "organic_search": 0.26,
    "paid_search": 0.20,
    "paid_social": 0.14,
    "referral": 0.14,
    "partner": 0.08,
    "direct": 0.12,
    "event": 0.06,
}
ACTIVATION = 0.50  # share of new teams that take to the product
ACTIVATION_BY_CHANNEL = {
    "paid_search": 0.95,
    "paid_social": 0.5,
    "referral": 1.25,
    "partner": 1.2,
}
COUNTRIES = {
    "GB": 0.46,
    "US": 0.16,
    "DE": 0.12,
    "FR": 0.08,
    "IE": 0.06,
    "NL": 0.06,
    "IN": 0.04,
    "AU": 0.02,
}
HOURS_AHEAD = {"US": -5.0, "DE": 1.0, "FR": 1.0, "NL": 1.0, "IN": 5.5, "AU": 10.0}
CHANGES_CLOCKS = ("GB", "US", "DE", "FR", "IE", "NL")
PERSONAS = {
    "operations": 0.34,
    "marketing": 0.2,
    "engineering": 0.16,
    "finance": 0.14,
    "people": 0.1,
    "it": 0.06,
}
COMPANY_SIZES = {
    "1-10": 0.3,
    "11-50": 0.36,
    "51-200": 0.2,
    "201-1000": 0.1,
    "1000+": 0.04,
}
SEATS = {
    "1-10": (2, 5),
    "11-50": (3, 10),
    "51-200": (4, 16),
    "201-1000": (6, 24),
    "1000+": (8, 40),
}
PRICES = {"starter": 9, "growth": 15, "scale": 24}  # GBP a seat and month
UPGRADES = {"starter": "growth", "growth": "scale"}
FEATURES = {"approvals": 0.36, "forms": 0.28, "handoffs": 0.22, "reminders": 0.14}
TOPICS = {"how_to": 0.45, "bug": 0.25, "billing": 0.2, "access": 0.1}
WORKFLOWS_A_WEEK = 1.5  # of a common member of a common team
NORTH_STAR = "weekly_teams_3_workflows"


class Campaign(NamedTuple):
    """Where a touch comes from and lands."""

    utm_source: str | None
    utm_medium: str | None
    utm_campaign: str | None
    referrer: str | None
    landing_page: str
    creative: str | None
    is_paid: bool


GOOGLE = "https://www.google.com/"
LINKEDIN = "https://www.linkedin.com/"
CAMPAIGNS: dict[str, tuple[Campaign, ...]] = {
    "organic_search": (
        Campaign(None, None, None, GOOGLE, "/", None, False),
        Campaign(None, None, None, GOOGLE, "/blog/handoffs", None, False),
        Campaign(None, None, None, "https://www.bing.com/", "/", None, False),
    ),
    "paid_search": (
        Campaign("google", "cpc", "brand", GOOGLE, "/", "brand_text", True),
        Campaign("google", "cpc", "generic", GOOGLE, "/pricing", "save_hours", True),
    ),
    "paid_social": (
        Campaign(
            "linkedin", "paid_social", "ops_leads", LINKEDIN, "/demo", "video_a", True
        ),
        Campaign(
            "linkedin", "paid_social", "ops_leads", LINKEDIN, "/demo", "meme_b", True
        ),
    ),
    "referral": (
        Campaign(None, None, None, "https://reviews.example/", "/", None, False),
        Campaign("member", "referral", "invite", None, "/invited", None, False),
    ),
    "partner": (
        Campaign("northbridge", "partner", "directory", None, "/", None, True),
    ),
    "direct": (Campaign(None, None, None, None, "/", None, False),),
    "event": (
        Campaign("qr", "offline", "ops_summit", None, "/summit", "stand_poster", True),
    ),
}


class Device(NamedTuple):
    """A browser or a phone."""

    device_id: str
    platform: str


@dataclass(eq=False)
class Team:
    """A customer: what it is, and how it stands on the day that is being lived."""

    team_id: str
    number: int
    created_at: int
    channel: str
    country: str
    company_size: str
    seats: int = 1
    intensity: float = 1.0
    is_activated: bool = False
    is_awake: bool = True
    has_autopilot: bool = False
    is_annual: bool = False
    shared_device: Device | None = None
    billed_at: int = 0  # when the trial ends or the subscription renews
    cycles: int = 0
    plans: list[tuple[int, str]] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    subscription: Subscription | None = None
    seat_price: float = 0
    exposed_at: int | None = None

    def plan_at(self, at: int) -> str:
        """The plan at an instant."""
        for since, plan in reversed(self.plans):
            if since <= at:
                return plan
        return "trial"

    @property
    def plan(self) -> str:
        """The plan on the day that is being lived."""
        return self.plans[-1][1]

    def active_members(self, at: int) -> list[Member]:
        """The members who have not left before an instant, the founder first."""
        return [member for member in self.members if member.leaves_at > at]


@dataclass(eq=False)
class Member:
    """A person at a customer."""

    number: int
    user_id: str
    team: Team
    joined_at: int
    persona: str
    weight: float
    devices: dict[Device, float]
    leaves_at: int = EXPORTED_AT
    second_team: Team | None = None
    second_team_from: int = 0
    second_team_share: float = 1.0
    user_ids: list[tuple[int, str]] = field(default_factory=list)
    exposed_at: int | None = None
    is_staff: bool = False

    def user_id_at(self, at: int) -> str:
        """The id that the person used at an instant."""
        for since, user_id in reversed(self.user_ids):
            if since <= at:
                return user_id
        return self.user_id

    def team_at(self, at: int, dice: Dice) -> Team:
        """The team for which the person worked at an instant."""
        if self.second_team is None or at < self.second_team_from:
            return self.team
        return self.second_team if dice.chance(self.second_team_share) else self.team


class World:
    """Everything that has happened, as rows; and who is there."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.app: list[AppEvent] = []
        self.server: list[ServerEvent] = []
        self.subscriptions: list[Subscription] = []
        self.links: list[IdentityLink] = []
        self.exclusions: list[Exclusion] = []
        self.consent: list[Consent] = []
        self.erasures: list[ErasureRequest] = []
        self.touches: list[Touch] = []
        self.exposures: list[Exposure] = []
        self.teams: list[Team] = []
        self.members: list[Member] = []
        self.visitors: list[Device] = []
        self.invoices = 0

    def scaled(self, number: int, at_least: int = 1) -> int:
        """A number of the whole company, made as small as the world is."""
        return max(at_least, int(number * self.share))

    def add_app(self, event: AppEvent) -> None:
        """Keep an app event, if it lies in the history."""
        if TRACKED_FROM <= (event.created_at or 0) < EXPORTED_AT:
            self.app.append(event)

    def add_server(self, event: ServerEvent) -> None:
        """Keep a server event, if it lies in the history."""
        if TRACKED_FROM <= (event.emitted_at or 0) < EXPORTED_AT:
            self.server.append(event)

    def track(
        self,
        member: Member,
        event: str,
        at: int,
        dice: Dice,
        *,
        workflow_id: str | None = None,
        feature: str | None = None,
        page: str | None = None,
        is_bot: bool = False,
    ) -> None:
        """An app event by a known member."""
        team = member.team_at(at, dice)
        device = dice.weighted(member.devices)
        is_flagged = member.is_staff and at >= midnight(INTERNAL_FLAG_SHIPPED)
        self.add_app(
            AppEvent(
                event_id=dice.token(),
                event=event,
                created_at=at,
                user_id=member.user_id_at(at),
                device_id=device.device_id,
                team_id=team.team_id,
                workflow_id=workflow_id,
                feature=feature,
                page=page,
                channel=team.channel,
                platform=device.platform,
                country=team.country,
                plan=team.plan_at(at),
                persona=member.persona,
                company_size=team.company_size,
                is_internal=is_flagged,
                is_bot=is_bot,
            )
        )

    def view(
        self,
        device: Device,
        at: int,
        dice: Dice,
        *,
        country: str,
        page: str = "/",
        campaign: Campaign | None = None,
        is_bot: bool = False,
    ) -> None:
        """A page view by a device that nobody has logged in to."""
        campaign = campaign or Campaign(None, None, None, None, page, None, False)
        self.add_app(
            AppEvent(
                event_id=dice.token(),
                event="page_viewed",
                created_at=at,
                device_id=device.device_id,
                page=campaign.landing_page,
                utm_source=campaign.utm_source,
                utm_medium=campaign.utm_medium,
                utm_campaign=campaign.utm_campaign,
                referrer=campaign.referrer,
                landing_page=campaign.landing_page,
                platform=device.platform,
                country=country,
                is_internal=False,
                is_bot=is_bot,
            )
        )

    def report(
        self,
        team: Team,
        type_: str,
        at: int,
        dice: Dice,
        *,
        user_id: str | None = None,
        workflow_id: str | None = None,
        feature: str | None = None,
        invoice_id: str | None = None,
        topic: str | None = None,
        amount: float | None = None,
        is_live: bool = True,
    ) -> None:
        """A server event; `amount` is in pounds."""
        self.add_server(
            ServerEvent(
                id="evt_" + dice.token(),
                type=type_,
                emitted_at=at,
                team_id=team.team_id,
                user_id=user_id,
                workflow_id=workflow_id,
                feature=feature,
                invoice_id=invoice_id,
                topic=topic,
                amount_minor=None if amount is None else round(amount * 100),
                currency=None if amount is None else "GBP",
                plan=team.plan_at(at),
                country=team.country,
                company_size=team.company_size,
                livemode=is_live,
            )
        )

    def touch(
        self,
        device: Device,
        at: int,
        dice: Dice,
        *,
        channel: str,
        country: str,
        user_id: str | None = None,
    ) -> None:
        """A marketing touch, and the page view that it leads to."""
        campaign = dice.pick(CAMPAIGNS[channel])
        if campaign.utm_source and dice.chance(0.04):  # somebody typed the link by hand
            campaign = campaign._replace(utm_source=campaign.utm_source.title() + " ")
        self.view(device, at, dice, country=country, campaign=campaign)
        self.add_touch(device, at, dice, campaign, user_id)

    def add_touch(
        self,
        device: Device,
        at: int,
        dice: Dice,
        campaign: Campaign,
        user_id: str | None = None,
    ) -> None:
        """A marketing touch alone."""
        if not TRACKED_FROM <= at < EXPORTED_AT:
            return
        is_search_ad = campaign.utm_medium == "cpc"
        self.touches.append(
            Touch(
                touch_id="tch_" + dice.token(),
                device_id=device.device_id,
                user_id=user_id,
                touched_at=at,
                utm_source=campaign.utm_source,
                utm_medium=campaign.utm_medium,
                utm_campaign=campaign.utm_campaign,
                click_id="gclid_" + dice.token() if is_search_ad else None,
                referrer=campaign.referrer,
                landing_page=campaign.landing_page,
                creative=campaign.creative,
                is_paid=campaign.is_paid,
            )
        )


# --- Arrivals ------------------------------------------------------------------------


def arrival_days(number: int, dice: Dice) -> list[int]:
    """The days (since 1970) on which new teams and visitors arrive, in order."""
    first, days = TRACKED_FROM // DAY, EXPORTED_AT // DAY - TRACKED_FROM // DAY + 1
    weights = []
    for offset in range(days):
        growth = 1 + (WEEKLY_ARRIVALS_GROW_BY - 1) * offset / days
        pushed = is_within((first + offset) * DAY, PAID_SOCIAL_PUSH)
        share = CHANNELS["paid_social"] * (PAID_SOCIAL_PUSH_FACTOR - 1)
        factor = 1 + share if pushed else 1.0
        weights.append(growth * factor * workload(first + offset))
    options = {first + offset: weight for offset, weight in enumerate(weights)}
    return sorted(dice.weighted(options) for _ in range(number))


def arriving_channel(at: int, dice: Dice) -> str:
    """The channel through which somebody arrives at an instant."""
    channels = dict(CHANNELS)
    if is_within(at, PAID_SOCIAL_PUSH):
        channels["paid_social"] *= PAID_SOCIAL_PUSH_FACTOR
    return dice.weighted(channels)


def working_instant(epoch_day: int, country: str, dice: Dice) -> int:
    """An instant in the working hours of a country's local day."""
    noonish = (dice.roll() + dice.roll() + dice.roll()) / 3
    local = epoch_day * DAY + int((7.5 + 11.5 * noonish) * HOUR)
    ahead = HOURS_AHEAD.get(country, 0.0)
    if country in CHANGES_CLOCKS and is_summer_time(local):
        ahead += 1
    return local - int(ahead * HOUR)


def new_team(world: World, number: int, epoch_day: int) -> Team:
    """A team as it signs up, with the fate that its channel and timing give it."""
    dice = Dice("arrival", number)
    country = dice.weighted(COUNTRIES)
    created_at = working_instant(epoch_day, country, dice)
    channel = arriving_channel(created_at, dice)
    company_size = dice.weighted(COMPANY_SIZES)
    team = Team(
        team_id=f"team_{number:04d}",
        number=number,
        created_at=created_at,
        channel=channel,
        country=country,
        company_size=company_size,
    )
    activation = ACTIVATION * ACTIVATION_BY_CHANNEL.get(channel, 1.0)
    if created_at >= midnight(ONBOARDING_RELEASE):
        activation *= ONBOARDING_LIFT
    if created_at < TRACKED_FROM:
        activation = 0.85
    team.is_activated = dice.chance(activation)
    team.seats = dice.whole(*SEATS[company_size])
    team.intensity = dice.heavy(0.55, most=7)
    team.is_annual = dice.chance(0.2)
    team.billed_at = created_at + 14 * DAY
    team.plans.append((created_at, "trial"))
    if number % SHARED_DEVICE_EVERY == 5:
        team.shared_device = Device(f"dev_shared_{number:04d}", "web")
    return team


def new_member(world: World, team: Team, joined_at: int, dice: Dice) -> Member:
    """A person who joins a team, with devices and, for a few, a complicated life."""
    number = len(world.members) + 1
    devices = {Device("dev_" + dice.token(), "web"): 0.78}
    if dice.chance(0.35):
        devices[Device("dev_" + dice.token(), dice.pick(("ios", "android")))] = 0.22
    if team.shared_device:
        devices[team.shared_device] = 0.25
    if number % KIOSK_EVERY == 11:
        devices[Device("dev_kiosk", "web")] = 0.15
    user_id = f"user_{number:05d}"
    member = Member(
        number=number,
        user_id=user_id,
        team=team,
        joined_at=joined_at,
        persona=dice.weighted(PERSONAS),
        weight=dice.heavy(0.5, most=6),
        devices=devices,
    )
    older = world.teams[: team.number - 1]
    settled = joined_at + int(dice.between(40, 160) * DAY)
    if older and number % MOVED_EVERY == 7:
        member.second_team = dice.pick(older)
        member.second_team_from = settled
    elif older and number % CONSULTANT_EVERY == 9:
        member.second_team = dice.pick(older)
        member.second_team_from = joined_at
        member.second_team_share = 0.4
    elif number % REREGISTERED_EVERY == 13:
        reregister(world, member, settled, dice)
    world.members.append(member)
    team.members.append(member)
    return member


def reregister(world: World, member: Member, at: int, dice: Dice) -> None:
    """The person returns under another email, some twice; support links the ids."""
    moments = [at, at + 60 * DAY] if dice.chance(0.15) else [at]
    before = member.user_id
    for number, moment in enumerate(moments, start=2):
        if moment >= EXPORTED_AT:
            return
        after = f"{member.user_id}_{number}"
        member.user_ids.append((moment, after))
        linked_at = moment + int(dice.between(0.1, 45) * DAY)
        if linked_at < EXPORTED_AT:
            link = IdentityLink(before, after, linked_at, "registered_again")
            world.links.append(link)
        before = after


# --- A team's life -------------------------------------------------------------------


def live(world: World, team: Team) -> None:
    """One team from its first day to the export, a week of its own at a time."""
    dice = Dice("life", team.number)
    founder = found(world, team, dice)
    world.teams.append(team)
    for since in range(team.created_at // DAY * DAY, EXPORTED_AT, WEEK):
        age = (since - team.created_at // DAY * DAY) // WEEK
        days = [since // DAY + offset for offset in range(7)]
        bill(world, team, dice, until=since + WEEK)
        drift(world, team, dice, since, age)
        grow(world, team, dice, days, age)
        work(world, team, founder, dice, days, age)
        run_autopilot(world, team, dice, since)
        ask_for_help(world, team, dice, days)


def found(world: World, team: Team, dice: Dice) -> Member:
    """The founder finds the product, signs up and creates the team."""
    founder = new_member(world, team, team.created_at - 3 * MINUTE, dice)
    device = next(iter(founder.devices))
    touches = dice.whole(1, 4)
    span = dice.between(0.01, 12) * DAY
    for number in range(touches):
        channel = team.channel if number == 0 else dice.weighted(CHANNELS)
        at = founder.joined_at - 2 * MINUTE - int(span * (1 - number / touches))
        world.touch(device, at, dice, channel=channel, country=team.country)
    sign_up(world, founder, dice)
    world.report(team, "team.created", team.created_at, dice, user_id=founder.user_id)
    return founder


def sign_up(world: World, member: Member, dice: Dice) -> None:
    """The sign-up itself, again under each later user id, and what was consented."""
    for at, _ in [(member.joined_at, member.user_id), *member.user_ids]:
        world.track(member, "signed_up", at, dice)
    start, fate = member.joined_at, dice.roll()
    denied = fate < CONSENT_DENIED_SHARE
    withdrawn = not denied and fate < CONSENT_DENIED_SHARE + CONSENT_WITHDRAWN_SHARE
    status = "denied" if denied else "granted"
    end = start + int(dice.between(10, 200) * DAY) if withdrawn else None
    if end is not None and end >= EXPORTED_AT:
        end = None
    row = Consent("user", member.user_id, "analytics", status, start, end)
    world.consent.append(row)
    if end is not None:
        world.consent.append(
            row._replace(status="denied", valid_from=end, valid_to=None)
        )
    marketing = "granted" if dice.chance(0.6) else "denied"
    world.consent.append(
        row._replace(purpose="marketing", status=marketing, valid_to=None)
    )


def drift(world: World, team: Team, dice: Dice, since: int, age: int) -> None:
    """Teams fall asleep and wake up; people leave; autopilot is adopted."""
    is_paying = team.plan in PRICES
    if not team.is_awake:
        team.is_awake = dice.chance(0.02 if is_paying else 0.008)
        if team.is_awake and dice.chance(0.6):
            write_home(world, team, dice, since)
    elif team.is_activated and age > 0:
        hazard = 0.02 if age < 8 else 0.006
        hazard *= 1.0 if is_paying else 1.8
        if is_shocked(since) and is_paying:
            hazard *= PRICING_CHURN_FACTOR
        team.is_awake = not dice.chance(hazard)
    for member in team.members[1:]:
        if member.leaves_at == EXPORTED_AT and dice.chance(0.006):
            member.leaves_at = since
    launch = midnight(AUTOPILOT_LAUNCH)
    can_adopt = team.is_activated and team.is_awake and since > launch - WEEK
    if can_adopt and not team.has_autopilot:
        is_news = since < launch + 3 * WEEK
        adoption = AUTOPILOT_ADOPTION_AT_LAUNCH if is_news else AUTOPILOT_ADOPTION
        team.has_autopilot = dice.chance(adoption)


def is_shocked(at: int) -> bool:
    """Whether the pricing change is still being digested."""
    shock = midnight(PRICING_CHANGE)
    return shock <= at < shock + PRICING_SHOCK_DAYS * DAY


def write_home(world: World, team: Team, dice: Dice, since: int) -> None:
    """The email that woke a sleeping team."""
    founder = team.members[0]
    campaign = Campaign("lifecycle", "email", "come_back", None, "/login", "v2", False)
    at = since - int(dice.between(0.1, 3) * DAY)
    user_id = founder.user_id_at(at)
    add = world.add_touch
    add(next(iter(founder.devices)), at, dice, campaign, user_id)


def grow(world: World, team: Team, dice: Dice, days: list[int], age: int) -> None:
    """Invitations, most of them accepted within days."""
    present = team.active_members(days[0] * DAY)
    if not team.is_awake or len(present) >= team.seats:
        return
    if team.is_activated:
        mean = min(2.5, 0.2 * team.seats) if age < 4 else 0.03 * team.seats
    else:
        mean = 0.4 if age == 0 else 0.0
    for _ in range(min(dice.count(mean), team.seats - len(present))):
        host = dice.pick(present)
        at = max(
            working_instant(dice.pick(days), team.country, dice),
            host.joined_at + int(dice.between(5, 60) * MINUTE),
        )
        world.track(host, "teammate_invited", at, dice)
        joined_at = at + int(dice.between(0.02, 3) * DAY)
        if joined_at >= EXPORTED_AT or not dice.chance(0.75):
            continue
        member = new_member(world, team, joined_at, dice)
        device = next(iter(member.devices))
        world.view(
            device, joined_at - MINUTE, dice, country=team.country, page="/invited"
        )
        sign_up(world, member, dice)


def pace(team: Team, age: int) -> float:
    """How much a team works, against a common one."""
    if not team.is_activated:
        return 0.35 * 0.5**age if age < 8 else 0.0
    if not team.is_awake:
        return 0.01
    result = team.intensity * (0.7 if age == 0 else 1.0)
    return result * 0.6 if team.plan == "free" else result


def lift(team: Team, at: int) -> float:
    """What template suggestions do to a team's workflows at an instant."""
    is_shipped = at >= midnight(TEMPLATE_SHIPPED)
    is_tested = is_within(at, TEMPLATE_RUN)
    if is_shipped or (is_tested and variant(TEMPLATE_EXPERIMENT, team.team_id)):
        return TEMPLATE_LIFT
    return 1.0


@cache
def variant(experiment: str, entity_id: str) -> bool:
    """Whether an entity is treated. An even split, the same whenever asked."""
    return Dice("variant", experiment, entity_id).chance(0.5)


def work(
    world: World, team: Team, founder: Member, dice: Dice, days: list[int], age: int
) -> None:
    """The week's workflows of each member: the most there can be, then thinned."""
    rate = WORKFLOWS_A_WEEK * pace(team, age) * TEMPLATE_LIFT
    loads = {day: workload(day) for day in days}
    season = sum(loads.values()) / 7
    for member in team.active_members(days[0] * DAY):
        mean = rate * member.weight * season
        if age == 0 and member is founder and team.is_activated:
            is_new = team.created_at >= midnight(ONBOARDING_RELEASE)
            mean += 4.0 if is_new else 2.5  # setting up
        for _ in range(dice.count(mean)):
            at = working_instant(dice.weighted(loads), team.country, dice)
            if at < member.joined_at + 5 * MINUTE:
                at = member.joined_at + int(dice.between(5, 600) * MINUTE)
            if dice.chance(lift(team, at) / TEMPLATE_LIFT):
                run_workflow(world, member, at, dice)


def run_workflow(world: World, member: Member, at: int, dice: Dice) -> None:
    """One workflow from its start to its end."""
    if at >= EXPORTED_AT:
        return
    team = member.team_at(at, dice)
    expose(team, member, at)
    feature = dice.weighted(FEATURES)
    workflow_id = f"wf_{team.number}_{dice.whole(1, 30)}"
    started_at = at - int(dice.between(1, 50) * MINUTE)
    if started_at > member.joined_at + MINUTE:
        if dice.chance(0.12):
            viewed_at = started_at - 20 * SECOND
            world.track(member, "page_viewed", viewed_at, dice, page="/workflows")
        if dice.chance(0.07):
            world.track(
                member, "template_used", started_at - SECOND, dice, feature=feature
            )
        if dice.chance(0.22):
            world.track(
                member,
                "workflow_created",
                started_at,
                dice,
                workflow_id=workflow_id,
                feature=feature,
            )
    world.track(
        member,
        "workflow_completed",
        at,
        dice,
        workflow_id=workflow_id,
        feature=feature,
    )
    if dice.chance(0.18):
        viewed_at = at + int(dice.between(1, 90) * MINUTE)
        world.track(member, "report_viewed", viewed_at, dice, workflow_id=workflow_id)
    if dice.chance(0.012):
        user_id = member.user_id_at(at)
        world.report(team, "integration.connected", at, dice, user_id=user_id)


def expose(team: Team, member: Member, at: int) -> None:
    """First exposure to the experiments that run."""
    if member.is_staff:
        return
    if is_within(at, TEMPLATE_RUN):
        team.exposed_at = min(at, team.exposed_at or at)
    if is_within(at, BANNER_RUN):
        member.exposed_at = min(at, member.exposed_at or at)


def bill(world: World, team: Team, dice: Dice, until: int) -> None:
    """The trial's end, then a cycle of 30 days: renewals or second thoughts."""
    if team.subscription is None and not team.cycles and team.plan == "trial":
        change_subscription(world, team, team.created_at, "trial", "trial", 0)
    while team.billed_at < min(until, EXPORTED_AT):
        at = team.billed_at
        team.billed_at += 30 * DAY
        if team.plan in PRICES:
            renew(world, team, dice, at)
        else:
            decide(world, team, dice, at)


def change_subscription(
    world: World, team: Team, at: int, status: str, plan: str, mrr: float
) -> None:
    """Ends the interval that is open and, unless the plan is free, opens the next."""
    if team.subscription:
        world.subscriptions.append(team.subscription._replace(ended_at=at))
    team.subscription = None
    if plan != "free":
        team.subscription = Subscription(
            team.team_id, status, plan, mrr, "GBP", started_at=at, ended_at=None
        )
    if plan != team.plan:
        team.plans.append((at, plan))


def monthly_price(team: Team, at: int) -> float:
    """What a team pays a month: two seats at least."""
    return round(max(2, len(team.active_members(at))) * team.seat_price, 2)


def decide(world: World, team: Team, dice: Dice, at: int) -> None:
    """A team on trial, or on the free plan, buys or does not."""
    is_trial = team.plan == "trial"
    probability = 0.0
    if team.is_activated and team.is_awake:
        probability = 0.62 if is_trial else 0.06
    elif is_trial:
        probability = 0.03
    if at >= midnight(PRICING_CHANGE):
        probability *= PRICING_TRIAL_FACTOR
    if not dice.chance(probability):
        if is_trial:
            change_subscription(world, team, at, "free", "free", 0)
        return
    is_small = team.company_size in ("1-10", "11-50")
    plans = {"starter": 0.6, "growth": 0.35, "scale": 0.05}
    plan = dice.weighted(plans if is_small else {"growth": 0.6, "scale": 0.4})
    team.seat_price = list_price(plan, at)
    team.cycles = 0
    change_subscription(world, team, at, "paid", plan, monthly_price(team, at))
    charge(world, team, dice, at)


def list_price(plan: str, at: int) -> float:
    """The price of a seat for those who buy at an instant."""
    factor = PRICING_LIST_FACTOR if at >= midnight(PRICING_CHANGE) else 1.0
    return round(PRICES[plan] * factor, 2)


def renew(world: World, team: Team, dice: Dice, at: int) -> None:
    """A subscription ends, or goes on with the seats and the plan of the day."""
    team.cycles += 1
    ending = 0.008 if team.is_awake else 0.3
    if is_shocked(at):
        ending *= PRICING_CHURN_FACTOR
    if dice.chance(ending):
        change_subscription(world, team, at, "free", "free", 0)
        return
    plan, roll = team.plan, dice.roll()
    upgrading = 0.03
    if at >= midnight(PRICING_CHANGE):
        upgrading *= PRICING_UPGRADE_FACTOR
    if team.is_awake and roll < upgrading and plan in UPGRADES:
        plan = UPGRADES[plan]
        team.seat_price = list_price(plan, at)
    elif roll > 0.995 and plan != "starter":
        plan = "growth" if plan == "scale" else "starter"
        team.seat_price = list_price(plan, at)
    mrr = monthly_price(team, at)
    if team.subscription is None or (plan, mrr) != (team.plan, team.subscription.mrr):
        change_subscription(world, team, at, "paid", plan, mrr)
    charge(world, team, dice, at)


def charge(world: World, team: Team, dice: Dice, at: int) -> None:
    """The invoice of a cycle (of a year for a few), and now and then its refund."""
    if team.is_annual and team.cycles % 12:
        return
    amount = monthly_price(team, at) * (10 if team.is_annual else 1)
    world.invoices += 1
    invoice_id = f"in_{world.invoices:06d}"
    paid_at = at + int(dice.between(1, 30) * MINUTE)
    world.report(
        team, "invoice.paid", paid_at, dice, invoice_id=invoice_id, amount=amount
    )
    if not dice.chance(0.032 if is_shocked(at) else 0.016):
        return
    days = dice.between(31, 55) if dice.chance(0.1) else dice.between(0.2, 28)
    refunded = amount / 2 if dice.chance(0.2) else amount
    for _ in range(2 if dice.chance(0.08) else 1):  # some refunds are sent twice
        world.report(
            team,
            "invoice.refunded",
            paid_at + int(days * DAY),
            dice,
            invoice_id=invoice_id,
            amount=refunded,
        )
        days += 0.01


def run_autopilot(world: World, team: Team, dice: Dice, since: int) -> None:
    """Scheduled runs: at any hour, many around midnight, with no user on the event."""
    if not (team.has_autopilot and team.is_awake):
        return
    for _ in range(dice.count(AUTOPILOT_RUNS_A_WEEK * min(3.0, team.intensity + 0.4))):
        hour = dice.pick((21, 22, 23, 23)) if dice.chance(0.3) else dice.whole(0, 23)
        at = since + dice.whole(0, 6) * DAY + hour * HOUR + dice.whole(0, 59) * MINUTE
        if at < max(team.created_at, midnight(AUTOPILOT_LAUNCH)):
            continue
        world.report(
            team,
            "workflow.completed",
            at + int(dice.roll() * MINUTE),
            dice,
            workflow_id=f"wf_{team.number}_{dice.whole(1, 30)}",
            feature="autopilot",
        )


def ask_for_help(world: World, team: Team, dice: Dice, days: list[int]) -> None:
    """The week's contacts with the help desk."""
    present = team.active_members(days[0] * DAY)
    mean = 0.022 * len(present) if team.is_awake else 0.002
    if is_shocked(days[0] * DAY):
        mean *= PRICING_SUPPORT_FACTOR
    for _ in range(dice.count(mean)):
        member = dice.pick(present)
        at = working_instant(dice.pick(days), team.country, dice)
        if at > member.joined_at:
            user_id = member.user_id_at(at)
            topic = dice.weighted(TOPICS)
            world.report(
                team, "support.contacted", at, dice, user_id=user_id, topic=topic
            )


# --- Everybody else ------------------------------------------------------------------


def visit(world: World) -> None:
    """Devices that look at the site and never sign up; some without any id."""
    dice = Dice("visitors")
    days = arrival_days(world.scaled(VISITORS), dice)
    for epoch_day in days:
        platform = dice.weighted({"web": 0.7, "ios": 0.17, "android": 0.13})
        device = Device("dev_" + dice.token(), platform)
        country = dice.weighted(COUNTRIES)
        at = working_instant(epoch_day, country, dice)
        channel = arriving_channel(at, dice)
        world.touch(device, at, dice, channel=channel, country=country)
        for _ in range(dice.count(1.3)):
            at += int(dice.between(0.2, 30) * MINUTE)
            page = dice.pick(("/pricing", "/features", "/blog/handoffs", "/about"))
            world.view(device, at, dice, country=country, page=page)
        world.visitors.append(device)
        if dice.chance(0.1):
            status = "granted" if dice.chance(0.6) else "denied"
            since = at - HOUR
            row = Consent(
                "anonymous", device.device_id, "analytics", status, since, None
            )
            world.consent.append(row)


def crawl(world: World) -> None:
    """Crawlers: some say what they are, one does not; and customers' scripts."""
    dice = Dice("crawlers")
    for week in range(WEEKS):
        since = TRACKED_FROM + week * WEEK
        for _ in range(world.scaled(CRAWLER_VIEWS_A_WEEK)):
            device = Device(f"dev_crawler_{dice.whole(1, 4)}", "web")
            at = since + int(dice.roll() * WEEK)
            world.view(device, at, dice, country="US", page="/pricing", is_bot=True)
        for _ in range(world.scaled(CRAWLER_VIEWS_A_WEEK // 2)):
            at = since + int(dice.roll() * WEEK)
            device = Device("dev_crawler_unflagged", "web")
            world.view(device, at, dice, country="US", page="/features")
    exclude(world, "anonymous", "dev_crawler_unflagged", "bot", "no user agent")
    for team in world.teams:
        if team.number % SCRIPTED_TEAM_EVERY != 20:
            continue
        for number in range(12 * 30):
            at = team.created_at + DAY + number * (WEEK // 12)
            workflow_id = f"wf_{team.number}_script"
            founder = team.members[0]
            world.track(
                founder,
                "workflow_completed",
                at,
                dice,
                workflow_id=workflow_id,
                feature="forms",
                is_bot=True,
            )


def exclude(
    world: World,
    id_type: str,
    id_: str,
    reason: str,
    note: str,
    since: int | None = None,
    until: int | None = None,
) -> None:
    """Keep an id from counting, for ever or for a time."""
    world.exclusions.append(Exclusion(id_type, id_, reason, since, until, note))


def employ(world: World) -> None:
    """Staff at work, in their own team and inside customers' teams."""
    dice = Dice("staff")
    office = Team("team_hq", 0, TRACKED_FROM, "direct", "GB", "11-50")
    office.plans.append((TRACKED_FROM, "scale"))
    for number in range(1, world.scaled(STAFF, at_least=3) + 1):
        member = Member(
            number=0,
            user_id=f"staff_{number:02d}",
            team=office,
            joined_at=TRACKED_FROM,
            persona=dice.weighted(PERSONAS),
            weight=1.0,
            devices={Device(f"dev_staff_{number:02d}", "web"): 1.0},
            is_staff=True,
        )
        exclude(world, "user", member.user_id, "internal", "employee")
        for week in range(WEEKS):
            for _ in range(dice.count(4)):
                day = TRACKED_FROM // DAY + 7 * week + dice.whole(0, 4)
                at = working_instant(day, "GB", dice)
                host = dice.pick(world.teams)
                is_visit = dice.chance(0.3) and host.created_at < at
                member.second_team = host if is_visit else None
                run_workflow(world, member, at, dice)
    for member in world.members[40:45:4]:
        since = member.joined_at + 20 * DAY
        note = "customer's employee on a contract with us"
        exclude(
            world, "user", member.user_id, "internal", note, since, since + 90 * DAY
        )


def outsider(world: World, name: str, created_at: int, people: int) -> Team:
    """A team that is no customer, with members who share one device."""
    team = Team(f"team_{name}", 0, created_at, "direct", "GB", "1-10")
    team.plans.append((created_at, "trial"))
    for number in range(1, people + 1):
        member = Member(
            number=0,
            user_id=f"{name}_{number}",
            team=team,
            joined_at=created_at + number * MINUTE,
            persona="operations",
            weight=1.0,
            devices={Device(f"dev_{name.partition('_')[0]}", "web"): 1.0},
        )
        team.members.append(member)
    return team


def cheat(world: World) -> None:
    """A ring of false teams that farms trial credits for three weeks."""
    dice = Dice("fraud")
    for number in range(1, FRAUD_TEAMS + 1):
        created_at = midnight(FRAUD_ON) + number * 2 * HOUR
        team = outsider(world, f"fraud_{number}", created_at, FRAUD_USERS_EACH)
        founder = team.members[0]
        world.report(team, "team.created", created_at, dice, user_id=founder.user_id)
        for member in team.members:
            world.track(member, "signed_up", member.joined_at, dice)
            for _ in range(40):
                at = member.joined_at + int(dice.between(0.01, 21) * DAY)
                workflow_id = f"wf_fraud_{number}"
                world.track(
                    member, "workflow_completed", at, dice, workflow_id=workflow_id
                )
        exclude(world, "account", team.team_id, "fraud", "trial credit ring")


def rehearse(world: World) -> None:
    """Test accounts, of which billing knows that they are not live, and a sandbox."""
    dice = Dice("rehearsals")
    names = [f"qa_{number}" for number in range(1, QA_TEAMS + 1)] + ["sandbox_1"]
    for name in names:
        created_at = TRACKED_FROM + 30 * HOUR
        team = outsider(world, name, created_at, people=1)
        is_live = name.startswith("sandbox")
        world.report(team, "team.created", created_at, dice, is_live=is_live)
        for week in range(WEEKS):
            since = created_at + week * WEEK
            for _ in range(dice.count(5)):
                at = since + int(dice.roll() * 4 * DAY)
                world.track(team.members[0], "workflow_completed", at, dice)
            if week % 4 == 0 and not is_live:
                world.report(
                    team,
                    "invoice.paid",
                    since,
                    dice,
                    invoice_id=f"in_{name}_{week}",
                    amount=1.0,
                    is_live=False,
                )
        reason, note = (
            ("other", "partner's") if is_live else ("test", "automated tests")
        )
        exclude(world, "account", team.team_id, reason, note)


def work_nights(world: World) -> None:
    """The oldest team runs a workflow every half hour while clocks change."""
    dice = Dice("nights")
    founder = world.teams[0].members[0]
    for change in clock_changes():
        for half_hour in range(-6, 7):
            at = change + half_hour * HOUR // 2 + int(dice.roll() * MINUTE)
            workflow_id = "wf_1_night"
            world.track(
                founder, "workflow_completed", at, dice, workflow_id=workflow_id
            )


def link_devices(world: World) -> None:
    """An explicit link of a shared device, and a script that linked far too much."""
    for team in world.teams:
        if team.shared_device and len(team.members) > 1:
            owner, device_id = team.members[1], team.shared_device.device_id
            at = owner.joined_at + 30 * DAY
            if at < EXPORTED_AT:
                link = IdentityLink(device_id, owner.user_id, at, "asked_by_team")
                world.links.append(link)
                break
    at = midnight(date(2026, 1, 20)) + 11 * HOUR
    for number, device in enumerate(world.visitors[:RUNAWAY_LINKS]):
        link = IdentityLink(
            device.device_id, "support_mailbox", at + number * SECOND, "ticket_import"
        )
        world.links.append(link)


def forget(world: World) -> None:
    """A few members and visitors ask to be forgotten."""
    dice = Dice("erasure")
    for member in world.members:
        if member.number % ERASURE_EVERY == 77:
            seen_at = max(member.joined_at, TRACKED_FROM)
            requested_at = seen_at + int(dice.between(30, 150) * DAY)
            requested_at = min(requested_at, EXPORTED_AT - DAY)
            row = ErasureRequest("user", member.user_id_at(requested_at), requested_at)
            world.erasures.append(row)
    for device in world.visitors[70::5000]:
        at = EXPORTED_AT - 30 * DAY
        world.erasures.append(ErasureRequest("anonymous", device.device_id, at))


def record_exposures(world: World) -> None:
    """First exposures, and the few units that saw both variants."""
    names = ("control", "treatment")
    rows = world.exposures
    for team in world.teams:
        if team.exposed_at is not None:
            name = names[variant(TEMPLATE_EXPERIMENT, team.team_id)]
            id_, at = team.team_id, team.exposed_at
            rows.append(Exposure(TEMPLATE_EXPERIMENT, name, "team", id_, at))
    seen = [member for member in world.members if member.exposed_at is not None]
    for number, member in enumerate(seen):
        at = member.exposed_at or 0
        treated = variant(BANNER_EXPERIMENT, member.user_id)
        row = Exposure(
            BANNER_EXPERIMENT, names[treated], "user", member.user_id_at(at), at
        )
        rows.append(row)
        if number % SEEN_IN_BOTH_EVERY == 9:
            second = row._replace(variant=names[not treated], exposed_at=at + DAY)
            rows.append(second)


# --- Tables that are not about people ------------------------------------------------


def history_days() -> Iterator[tuple[date, float]]:
    """Each day of the history, and how far through it the day lies (0 to 1)."""
    days = (LAST_DAY - FIRST_DAY).days
    for offset in range(days + 1):
        yield FIRST_DAY + timedelta(days=offset), offset / days


def spend_rows(share: float) -> list[Spend]:
    """What marketing spends a day: it grows with the arrivals, less at weekends."""
    dice = Dice("spend")
    rows = []
    for day, progress in history_days():
        growth = (1 + (WEEKLY_ARRIVALS_GROW_BY - 1) * progress) * share
        weekday = 0.4 if day.weekday() > 4 else 1.0
        daily = {"paid_search": 120.0, "paid_social": 95.0, "partner": 30.0}
        if is_within(midnight(day), PAID_SOCIAL_PUSH):
            daily["paid_social"] *= PAID_SOCIAL_PUSH_FACTOR
        for channel, amount in daily.items():
            spent = amount * growth * weekday * dice.between(0.85, 1.15)
            rows.append(Spend(day, channel, round(spent, 2), "GBP"))
        if day.month in (3, 9) and day.day == 18:
            rows.append(Spend(day, "event", round(6_500 * share, 2), "GBP"))
    return rows


def signal_rows() -> list[Signal]:
    """Operations by day: latency by region, uptime, mail delivery, satisfaction."""
    dice = Dice("signals")
    rows = []
    for day, progress in history_days():
        at = midnight(day)
        is_slow = is_within(at, SLOW_WEEK)
        for region, base in (("eu", 380.0), ("us", 450.0)):
            latency = base * (1 + 0.1 * progress) * dice.between(0.93, 1.07)
            latency *= SLOW_WEEK_FACTOR if is_slow else 1.0
            rows.append(
                Signal("latency_p95_ms", day, round(latency, 1), None, None, region)
            )
        minutes_up = 1440 - dice.count(0.2) - (dice.whole(15, 60) if is_slow else 0)
        sent = 400 + int(2600 * progress) + dice.whole(0, 80)
        delivered = sent - dice.count(sent * 0.008)
        answers = 4 + int(14 * progress) + dice.count(3)
        satisfied = 0.8 if is_slow else 0.86 if is_shocked(at) else 0.93
        pleased = sum(dice.chance(satisfied) for _ in range(answers))
        for name, part, whole in (
            ("uptime", minutes_up, 1440),
            ("email_deliverability", delivered, sent),
            ("csat", pleased, answers),
        ):
            rows.append(Signal(name, day, round(part / whole, 6), part, whole, None))
    return rows


def annotation_rows() -> list[Annotation]:
    """What people wrote down at the time."""
    notes: list[tuple[date, str, str, str, str, str]] = [
        (
            AUTOPILOT_LAUNCH,
            NORTH_STAR,
            "Autopilot is out: the server runs workflows on a schedule.",
            "Priya",
            "Watch whether adopters keep their manual workflows.",
            "product",
        ),
        (
            ONBOARDING_RELEASE,
            "new_teams",
            "New onboarding: a ready workflow in the first session.",
            "Tom",
            "Compare activation of the cohorts before and after.",
            "growth",
        ),
        (
            PAID_SOCIAL_PUSH[0],
            "new_teams",
            "Four weeks of paid social at five times the budget.",
            "Marta",
            "Judge by teams that activate, not by sign-ups.",
            "marketing",
        ),
        (
            SLOW_WEEK[0],
            "support_contacts",
            "A deploy doubled latency; found late.",
            "Ines",
            "Add a latency budget to the release check.",
            "engineering",
        ),
        (
            FRAUD_ON + timedelta(days=20),
            NORTH_STAR,
            "Five teams of a trial credit ring found and excluded.",
            "Ines",
            "Limit runs on trial.",
            "engineering",
        ),
        (
            date(2025, 12, 22),
            NORTH_STAR,
            "Christmas: two quiet weeks.",
            "Priya",
            "Compare with January, not with December.",
            "product",
        ),
        (
            PRICING_CHANGE,
            "invoiced_revenue",
            "New prices for new subscriptions and upgrades.",
            "Marta",
            "Review upgrades and cancellations after six weeks.",
            "commercial",
        ),
        (
            PRICING_CHANGE + timedelta(days=49),
            NORTH_STAR,
            "Growth has stopped since the pricing change; paying teams leave.",
            "Priya",
            "Offer the old price to teams that left.",
            "commercial",
        ),
        (
            TEMPLATE_RUN[0],
            "workflows_completed",
            "Experiment template_suggestions started.",
            "Tom",
            "Read out on 27 April, not before.",
            "growth",
        ),
        (
            OUTAGE_DAYS[1],
            "weekly_active_members",
            "Web tracking was down from the 14th 00:00 to the 15th 12:00 UTC.",
            "Ines",
            "The rows are lost: mark the week in every chart.",
            "data",
        ),
        (
            TEMPLATE_SHIPPED,
            "workflows_completed",
            "Template suggestions shipped to every team.",
            "Tom",
            "Check the level four weeks on.",
            "growth",
        ),
    ]
    return [
        Annotation(midnight(day) + 16 * HOUR, metric, note, author, next_step, owner)
        for day, metric, note, author, next_step, owner in notes
    ]


def target_rows(share: float) -> list[Target]:
    """The plan for the North Star: a straight line from 40 to 520 teams a week."""
    last = WEEKS - 1
    return [
        Target(
            NORTH_STAR,
            FIRST_DAY + timedelta(weeks=week),
            round((40 + 480 * week / last) * share),
        )
        for week in range(WEEKS)
    ]


# --- Delivery: what becomes of an event on its way -----------------------------------


def loaded(at: int, late_share: float, dice: Dice) -> int:
    """When a row reaches the warehouse: within minutes, or hours to days late."""
    if dice.chance(late_share):
        return at + int(dice.between(*LATE_HOURS) * HOUR)
    batch = 10 * MINUTE
    return (at // batch + 1) * batch + int(dice.roll() * 90 * SECOND)


def copied(dice: Dice) -> int:
    """How much later the copy of a row is loaded."""
    return int(dice.between(3, 90) * (HOUR if dice.chance(0.1) else MINUTE))


def deliver_app(events: list[AppEvent]) -> list[AppEvent]:
    """App events as the export holds them, in the order in which they were loaded."""
    dice = Dice("delivery", "app")
    rows: list[AppEvent] = []
    for event in sorted(events, key=lambda event: (event.created_at, event.event_id)):
        at = event.created_at or 0
        if event.platform == OUTAGE_PLATFORM and OUTAGE[0] <= at < OUTAGE[1]:
            continue
        loaded_at = loaded(at, LATE_SHARE[event.platform or ""], dice)
        row = event._replace(loaded_at=loaded_at)
        fate = dice.roll()
        for share, broken in (
            (MISSING_ID_SHARE, {"event_id": None}),
            (MISSING_TIME_SHARE, {"created_at": None}),
            (CLOCK_AHEAD_SHARE, {"created_at": loaded_at + dice.whole(1, 70) * HOUR}),
            (CLOCK_RESET_SHARE, {"created_at": at % DAY}),
        ):
            if 0 <= fate < share:
                row = row._replace(**broken)
            fate -= share
        is_visit = event.user_id is None and event.event == "page_viewed"
        if is_visit and dice.chance(COOKIELESS_SHARE):
            row = row._replace(device_id=None)
        rows.append(row)
        if dice.chance(DUPLICATE_SHARE["app"]):
            copy = row._replace(loaded_at=loaded_at + copied(dice))
            if dice.chance(CONFLICT_SHARE):
                copy = copy._replace(created_at=at + dice.whole(1, 4_000))
            rows.append(copy)
    rows = [row for row in rows if (row.loaded_at or 0) < EXPORTED_AT]
    return sorted(rows, key=lambda row: (row.loaded_at, row.event_id or ""))


def deliver_server(events: list[ServerEvent]) -> list[ServerEvent]:
    """Server events as the export holds them, in the order in which they arrived."""
    dice = Dice("delivery", "server")
    rows: list[ServerEvent] = []
    for event in sorted(events, key=lambda event: (event.emitted_at, event.id)):
        received_at = loaded(event.emitted_at or 0, LATE_SHARE["server"], dice)
        row = event._replace(received_at=received_at)
        rows.append(row)
        if dice.chance(DUPLICATE_SHARE["server"]):
            copy = row._replace(received_at=received_at + copied(dice))
            if dice.chance(CONFLICT_SHARE):
                copy = copy._replace(plan=None)
            rows.append(copy)
    rows = [row for row in rows if (row.received_at or 0) < EXPORTED_AT]
    return sorted(rows, key=lambda row: (row.received_at, row.id))


# --- The whole -----------------------------------------------------------------------


def build(is_small: bool = False) -> dict[str, Sequence[tuple[Any, ...]]]:
    """All raw tables, each a list of rows."""
    share = SMALL_SHARE if is_small else 1.0
    world = World(share)
    older = world.scaled(TEAMS_BEFORE_TRACKING)
    dice = Dice("founding")
    first = TRACKED_FROM // DAY
    early = sorted(first - dice.whole(3, 220) for _ in range(older))
    newer = arrival_days(world.scaled(TEAMS) - older, dice)
    say(f"{older + len(newer)} teams")
    for number, epoch_day in enumerate(early + newer, start=1):
        live(world, new_team(world, number, epoch_day))
        if number % 250 == 0:
            say(f"  {number} teams lived, {len(world.app)} app events")
    for team in world.teams:
        if team.subscription:
            world.subscriptions.append(team.subscription)
    for happen in (visit, crawl, employ, cheat, rehearse, work_nights):
        happen(world)
    link_devices(world)
    forget(world)
    record_exposures(world)
    say("delivering events")
    return {
        "raw_app_events": deliver_app(world.app),
        "raw_server_events": deliver_server(world.server),
        "raw_subscriptions": before_export(world.subscriptions, "started_at"),
        "raw_identity_links": before_export(world.links, "linked_at"),
        "raw_exclusions": world.exclusions,
        "raw_consent": before_export(world.consent, "valid_from"),
        "raw_erasure_requests": before_export(world.erasures, "requested_at"),
        "raw_touches": before_export(world.touches, "touched_at"),
        "raw_spend": spend_rows(share),
        "raw_signals": signal_rows(),
        "raw_exposures": before_export(world.exposures, "exposed_at"),
        "raw_annotations": annotation_rows(),
        "raw_targets": target_rows(share),
    }


def before_export(rows: Iterable[T], column: str) -> list[T]:
    """The rows known at the export, in the order of a column."""
    known = (row for row in rows if getattr(row, column) < EXPORTED_AT)
    return sorted(known, key=lambda row: getattr(row, column))


@cache
def day_text(epoch_day: int) -> str:
    """A day since 1970 as ISO 8601 text."""
    return date.fromordinal(EPOCH + epoch_day).isoformat()


def instant_text(at: int | None) -> str | None:
    """An instant as ISO 8601 text."""
    if at is None:
        return None
    epoch_day, left = divmod(at, DAY)
    seconds, millisecond = divmod(left, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    clock = f"{hour:02d}:{minute:02d}:{second:02d}.{millisecond:03d}"
    return f"{day_text(epoch_day)}T{clock}Z"


FLAG_TEXT = {None: None, True: "true", False: "false"}


def write_table(
    path: Path, columns: Mapping[str, str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """A table as CSV; null is the empty text."""
    types = list(columns.values())
    instants = [place for place, type_ in enumerate(types) if type_ == "timestamp"]
    flags = [place for place, type_ in enumerate(types) if type_ == "boolean"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            cells = list(row)
            for place in instants:
                cells[place] = instant_text(cells[place])
            for place in flags:
                cells[place] = FLAG_TEXT[cells[place]]
            writer.writerow(cells)


def say(text: str) -> None:
    """Report progress."""
    sys.stderr.write(text + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the raw tables, as the command line asks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the CSVs")
    parser.add_argument("--small", action="store_true", help="a twentieth, for tests")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    tables = build(is_small=options.small)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        write_table(options.out / f"{name}.csv", TABLES[name], rows)
        say(f"  {name}: {len(rows)} rows")
    say(f"done in {time.monotonic() - started:.1f} s: {options.out}")


if __name__ == "__main__":
    main()
