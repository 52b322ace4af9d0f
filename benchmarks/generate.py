"""Writes the events of an invented product, as an event pipeline has loaded them.

    python benchmarks/generate.py --events 1e7 --out events_10m.duckdb

The file gets two tables with the same 24 columns, one row a delivered event, in the
order of `loaded_at`:

- `raw.events`: two years, 1 January 2024 to 30 December 2025, about `--events` rows;
- `raw.more_events`: what the loader delivers on 31 December 2025, late events of
  earlier days and copies of earlier events among them. `--more-days` makes it the last
  so many days.

Who is in it: users who sign up and come back ever less often, with a heavy tail of
those who stay; visitors who never sign up; bots. A session is a burst of events seconds
apart, before and after login. Accounts are of skewed size. What is wrong with it: half
a percent of the events is delivered twice, a tenth of those copies with another
content; one percent is loaded 1 to 10 days late; one in ten thousand has a clock that
is hours ahead.

Every choice is a hash of an id, the seed and the name of the choice. So one seed gives
the same rows whatever the number of threads, as long as DuckDB's `hash` is the same.
Scratch tables lie beside the file and are removed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path

import duckdb

START = "timestamp '2024-01-01 00:00:00'"
DAYS = 731  # the last one is the one more day
END = "timestamp '2026-01-01 00:00:00'"

SIGNED_UP, TEAM_CREATED, ORDER_PAID, ORDER_REFUNDED = 1, 2, 3, 4

# event: (share of a logged-in session, share of a logged-out one), in thousandths
EVENTS: dict[str, tuple[int, int]] = {
    "signed_up": (0, 0),  # once a user, in its first session
    "team_created": (0, 0),  # once an account, by its first user
    "order_paid": (10, 0),
    "order_refunded": (0, 0),  # after six percent of the orders
    "workflow_completed": (65, 0),
    "workflow_created": (18, 0),
    "report_viewed": (12, 0),
    "template_used": (5, 0),
    "invite_sent": (5, 0),
    "page_viewed": (330, 700),
    "screen_viewed": (160, 0),
    "button_clicked": (140, 100),
    "link_clicked": (60, 120),
    "search_performed": (50, 40),
    "item_opened": (40, 0),
    "list_filtered": (30, 0),
    "form_submitted": (15, 20),
    "notification_received": (15, 0),
    "notification_opened": (10, 0),
    "file_uploaded": (10, 0),
    "comment_added": (10, 0),
    "settings_changed": (5, 0),
    "video_played": (5, 20),
    "export_started": (5, 0),
}

USER, VISITOR, BOT = 0, 1, 2
EVENTS_PER_SESSION = {USER: 12.0, VISITOR: 4.5, BOT: 10.0}
CHUNK = 1_500_000  # rows widened and sorted at once; bounds the memory


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--events", type=float, required=True, help="about how many rows, such as 1e7"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--more-days", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="a DuckDB file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-limit", default="4GiB")
    arguments = parser.parse_args()
    if arguments.events < 1000:
        parser.error(f"--events is {arguments.events:g}; it takes 1000 or more")
    started = time.perf_counter()
    events, more = generate(
        int(arguments.events),
        arguments.out,
        seed=arguments.seed,
        more_days=arguments.more_days,
        threads=arguments.threads,
        memory_limit=arguments.memory_limit,
    )
    seconds = time.perf_counter() - started
    sys.stderr.write(
        f"{arguments.out}: {events:,} rows in raw.events, {more:,} in raw.more_events, "
        f"{seconds:.1f} seconds\n"
    )


def generate(
    events: int,
    out: Path,
    seed: int = 1,
    more_days: int = 1,
    threads: int = 2,
    memory_limit: str = "4GiB",
) -> tuple[int, int]:
    """Write about `events` rows to `out`, replacing it.

    Returns the numbers of rows of raw.events and raw.more_events.
    """
    scratch = out.with_suffix(".scratch")
    for path in (out, scratch):
        path.unlink(missing_ok=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(str(out))
    try:
        con.execute(f"set threads = {threads}")
        con.execute(f"set memory_limit = '{memory_limit}'")
        con.execute(f"attach '{scratch}' as scratch")
        for statement in _dimensions(events, seed):
            con.execute(statement)
        for statement in _happenings(seed):
            con.execute(statement)
        con.execute("create schema raw")
        con.execute("begin")  # large inserts of one transaction skip the log
        con.execute(f"create table raw.events as {_wide(seed, 0, 0)}")
        days = DAYS - more_days
        chunk_days = max(1, DAYS * CHUNK // events)
        for first in range(0, days, chunk_days):
            last = min(first + chunk_days, days)
            con.execute(f"insert into raw.events {_wide(seed, first, last)}")
        con.execute(f"create table raw.more_events as {_wide(seed, days, DAYS)}")
        con.execute("commit")
        con.execute("detach scratch")
        con.execute("checkpoint")
        counted = con.execute(
            "select (select count(*) from raw.events), "
            "(select count(*) from raw.more_events)"
        ).fetchall()[0]
        return counted[0], counted[1]
    finally:
        con.close()
        for path in (scratch, scratch.with_name(scratch.name + ".wal")):
            path.unlink(missing_ok=True)


class _Chance:
    """Evenly spread numbers in [0, 1), one for each id and named choice."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, choice: str, number: str) -> str:
        """SQL of the number that the whole number `number` draws for this choice."""
        digest = hashlib.sha256(f"{self.seed}:{choice}".encode()).digest()
        salt = int.from_bytes(digest[:8], "big") >> 2
        return (
            f"(cast(hash(xor(cast({number} as bigint), cast({salt} as bigint))) >> 11 "
            "as double) / 9007199254740992)"
        )

    def uuid(self, kind: str, number: str) -> str:
        """SQL of a UUID, as text, for a whole number."""
        return f"cast(cast(md5('{self.seed}:{kind}:' || {number}) as uuid) as varchar)"


