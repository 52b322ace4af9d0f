"""The rules of `northstar check`, each a function from the tree to what breaks it.

docs/check has a page for each: what it is, why it is flagged, how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Literal

from northstar.tree import EVIDENCE, Node, Tree

Severity = Literal["error", "warning"]

MOST_DRIVERS = 6
DAYS_OF_A_YEAR = 365
VALUE_LEVELS = ("north_star", "product_line", "candidate")
"""Levels that say: this is value to customers."""


@dataclass(frozen=True)
class Breach:
    """What breaks a rule: in which node (or "" for the whole tree), and what mends it.

    `mend` are lines to paste, or a sentence.
    """

    node: str
    message: str
    mend: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule of the tree; `name` says in short what is wrong."""

    code: str
    name: str
    severity: Severity
    find: Callable[[Tree, date], Iterable[Breach]]


# ------------------------------------------------------------------ the tree's shape


def find_cycles(tree: Tree, today: date) -> Iterator[Breach]:
    """Metrics that drive each other in a circle, each circle once."""
    parents: dict[str, list[str]] = {}
    for edge in tree.edges:
        parents.setdefault(edge.child, []).append(edge.parent)
    for circle in _circles(parents):
        way = " drives ".join([*circle, circle[0]])
        yield Breach(
            circle[0],
            f"{way}: a circle has no top",
            "Take out of `drives` the parent that is further from the North Star.",
        )


