"""Holds the rules against a tree: what was found, and what somebody lives with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from northstar.rules import CODES, RULES, UNSUPPRESSIBLE, UNUSED, Breach, Rule
from northstar.tree import Suppression, Tree


@dataclass(frozen=True)
class Finding:
    """A rule that a node breaks. `node` is empty where it is the whole tree."""

    rule: Rule
    node: str
    message: str
    mend: str = ""
    file: str = "dbt_project.yml"


@dataclass(frozen=True)
class Suppressed:
    """A finding that does not count, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Checked:
    """All that was found in a tree, in the order of rules and nodes."""

    nodes: int
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]

    def count(self, severity: str) -> int:
        """How many findings are of this severity."""
        return sum(finding.rule.severity == severity for finding in self.findings)


def check_tree(tree: Tree, today: date) -> Checked:
    """What breaks a rule on this day. The same tree and day give the same findings.

    A suppression takes away all findings of its rule in its node. It needs a reason;
    one that takes away nothing is a finding itself.
    """
    findings: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: set[tuple[str, Suppression]] = set()
    for rule in RULES:
        if rule.code == UNUSED:
            continue
        for breach in sorted(rule.find(tree, today), key=_order):
            finding = _finding(tree, rule, breach)
            item = _suppression(tree, rule, breach.node)
            if item is None:
                findings.append(finding)
            else:
                used.add((breach.node, item))
                suppressed.append(Suppressed(finding, item.reason))
    findings += _unused(tree, used)
    return Checked(len(tree.nodes), tuple(findings), tuple(suppressed))


def _order(breach: Breach) -> tuple[str, str]:
    return breach.node, breach.message


def _finding(tree: Tree, rule: Rule, breach: Breach) -> Finding:
    file = tree.nodes[breach.node].file if breach.node else "dbt_project.yml"
    return Finding(rule, breach.node, breach.message, breach.mend, file)


def _suppression(tree: Tree, rule: Rule, node: str) -> Suppression | None:
    if not node or rule.code in UNSUPPRESSIBLE:
        return None
    for item in tree.nodes[node].suppressions:
        if item.rule == rule.code and item.reason:
            return item
    return None


def _unused(tree: Tree, used: set[tuple[str, Suppression]]) -> list[Finding]:
    (rule,) = (rule for rule in RULES if rule.code == UNUSED)
    return [
        _finding(
            tree,
            rule,
            Breach(
                node.name,
                f"it suppresses {item.rule}, which finds nothing here",
                "Take the line out of its suppressions.",
            ),
        )
        for node in tree.nodes.values()
        for item in node.suppressions
        if item.rule in CODES and item.reason and (node.name, item) not in used
    ]