def _pick(values: list[str], chance: str) -> str:
    """SQL of one of the values, each as likely as it is often in the list."""
    listed = ", ".join("null" if v == "" else f"'{v}'" for v in values)
    return f"([{listed}])[1 + cast(floor({chance} * {len(values)}) as integer)]"


def _pick_kind(session: int, chance: str) -> str:
    """SQL of an event's number, by the shares of EVENTS."""
    numbers = [
        str(number)
        for number, shares in enumerate(EVENTS.values(), start=1)
        for _ in range(shares[session])
    ]
    if len(numbers) != 1000:
        raise ValueError(f"shares of EVENTS add up to {len(numbers)}, not 1000")
    listed = ", ".join(numbers)
    return f"([{listed}])[1 + cast(floor({chance} * 1000) as integer)]"


def _dimensions(events: int, seed: int) -> list[str]:
    """Statements for who is there: agents, persons, devices, accounts, sessions."""
    chance = _Chance(seed)
    # 0.5% copies come on top; persons are drawn until the sessions hold the rest
    wanted = events / 1.005
    means = ", ".join(str(EVENTS_PER_SESSION[kind]) for kind in (USER, VISITOR, BOT))
    return [
        # Agents 0 to 359 belong to people, 360 to 399 to bots.
        """
        create table scratch.agents as
        select
            n as agent_no,
            case
                when n >= 360 then 'Mozilla/5.0 (compatible; '
                    || (['Index', 'Uptime', 'Preview', 'Price'])[1 + n % 4]
                    || (['bot', 'spider', 'crawler'])[1 + n % 3]
                    || '/' || (1 + n % 9) || '.' || (n % 7)
                    || '; +https://robots.example.net/' || n || ')'
                when n % 5 < 3 then 'Mozilla/5.0 ('
                    || (['Windows NT 10.0; Win64; x64',
                         'Macintosh; Intel Mac OS X 10_15_7',
                         'X11; Linux x86_64'])[1 + n % 3]
                    || ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
                    || (60 + n // 5) || '.0.' || (4000 + n) || '.0 Safari/537.36'
                when n % 5 = 3 then 'Mozilla/5.0 (iPhone; CPU iPhone OS '
                    || (12 + n // 90) || '_' || (n % 7)
                    || ' like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) '
                    || 'Version/' || (12 + n // 90) || '.' || n
                    || ' Mobile/15E148 Safari/604.1'
                else 'Mozilla/5.0 (Linux; Android ' || (9 + n // 90) || '; Model '
                    || n || ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/'
                    || (80 + n // 9) || '.0.0.0 Mobile Safari/537.36'
            end as user_agent,
            case
                when n >= 360 then 'bot'
                when n % 5 < 3 then 'desktop'
                else 'mobile'
            end as device,
            case
                when n >= 360 then 'Linux'
                when n % 5 < 3 then (['Windows', 'macOS', 'Linux'])[1 + n % 3]
                when n % 5 = 3 then 'iOS'
                else 'Android'
            end as os
        from range(400) as numbers(n)
        """,
        # The most common agent is met a hundred times as often as a rare one.
        f"""
        create table scratch.persons as
        with
        drawn as (
            select
                n as person_no,
                case
                    when {chance("kind", "n")} < 0.336 then {USER}
                    when {chance("kind", "n")} < 0.9926 then {VISITOR}
                    else {BOT}
                end as kind
            from range({max(400, int(events / 20))}) as numbers(n)
        ),

        counted as (
            select
                person_no,
                kind,
                power({chance("arrival", "person_no")}, 0.9) as arrived,
                case kind
                    when {USER} then least(2500, 1 + cast(floor(
                        5 * (power(1 - {chance("sessions", "person_no")}, -0.6) - 1)
                    ) as integer))
                    when {VISITOR}
                        then 1 + cast({
            chance("sessions", "person_no")
        } < 0.25 as integer)
                    else 1 + cast(floor(20 * {
            chance("sessions", "person_no")
        }) as integer)
                end as sessions
            from drawn
        ),

        summed as (
            select
                *,
                sum(
                    4 * cast(kind = {USER} as integer)
                    + (1 + (sessions - 1) * cbrt(1 - arrived)) * ([{means}])[1 + kind]
                ) over (order by person_no) as events_so_far
            from counted
        )

        select
            person_no,
            kind,
            sessions,
            arrived,
            {chance.uuid("user", "person_no")} as user_id,
            case when kind = {USER} and {chance("has account", "person_no")} < 0.85
                then cast(floor(
                    {events / 96 / 6} * power({chance("account", "person_no")}, 2.5)
                ) as bigint)
            end as account_no,
            {
            _pick(
                ["US"] * 8
                + ["GB"] * 3
                + ["DE"] * 3
                + ["FR", "FR", "IN", "IN", "BR"]
                + ["CA", "NL", "ES", "AU", "JP", "PL", "SE", "IT", "MX"],
                chance("country", "person_no"),
            )
        } as country,
            kind = {USER} and {chance("internal", "person_no")} < 0.005 as is_internal
        from summed
        where events_so_far <= {wanted}
        """,
        f"""
        create table scratch.devices as
        select
            person_no,
            n as device_no,
            {chance.uuid("device", "person_no * 2 + n")} as anonymous_id,
            case
                when kind = {BOT}
                    then cast(
                        floor(360 + 40 * {chance("agent", "person_no")}) as integer
                    )
                else cast(floor(
                    360 * power({chance("agent", "person_no * 2 + n")}, 3)
                ) as integer)
            end as agent_no
        from scratch.persons cross join range(2) as numbers(n)
        where
            n = 0
            or (kind = 0 and {chance("second device", "person_no")} < 0.5)
        """,
        f"""
        create table scratch.accounts as
        select
            account_no,
            {chance.uuid("account", "account_no")} as account_id,
            arg_min(person_no, arrived) as founder_no,
            {
            _pick(
                ["free"] * 6 + ["team"] * 3 + ["business"], chance("plan", "account_no")
            )
        } as plan,
            {START} + to_days(cast(floor(
                900 * {chance("upgrade", "account_no")}
            ) as integer)) as upgraded_at
        from scratch.persons
        where account_no is not null
        group by account_no
        """,
        # Hours of the week have weights; a session's rank finds its hour.
        f"""
        create table scratch.hours as
        with weighted as (
            select
                {START} + to_hours(cast(n as integer)) as hour_at,
                ([1.1, 1.15, 1.1, 1.1, 1.0, 0.75, 0.8])[1 + (n // 24) % 7]
                * ([2, 1, 1, 1, 1, 2, 4, 7, 11, 14, 15, 14,
                    12, 14, 15, 14, 13, 11, 10, 10, 9, 7, 5, 3])[1 + n % 24] as weight
            from range({DAYS * 24}) as numbers(n)
        )

        select
            hour_at,
            weight / sum(weight) over () as width,
            coalesce(sum(weight) over (
                order by hour_at rows between unbounded preceding and 1 preceding
            ), 0) / sum(weight) over () as from_share
        from weighted
        """,
        # Who arrived comes back after the cube of an even number: often at first, then
        # rarely. A session in a hundred is on the device of the account's founder.
        f"""
        create table scratch.sessions as
        with
        visits as (
            select
                p.person_no,
                p.kind,
                p.account_no,
                n as visit_no,
                p.person_no * 4096 + n as visit,
                case
                    when n = 0 then p.arrived
                    else p.arrived
                        + power({chance("return", "p.person_no * 4096 + n")}, 3)
                end as at_share
            from scratch.persons as p cross join unnest(range(p.sessions)) as numbers(n)
        ),

        ranked as (
            select
                *,
                row_number() over (order by at_share, visit) - 1 as session_no,
                (row_number() over (order by at_share, visit) - 0.5)
                    / count(*) over () as at_rank
            from visits
            where at_share < 1
        ),

        placed as (
            select
                r.*,
                h.hour_at + to_milliseconds(cast(floor(
                    3600000 * (r.at_rank - h.from_share) / h.width
                ) as bigint)) as started_at
            from ranked as r asof join scratch.hours as h on r.at_rank >= h.from_share
        )

        select
            s.session_no,
            s.person_no,
            s.kind,
            s.visit_no,
            s.started_at,
            s.kind = {USER} and s.visit_no = 0 as is_first,
            s.kind = {USER} and s.visit_no = 0
                and s.person_no is not distinct from a.founder_no as founds_account,
            s.kind = {USER} and (s.visit_no = 0
                or {chance("logged in", "s.session_no")} < 0.9) as logs_in,
            case when {chance("borrowed", "s.session_no")} < 0.01
                then coalesce(a.founder_no, s.person_no)
                else s.person_no
            end as device_of,
            case
                when d.person_no is null then 0
                when {chance("borrowed", "s.session_no")} < 0.01 then 0
                when {chance("device", "s.session_no")} < 0.35 then 1
                else 0
            end as device_no,
            case
                when s.kind = {USER} and s.visit_no = 0 then 5
                else 1
            end + cast(floor(least(250,
                -ln(1 - {chance("length", "s.session_no")})
                * (([{means}])[1 + s.kind] - 0.5)
            )) as integer) as events,
            cast(3000 + 57000 * power({chance("pace", "s.session_no")}, 2) as bigint)
                as pace_ms,
            {chance.uuid("session", "s.session_no")} as session_id,
            case when {chance("campaign", "s.session_no")} < 0.3
                then 1 + cast(floor(60 * {chance("which", "s.session_no")}) as integer)
            end as campaign_no,
            {
            _pick(
                [
                    "",
                    "",
                    "",
                    "https://www.search.example/",
                    "https://news.example.org/",
                    "https://social.example.com/feed",
                    "https://mail.example.com/",
                ],
                chance("referrer", "s.session_no"),
            )
        } as referrer
        from placed as s
        left join scratch.accounts as a on s.account_no = a.account_no
        left join scratch.devices as d
            on s.person_no = d.person_no and d.device_no = 1
        order by s.started_at
        """,
    ]