def _circles(parents: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """One circle of each knot, from its first name on."""
    state: dict[str, int] = {}  # 1 on the way, 2 done
    for start in sorted(parents):
        if start in state:
            continue
        way, choices = [start], [iter(parents[start])]
        state[start] = 1
        while way:
            above = next(choices[-1], None)
            if above is None:
                state[way.pop()] = 2
                choices.pop()
            elif state.get(above) == 1:
                circle = way[way.index(above) :]
                first = circle.index(min(circle))
                yield circle[first:] + circle[:first]
            elif above not in state:
                state[above] = 1
                way.append(above)
                choices.append(iter(parents.get(above, ())))


def find_orphans(tree: Tree, today: date) -> Iterator[Breach]:
    """Drivers, inputs and product lines that lead to no North Star."""
    if not tree.north_stars:  # one finding says so; not each node
        return
    star = tree.north_stars[0]
    for node in tree.nodes.values():
        if node.level not in ("driver", "input", "product_line"):
            continue
        if node.name in tree.connected or _has_unknown_parent(tree, node):
            continue
        said = (
            f"drives {', '.join(node.drives)}, which leads" if node.drives else "leads"
        )
        yield Breach(
            node.name,
            f"it {said} to no North Star",
            paste(node, "drives", f"[{star}]"),
        )


def find_unknown_parents(tree: Tree, today: date) -> Iterator[Breach]:
    """Metrics that say they drive something that is not there."""
    for child, parent in tree.missing:
        node = tree.nodes[child]
        if node.kind == "experiment":
            continue
        yield Breach(
            child,
            f"it drives {parent}, which {_absence(tree, parent)}",
            _nearest(tree, parent),
        )


def find_north_stars(tree: Tree, today: date) -> Iterator[Breach]:
    """No North Star, or more than one."""
    stars = tree.north_stars
    if not stars:
        yield Breach(
            "",
            "no metric is the North Star",
            "northstar_metrics:\n  name_of_a_metric:\n    level: north_star",
        )
    elif len(stars) > 1:
        for name in stars:
            others = ", ".join(other for other in stars if other != name)
            yield Breach(
                name,
                f"it is a North Star, and so is {others}",
                paste(tree.nodes[name], "level", "product_line"),
            )


def find_too_many_drivers(tree: Tree, today: date) -> Iterator[Breach]:
    """More drivers under one parent than people keep in mind.

    Components that the package ships are arithmetic and are not counted; neither are
    guardrails and experiments.
    """
    drivers: dict[str, list[str]] = {}
    for edge in tree.edges:
        child = tree.nodes[edge.child]
        is_part = child.kind == "shipped" and edge.kind == "component"
        if not is_part and child.level not in ("guardrail", "experiment"):
            drivers.setdefault(edge.parent, []).append(edge.child)
    for parent, children in drivers.items():
        if len(children) > MOST_DRIVERS:
            yield Breach(
                parent,
                f"{len(children)} metrics drive it, more than {MOST_DRIVERS}: "
                f"{', '.join(children)}",
                "Put some of them under another driver, or give up those that nobody "
                "acts on.",
            )


def find_false_components(tree: Tree, today: date) -> Iterator[Breach]:
    """Edges that claim arithmetic which the definitions do not hold."""
    for edge in tree.edges:
        if edge.verdict == "contradicted":
            yield Breach(
                edge.child,
                f"it says that it is a component of {edge.parent}, but {edge.reason}",
                paste(tree.nodes[edge.child], "edge", "influence"),
            )


# ------------------------------------------------------------------- what is measured


def find_missing_guardrails(tree: Tree, today: date) -> Iterator[Breach]:
    """A North Star that nothing keeps honest."""
    for name in tree.north_stars:
        node = tree.nodes[name]
        if not node.guardrails:
            yield Breach(
                name,
                "the North Star has no guardrail",
                paste(node, "guardrails", "[refund_rate, support_contacts]"),
            )


REVENUE_GUARDS = {
    "churn": r"churn|retention|retain|renewal|cancel",
    "refund": r"refund|return_rate|returned|chargeback",
    "acquisition quality": r"acquisition|qualified|lead_quality|payback|cac|paid_dep",
}
"""What revenue can hide, and the words by which a guardrail against it is known."""


def find_unguarded_revenue(tree: Tree, today: date) -> Iterator[Breach]:
    """Revenue as value, without guardrails for churn, refunds, acquisition quality."""
    for node in tree.nodes.values():
        if node.type != "revenue" or node.level not in VALUE_LEVELS:
            continue
        words = " ".join(
            f"{name} {_label(tree, name)}".lower().replace(" ", "_")
            for name in node.guardrails
        )
        lacking = [
            kind
            for kind, pattern in REVENUE_GUARDS.items()
            if not re.search(pattern, words)
        ]
        if lacking:
            yield Breach(
                node.name,
                f"it is revenue and has no guardrail for {_listed(lacking)}",
                paste(
                    node,
                    "guardrails",
                    "[logo_churn, refund_rate, qualified_acquisition_rate]",
                ),
            )


_VANITY = re.compile(
    r"(?:^|_)(?:page_?views?(?:ed)?|view(?:ed)?_pages?|screen_?views?|impressions?"
    r"|sign(?:ed)?_?ups?|registrations?|registered|downloads?|downloaded|installs?"
    r"|app_installed|time_on_(?:page|site)|session_duration)(?:$|_)"
)


def find_vanity_bases(tree: Tree, today: date) -> Iterator[Breach]:
    """Metrics of value that count what needs no value: views, sign-ups, downloads."""
    for node in tree.nodes.values():
        if node.level not in (*VALUE_LEVELS, "driver"):
            continue
        found = sorted({base for base in _bases(node) if _VANITY.search(_snake(base))})
        if found:
            yield Breach(
                node.name,
                f"it counts {_listed(found)}, which grows without any value to anybody",
                "Count what people get done, or make it an input: level: input",
            )


def _bases(node: Node) -> Iterator[str]:
    """What a metric counts: its events and columns, or its measure."""
    computing = node.formula.computing
    if computing is None:
        if node.kind in ("own", "shipped") and node.formula.measure:
            yield node.formula.measure
        return
    for event in computing.get("events") or ():
        yield str(event.get("event", ""))
        yield str(event.get("value", ""))


def find_rising_stocks(tree: Tree, today: date) -> Iterator[Breach]:
    """Totals since the beginning, which can only rise."""
    for node in tree.nodes.values():
        if node.formula.never_falls and node.level in (*VALUE_LEVELS, "driver"):
            yield Breach(
                node.name,
                "it adds up everything since the beginning and can never fall",
                paste(node, "window", "{calendar: month}")
                if node.kind == "configured"
                else "Give it a window, or a grain to start anew from.",
            )


def find_odd_names(tree: Tree, today: date) -> Iterator[Breach]:
    """Names that say another period than the metric has, and events in no one style."""
    for node in tree.nodes.values():
        if node.kind == "experiment":
            continue
        computing = node.formula.computing
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", node.name):
            yield Breach(
                node.name,
                "its name is not in lower case with single underscores",
                f"Call it {_snake(node.name)}.",
            )
        if computing is None:
            continue
        window = computing.get("window")
        grain = _grain(window if isinstance(window, Mapping) else {})
        for word, said in _PERIOD_WORDS.items():
            if word in node.name.split("_") and grain and grain != said:
                yield Breach(
                    node.name,
                    f"its name says {word} and its window is a {grain}",
                    f"Take {word} out of the name, or make its window a {said}.",
                )
        for event in computing.get("events") or ():
            name = str(event.get("event", ""))
            if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
                yield Breach(
                    node.name,
                    f"the event {name} is not in lower case with underscores",
                    f"Rename it where events are mapped, to {_snake(name)}.",
                )


_PERIOD_WORDS = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
}


