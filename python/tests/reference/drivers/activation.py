"""Activation: of those followed long enough, who met the definition soon."""

from __future__ import annotations

from .scope import DAY, Rows, Scope, lives, qualifies
from .statistics import rate_columns


def activation_cohorts(scope: Scope) -> Rows:
    """One row per metric, cohort of entities by anchor, and window."""
    rows: Rows = []
    for measured in scope.measured("calendar", "since_anchor"):
        definition = measured.definition
        anchors = scope.company.anchors[definition.entity]
        life = lives(measured)
        windows = scope.activation_windows
        if definition.window.span is not None:
            windows = [definition.window.span // DAY]
        for cohort, members in scope.anchored(measured).items():
            _, end = scope.clock.bounds(cohort)
            for days in windows:
                mature = [
                    member
                    for member in members
                    if scope.is_mature(anchors[member].anchor_at + days * DAY)
                ]
                activated = sum(
                    qualifies(
                        measured,
                        member,
                        life.get(member, []),
                        anchors[member].anchor_at,
                        anchors[member].anchor_at + days * DAY,
                    )
                    for member in mature
                )
                rows.append(
                    {
                        **scope.cohort_keys(measured, cohort, end + days * DAY),
                        "window_days": days,
                        "cohort_entities": len(members),
                        "first_seen_entities": sum(
                            anchors[member].source == "first_seen" for member in members
                        ),
                        "mature_entities": len(mature),
                        "activated_entities": activated,
                        **rate_columns(activated, len(mature), "activation_rate"),
                    }
                )
    return rows