def _happenings(seed: int) -> list[str]:
    """Statements for what happens: one narrow row a delivered event."""
    chance = _Chance(seed)
    kind = chance("kind of event", "s.session_no * 512 + i")
    return [
        # The third event of a first session signs up, the fourth founds the account.
        f"""
        create table scratch.happenings as
        select
            s.session_no,
            s.session_no * 512 + i as event_no,
            s.logs_in and (not s.is_first or i >= 2) as is_logged_in,
            cast(case
                when s.is_first and i = 2 then {SIGNED_UP}
                when s.founds_account and i = 3 then {TEAM_CREATED}
                when s.logs_in and (not s.is_first or i >= 2)
                    then {_pick_kind(0, kind)}
                else {_pick_kind(1, kind)}
            end as utinyint) as event_kind,
            s.started_at + to_milliseconds(cast(floor(
                s.pace_ms * (i + {chance("gap", "s.session_no * 512 + i")})
            ) as bigint)) as occurred_at
        from scratch.sessions as s cross join unnest(range(s.events)) as numbers(i)
        """,
        # A refund has a number of its own and the order id of its order.
        f"""
        insert into scratch.happenings
        select
            session_no,
            event_no + 256,
            true,
            {ORDER_REFUNDED},
            occurred_at + to_minutes(cast(floor(
                60 * 24 * least(70, -9 * ln(1 - {chance("refund day", "event_no")}))
            ) as bigint) + 30)
        from scratch.happenings
        where event_kind = {ORDER_PAID} and {chance("refund", "event_no")} < 0.06
        """,
        # The loader comes every five minutes. A copy comes at least one round later.
        f"""
        create table scratch.deliveries as
        with
        delivered as (
            select
                session_no,
                event_no,
                is_logged_in,
                event_kind,
                occurred_at,
                cast(0 as utinyint) as copy,
                {
            _batch(f'''occurred_at + case
                    when {chance("late", "event_no")} < 0.01
                        then to_minutes(cast(floor(
                            1440 + 12960 * {chance("how late", "event_no")}
                        ) as bigint))
                    else to_seconds(20)
                end''')
        } as loaded_at
            from scratch.happenings
        ),

        copied as (
            select
                * replace (
                    cast(case when {chance("altered", "event_no")} < 0.1
                        then 2 else 1
                    end as utinyint) as copy,
                    {
            _batch(f'''loaded_at + to_seconds(cast(floor(
                        600 * power(432, {chance("copied when", "event_no")})
                    ) as bigint))''')
        } as loaded_at
                )
            from delivered
            where {chance("copied", "event_no")} < 0.005
        ),

        unioned as (
            select * from delivered
            union all
            select * from copied
        )

        select
            * replace (
                case when {chance("clock", "event_no")} < 0.0001
                    then occurred_at + to_hours(72)
                    else occurred_at
                end as occurred_at
            )
        from unioned
        where loaded_at < {END}
        """,
        "drop table scratch.happenings",
    ]