def _grain(window: Mapping[str, Any]) -> str:
    """The length of the period where a window has one that a word could name."""
    for key in ("calendar", "as_of", "lifetime"):
        if key in window:
            return str(window[key])
    return ""


# ------------------------------------------------------------------ who answers for it


def find_unowned(tree: Tree, today: date) -> Iterator[Breach]:
    """Metrics that nobody answers for.

    What the package ships belongs to the owners of the North Star until it is given
    away.
    """
    stars = [tree.nodes[name] for name in tree.north_stars]
    is_theirs = any(star.owners for star in stars)
    for node in tree.nodes.values():
        roles = {role for role, _ in node.owners}
        if not roles and not (node.kind == "shipped" and is_theirs):
            key = "owners" if node.kind == "configured" else "owner"
            owner = (
                '{data: "Name or team", functional: "Name or team"}'
                if key == "owners"
                else '"Name or team"'
            )
            yield Breach(node.name, "nobody owns it", paste(node, key, owner))
        elif (
            node.level == "north_star"
            and node.kind == "configured"
            and not {"sponsor", "data"} <= roles
        ):
            lacking = [role for role in ("sponsor", "data") if role not in roles]
            yield Breach(
                node.name,
                f"the North Star has no owner as {_listed(lacking)}",
                paste(node, "owners", '{sponsor: "Name", data: "Name"}'),
            )


def find_unsaid(tree: Tree, today: date) -> Iterator[Breach]:
    """Definitions that do not say in a sentence what counts, what does not, and why."""
    for node in tree.nodes.values():
        if node.kind in ("shipped", "experiment"):
            continue
        said = {
            "plain_language": node.sentence,
            "counts": node.counts,
            "does_not_count": node.does_not_count,
            "why": node.why,
        }
        lacking = [key for key, text in said.items() if not text]
        if lacking:
            yield Breach(
                node.name,
                f"it does not say {_listed(lacking)}",
                "\n".join(
                    paste(node, _said_key(node, key), '"One sentence."')
                    if position == 0
                    else "    " + f'{_said_key(node, key)}: "One sentence."'
                    for position, key in enumerate(lacking)
                )
                if node.kind == "configured"
                else paste(node, _said_key(node, lacking[0]), '"One sentence."'),
            )
        if node.sentence and len(_sentences(node.sentence)) > 1:
            yield Breach(
                node.name,
                f"its plain language has {len(_sentences(node.sentence))} sentences",
                "Say it in one; the rest goes into counts, does_not_count and why.",
            )


def _said_key(node: Node, key: str) -> str:
    if node.kind == "configured":
        return key
    return "definition" if key == "plain_language" else key


def _sentences(text: str) -> list[str]:
    """Sentences: parts that end with a mark, before a space and a capital letter."""
    parts = re.split(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)\s+(?=[A-Z])", text.strip())
    return [part for part in parts if part]


def find_overdue_reviews(tree: Tree, today: date) -> Iterator[Breach]:
    """Definitions whose review is past, and a North Star that has no date for one."""
    for node in tree.nodes.values():
        due = _date(node.review_due)
        if due is not None and due < today:
            yield Breach(
                node.name,
                f"its review was due on {due.isoformat()}",
                paste(node, "review_due", f'"{_next_year(today).isoformat()}"'),
            )
        elif node.review_due and due is None:
            yield Breach(
                node.name,
                f"its review_due is {node.review_due}, which is no date",
                paste(node, "review_due", f'"{_next_year(today).isoformat()}"'),
            )
        elif node.level == "north_star" and not node.review_due:
            yield Breach(
                node.name,
                "the North Star has no date of review",
                paste(node, "review_due", f'"{_next_year(today).isoformat()}"'),
            )


