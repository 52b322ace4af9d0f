"""What `northstar check` found, as text for people, as JSON, or as annotations for CI.

Pure functions, checked by golden files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from northstar.check import Checked, Finding
from northstar.text import plain_order, short

SHOWN = 200
"""Characters of a message in a terminal."""


def page(code: str) -> str:
    """Where a rule is described, in the package's folder."""
    return f"docs/check/{code}.md"


def render_text(checked: Checked) -> str:
    """Findings by rule, each with the lines that would mend the first of them."""
    lines: list[str] = []
    rules = dict.fromkeys(finding.rule for finding in checked.findings)
    for rule in rules:
        found = [finding for finding in checked.findings if finding.rule is rule]
        lines.append(f"{rule.severity} {rule.code} {rule.name}  ({page(rule.code)})")
        lines += [f"  {_said(finding)}" for finding in found]
        mend = found[0].mend
        if mend:
            start = "To mend the first" if len(found) > 1 else "To mend it"
            if "\n" in mend:
                lines.append(f"  {start}, in {short(found[0].file, 80)}:")
                lines += [f"    {plain_order(line)}" for line in mend.split("\n")]
            else:
                lines.append(f"  {plain_order(short(mend, SHOWN))}")
        lines.append("")
    for item in checked.suppressed:
        finding = item.finding
        lines.append(
            f"suppressed {finding.rule.code} {finding.rule.name}: "
            f"{plain_order(short(finding.node, 80))} "
            f"({plain_order(short(item.reason, SHOWN))})"
        )
    if checked.suppressed:
        lines.append("")
    lines.append(_summary(checked))
    return "\n".join(lines) + "\n"


def _said(finding: Finding) -> str:
    message = plain_order(short(finding.message, SHOWN))
    where = plain_order(short(finding.node, 80))
    return f"{where}: {message}" if where else message


def _summary(checked: Checked) -> str:
    nodes = f"{checked.nodes} metric{'s' if checked.nodes != 1 else ''}"
    if not checked.findings:
        return f"No findings in {nodes}."
    errors, warnings = checked.count("error"), checked.count("warning")
    return (
        f"{errors} error{'s' if errors != 1 else ''} and "
        f"{warnings} warning{'s' if warnings != 1 else ''} in {nodes}."
    )


def render_json(checked: Checked, lines: Mapping[str, int]) -> str:
    """Everything, for machines. `lines` gives the line of a node in its file."""
    shown = {
        "errors": checked.count("error"),
        "warnings": checked.count("warning"),
        "findings": [_entry(finding, lines) for finding in checked.findings],
        "suppressed": [
            _entry(item.finding, lines) | {"reason": item.reason}
            for item in checked.suppressed
        ],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _entry(finding: Finding, lines: Mapping[str, int]) -> dict[str, object]:
    return {
        "rule": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.rule.severity,
        "node": finding.node or None,
        "message": finding.message,
        "mend": finding.mend,
        "file": finding.file,
        "line": lines.get(finding.node),
        "page": page(finding.rule.code),
    }


def render_github(checked: Checked, lines: Mapping[str, int], folder: str = "") -> str:
    """A workflow command for each finding, which GitHub shows beside the line.

    `folder` is that of the project, from the repository's, with a slash at its end.
    """
    commands = []
    for finding in checked.findings:
        properties = {"file": folder + finding.file}
        if finding.node in lines:
            properties["line"] = str(lines[finding.node])
        properties["title"] = f"{finding.rule.code} {finding.rule.name}"
        said = ",".join(f"{key}={_property(text)}" for key, text in properties.items())
        mend = f"\n{plain_order(finding.mend)}" if finding.mend else ""
        message = _said(finding) + mend
        commands.append(f"::{finding.rule.severity} {said}::{_data(message)}")
    return "\n".join([*commands, _summary(checked)]) + "\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def find_lines(text: str, names: Iterator[str]) -> dict[str, int]:
    """The lines (from 1) at which keys of these names stand in a project file.

    Only below northstar_metrics or northstar_experiments, at the first place; a name
    that is not found has none.
    """
    rows = text.splitlines()
    start = re.compile(r"\s*[\"']?northstar_(metrics|experiments)[\"']?\s*:")
    begins = next((at for at, row in enumerate(rows) if start.match(row)), len(rows))
    keys: dict[str, int] = {}
    for at in range(begins, len(rows)):
        found = re.match(r"\s+[\"']?([^\s\"':#]+)[\"']?\s*:", rows[at])
        if found:
            keys.setdefault(found[1], at + 1)
    return {name: keys[name] for name in names if name in keys}