def _batch(instant: str) -> str:
    """SQL of the loader's next round, on the five minutes, after an instant."""
    return f"time_bucket(interval 5 minutes, {instant}) + to_minutes(5)"


def _wide(seed: int, first: int, last: int) -> str:
    """A query for what is delivered from day `first` to before day `last`, in order."""
    chance = _Chance(seed)
    names = ", ".join(f"'{name}'" for name in EVENTS)
    order_no = (
        f"(e.event_no - case when e.event_kind = {ORDER_REFUNDED} then 256 else 0 end)"
    )
    is_order = f"e.event_kind in ({ORDER_PAID}, {ORDER_REFUNDED})"
    amount = (
        f"cast(round(9 * exp(2.2 * {chance('amount', order_no)}), 2) as decimal(12, 2))"
    )
    path = f"""(case when e.is_logged_in then '/app/' else '/' end
        || {
        _pick(
            [
                "workflows",
                "workflows",
                "workflows",
                "reports",
                "templates",
                "items",
                "inbox",
                "settings",
                "pricing",
                "docs",
            ],
            chance("page", "e.event_no"),
        )
    } || '/' || cast(floor(
            5000 * power({chance("item", "e.event_no")}, 2)
        ) as integer))"""
    return f"""
    select
        {chance.uuid("event", "e.event_no")} as event_id,
        ([{names}])[e.event_kind] as event,
        e.occurred_at,
        e.loaded_at,
        case when e.is_logged_in then p.user_id end as user_id,
        d.anonymous_id,
        case when e.is_logged_in then a.account_id end as account_id,
        s.session_id,
        'https://www.example.com' || {path}
            || case when s.campaign_no is null then ''
                else '?utm_campaign=c' || s.campaign_no end as url,
        s.referrer,
        (['google', 'newsletter', 'partner', 'linkedin'])[1 + s.campaign_no % 4]
            as utm_source,
        (['cpc', 'email', 'referral', 'social'])[1 + s.campaign_no % 4] as utm_medium,
        'c' || s.campaign_no as utm_campaign,
        g.user_agent,
        g.device,
        g.os,
        case when e.copy = 2 then null else p.country end as country,
        case
            when not e.is_logged_in then null
            when e.copy = 2 then 'unknown'
            when e.occurred_at >= a.upgraded_at then 'team'
            else coalesce(a.plan, 'free')
        end as plan,
        case
            when e.event_kind = {ORDER_PAID} then {amount}
            when e.event_kind = {ORDER_REFUNDED}
                then case when {chance("partial", "e.event_no")} < 0.2
                    then cast(round({amount} / 2, 2) as decimal(12, 2))
                    else {amount}
                end
        end as amount,
        case when {is_order} then 'EUR' end as currency,
        case when {is_order} then {chance.uuid("order", order_no)} end as order_id,
        '{{"path":"' || {path} || '","title":"'
            || {
        _pick(
            [
                "Workflows",
                "Monthly report",
                "Templates for finance",
                "Pricing",
                "Inbox",
                "Team settings",
                "Getting started",
                "Changelog",
            ],
            chance("title", "e.event_no"),
        )
    } || '","screen":"'
            || {
        _pick(
            ["1920x1080", "1440x900", "2560x1440", "390x844", "412x915"],
            chance("screen", "s.person_no"),
        )
    } || '","duration_ms":'
            || cast(floor(20000 * {chance("duration", "e.event_no")}) as integer)
            || ',"experiments":["checkout_'
            || cast(floor(2 * {chance("arm", "s.person_no")}) as integer)
            || '","navigation_'
            || cast(floor(3 * {chance("navigation", "s.person_no")}) as integer)
            || '"],"element":{{"id":"el_'
            || cast(floor(900 * {chance("element", "e.event_no")}) as integer)
            || '","position":'
            || cast(floor(40 * {chance("position", "e.event_no")}) as integer)
            || '}},"request_id":"' || to_hex(hash(e.event_no)) || '"}}'
            as properties,
        (['4.', '5.'])[1 + cast(e.occurred_at >= timestamp '2025-01-01' as integer)]
            || extract('month' from e.occurred_at) || '.'
            || cast(floor(5 * {chance("patch", "s.person_no")}) as integer)
            as app_version,
        p.is_internal
    from scratch.deliveries as e
    inner join scratch.sessions as s on e.session_no = s.session_no
    inner join scratch.persons as p on s.person_no = p.person_no
    inner join scratch.devices as d
        on s.device_of = d.person_no and s.device_no = d.device_no
    inner join scratch.agents as g on d.agent_no = g.agent_no
    left join scratch.accounts as a on p.account_no = a.account_no
    where
        e.loaded_at >= {START} + to_days({first})
        and e.loaded_at < {START} + to_days({last})
    order by e.loaded_at, e.event_no, e.copy
    """


if __name__ == "__main__":
    main()