def find_frequent_changes(tree: Tree, today: date) -> Iterator[Breach]:
    """Definitions that changed twice within a year: nobody can follow such a number."""
    for node in tree.nodes.values():
        said = [(node.version, node.effective_from)]
        said += [(item.version, item.effective_from) for item in node.earlier]
        # The first version is no change.
        days = [_date(day) for version, day in said if version not in ("", "1")]
        known = sorted(day for day in days if day is not None)
        for one, other in pairwise(known):
            if (other - one).days < DAYS_OF_A_YEAR:
                yield Breach(
                    node.name,
                    "its definition changed twice within a year, on "
                    f"{one.isoformat()} and on {other.isoformat()}",
                    "Say who approved it and why in its suppression, or collect what "
                    "should change for the next review.",
                )


def find_unapproved_versions(tree: Tree, today: date) -> Iterator[Breach]:
    """New versions of a North Star of which nobody says since when, or who agreed."""
    for node in tree.nodes.values():
        if node.level not in ("north_star", "product_line") or node.version in (
            "",
            "1",
        ):
            continue
        said = {"effective_from": node.effective_from, "approved_by": node.approved_by}
        lacking = [key for key, text in said.items() if not text]
        if lacking:
            values = {
                "effective_from": f'"{today.isoformat()}"',
                "approved_by": '"Name or group"',
            }
            yield Breach(
                node.name,
                f"its version {node.version} does not say {_listed(lacking)}",
                paste(node, lacking[0], values[lacking[0]]),
            )


def find_unknown_guardrails(tree: Tree, today: date) -> Iterator[Breach]:
    """Guardrails that are named and that nothing measures."""
    for node in tree.nodes.values():
        for name in node.guardrails:
            if tree.resolve(name) not in tree.nodes:
                yield Breach(
                    node.name,
                    f"its guardrail {name} {_absence(tree, name)}",
                    _nearest(tree, name)
                    or f"northstar_metrics:\n  {name}:\n    level: guardrail\n"
                    "    direction: down",
                )


def find_unproven_evidence(tree: Tree, today: date) -> Iterator[Breach]:
    """Evidence without a word on where it is from."""
    for node in tree.nodes.values():
        if node.evidence in EVIDENCE[1:] and not node.evidence_source:
            yield Breach(
                node.name,
                f"it claims evidence by {node.evidence} and names no source",
                paste(node, "evidence_source", '"Where it can be read"'),
            )


def find_unknown_words(tree: Tree, today: date) -> Iterator[Breach]:
    """What a meta says that the tree does not know: it would silently do nothing."""
    for node in tree.nodes.values():
        for key, found, allowed in node.unknown_words:
            if found:
                yield Breach(
                    node.name,
                    f"{key} is {found}; it can be {_listed(allowed, 'or')}",
                )
            else:
                near = get_close_matches(key, allowed, n=1)
                hint = f"Did you mean {near[0]}?" if near else ""
                yield Breach(node.name, f"{key} is no key of the tree", hint)


# ------------------------------------------------------------------------ experiments


def find_unmapped_experiments(tree: Tree, today: date) -> Iterator[Breach]:
    """Experiments that move no driver of the tree."""
    for node in tree.nodes.values():
        if node.kind != "experiment":
            continue
        absent = [name for name in node.drives if tree.resolve(name) not in tree.nodes]
        if not node.drives:
            message = "it names no driver; if it cannot, ask why it is on the roadmap"
        elif absent:
            message = f"its driver {absent[0]} {_absence(tree, absent[0])}"
        elif node.name not in tree.connected:
            message = f"its driver {node.drives[0]} leads to no North Star"
        else:
            continue
        hint = _nearest(tree, absent[0]) if absent else ""
        yield Breach(
            node.name, message, hint or paste(node, "driver", "name_of_a_driver")
        )


def find_incomplete_briefs(tree: Tree, today: date) -> Iterator[Breach]:
    """Experiments whose brief leaves a question open."""
    for node in tree.nodes.values():
        if node.kind != "experiment":
            continue
        brief = {
            "hypothesis": node.sentence,
            "primary_metric": node.primary_metric,
            "guardrails": node.guardrails,
            "start": node.start,
            "end": node.end,
        }
        lacking = [key for key, value in brief.items() if not value]
        if lacking:
            yield Breach(
                node.name,
                f"its brief lacks {_listed(lacking)}",
                paste(node, lacking[0], "…"),
            )


# ------------------------------------------------------------------------ suppressions


