"""Step 4: who is who."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from .grammar import Settings
from .inputs import Event
from .values import Row, as_id

Link = tuple[str, str]
Sighting = tuple[datetime, str]


@dataclass(frozen=True)
class Identity:
    """The canonical id of every id, and the ids that are known users."""

    canonical: Mapping[str, str]
    known: frozenset[str]

    def of(self, person_id: str) -> str:
        """The canonical id of a user id or an anonymous id."""
        return self.canonical.get(person_id, person_id)

    def person(self, event: Event) -> str | None:
        """Whose row this is: the user's, else the device's owner's."""
        raw = event.user_id or event.anonymous_id
        return None if raw is None else self.of(raw)

    def actor(self, event: Event) -> str | None:
        """The person, unless it is a device with no known user."""
        person = self.person(event)
        return person if person in self.known else None


def resolve(
    events: Iterable[Event], links: Iterable[Row], settings: Settings
) -> Identity:
    """Explicit links first; what they leave unknown follows its earliest user."""
    events = list(events)
    known = frozenset(event.user_id for event in events if event.user_id is not None)
    sightings = sightings_of(events)
    devices = set(sightings) - known
    canonical: dict[str, str] = {}
    unowned: list[set[str]] = []
    for component in components(explicit_links(links), known | devices):
        if len(component) > settings.max_identity_size:
            canonical |= {member: member for member in component}
        elif component & known:
            canonical |= dict.fromkeys(component, min(component & known))
        else:
            unowned.append(component)
    for group in unowned:
        owner = owner_of(group, sightings, settings.anonymous_owner)
        person = min(group) if owner is None else canonical[owner]
        canonical |= dict.fromkeys(group, person)
    return Identity(canonical, known)


def explicit_links(links: Iterable[Row]) -> list[Link]:
    """Pairs of ids that were said to be one person, whenever that was."""
    pairs = [(as_id(link["from_id"]), as_id(link["to_id"])) for link in links]
    return [(left, right) for left, right in pairs if left and right]


def sightings_of(events: Iterable[Event]) -> dict[str, list[Sighting]]:
    """By anonymous id: when it was seen, and with which user."""
    sightings: dict[str, list[Sighting]] = defaultdict(list)
    for event in events:
        if event.anonymous_id is not None:
            seen = sightings[event.anonymous_id]
            if event.user_id is not None:
                seen.append((event.occurred_at, event.user_id))
    return dict(sightings)


def components(links: Iterable[Link], ids: Iterable[str]) -> list[set[str]]:
    """The ids that explicit links join, transitively; the rest stand alone."""
    neighbours: dict[str, set[str]] = {member: set() for member in ids}
    for left, right in links:
        neighbours.setdefault(left, set()).add(right)
        neighbours.setdefault(right, set()).add(left)
    found: list[set[str]] = []
    seen: set[str] = set()
    for member in neighbours:
        if member in seen:
            continue
        component = {member}
        frontier = [member]
        while frontier:
            new = neighbours[frontier.pop()] - component
            component |= new
            frontier.extend(new)
        seen |= component
        found.append(component)
    return found


def owner_of(
    group: set[str], sightings: Mapping[str, list[Sighting]], which: str
) -> str | None:
    """The user of the earliest row (or the last) that carries a user and a device."""
    seen = [sighting for device in group for sighting in sightings.get(device, [])]
    if not seen:
        return None
    times = [moment for moment, _ in seen]
    moment = min(times) if which == "first" else max(times)
    return min(user for at, user in seen if at == moment)