def find_bad_suppressions(tree: Tree, today: date) -> Iterator[Breach]:
    """Suppressions of no rule, or without a reason: these suppress nothing."""
    for node in tree.nodes.values():
        for item in node.suppressions:
            if item.rule not in CODES:
                near = get_close_matches(item.rule, CODES, n=1)
                hint = f"Did you mean {near[0]}?" if near else ""
                yield Breach(
                    node.name,
                    f"it suppresses {item.rule or 'nothing'}, which is no rule",
                    hint,
                )
            elif not item.reason:
                line = f'[{{rule: {item.rule}, reason: "Why it is so"}}]'
                yield Breach(
                    node.name,
                    f"it suppresses {item.rule} and gives no reason",
                    paste(node, "suppress", line),
                )


def find_nothing(tree: Tree, today: date) -> Iterator[Breach]:
    """None: `check_tree` knows what nothing needed, when it has found the rest."""
    yield from ()


UNUSED = "NS021"
UNSUPPRESSIBLE = ("NS020", UNUSED)

RULES: tuple[Rule, ...] = (
    Rule("NS001", "circle", "error", find_cycles),
    Rule("NS002", "orphan", "error", find_orphans),
    Rule("NS003", "unknown-parent", "error", find_unknown_parents),
    Rule("NS004", "not-one-north-star", "error", find_north_stars),
    Rule("NS005", "no-guardrail", "error", find_missing_guardrails),
    Rule("NS006", "unguarded-revenue", "error", find_unguarded_revenue),
    Rule("NS007", "vanity", "warning", find_vanity_bases),
    Rule("NS008", "never-falls", "warning", find_rising_stocks),
    Rule("NS009", "too-many-drivers", "warning", find_too_many_drivers),
    Rule("NS010", "no-owner", "error", find_unowned),
    Rule("NS011", "unsaid", "warning", find_unsaid),
    Rule("NS012", "review-overdue", "warning", find_overdue_reviews),
    Rule("NS013", "odd-name", "warning", find_odd_names),
    Rule("NS014", "false-component", "error", find_false_components),
    Rule("NS015", "unmapped-experiment", "error", find_unmapped_experiments),
    Rule("NS016", "unknown-guardrail", "warning", find_unknown_guardrails),
    Rule("NS017", "incomplete-brief", "warning", find_incomplete_briefs),
    Rule("NS018", "evidence-without-source", "warning", find_unproven_evidence),
    Rule("NS019", "unknown-word", "error", find_unknown_words),
    Rule("NS020", "bad-suppression", "error", find_bad_suppressions),
    Rule(UNUSED, "unused-suppression", "warning", find_nothing),
    Rule("NS022", "changed-often", "warning", find_frequent_changes),
    Rule("NS023", "unapproved-version", "warning", find_unapproved_versions),
)
"""All rules, by code. A code never changes its meaning."""

CODES = tuple(rule.code for rule in RULES)


# ---------------------------------------------------------------------------- wording


def paste(node: Node, key: str, value: str) -> str:
    """Lines that give a node this value, where its kind of node is written."""
    if node.kind == "configured":
        return f"northstar_metrics:\n  {node.name}:\n    {key}: {value}"
    if node.kind == "experiment":
        return f"northstar_experiments:\n  {node.name}:\n    {key}: {value}"
    meta = f"northstar_{'role' if key == 'level' else key}: {value}"
    if node.kind == "shipped":
        return f"metrics:\n  northstar:\n    {node.name}:\n      +meta:\n        {meta}"
    return f"- name: {node.name}\n  config:\n    meta:\n      {meta}"


def _has_unknown_parent(tree: Tree, node: Node) -> bool:
    return any(tree.resolve(parent) not in tree.nodes for parent in node.drives)


def _absence(tree: Tree, name: str) -> str:
    if name in tree.disabled:
        return "is switched off"
    return "is no metric of the tree"


def _nearest(tree: Tree, name: str) -> str:
    near = get_close_matches(name, [*tree.nodes, *tree.aliases], n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _label(tree: Tree, name: str) -> str:
    node = tree.nodes.get(tree.resolve(name))
    return node.label if node else ""


def _listed(names: Sequence[str], last: str = "and") -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _snake(name: str) -> str:
    """The name in lower case with single underscores."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _next_year(today: date) -> date:
    return today.replace(year=today.year + 1, day=min(today.day, 28))
