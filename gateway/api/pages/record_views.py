"""What the use cases tell of a patient's consents, as she reads it. Plain values for templates; nothing is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.api.pages.words import day
from gateway.rules.consent_codes import Concern
from gateway.rules.consent_state import State
from gateway.usecases.consent_overview import Told

_BADGES = {
    State.IN_FORCE: "In force",
    State.PLANNED: "Begins later",
    State.SUPERSEDED: "Replaced by a later one",
    State.ENDED: "Over",
    State.REVOKED: "Taken back",
    State.MISTAKEN: "Recorded by mistake",
}
_SECTIONS = (
    ("in-force", "In force", (State.IN_FORCE,), "You have not decided anything yet."),
    ("later", "Beginning later", (State.PLANNED,), ""),
    ("replaced", "Replaced by a later one", (State.SUPERSEDED,), ""),
    ("past", "Past", (State.ENDED, State.REVOKED, State.MISTAKEN), ""),
)
_TITLES = {
    (Concern.DISCLOSURE, True): "Consent",
    (Concern.DISCLOSURE, False): "Refusal",
    (Concern.REDISCLOSURE, True): "Consent to pass on",
    (Concern.REDISCLOSURE, False): "Refusal to pass on",
    (Concern.AI_PROCESSING, True): "Permission for AI",
    (Concern.AI_PROCESSING, False): "Refusal of AI",
}
_AI = "AI in your sessions"


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent; `can_end` tells whether there is anything to take back."""

    id: str
    title: str
    badge: str
    state: str
    given: str
    holds: str
    words: tuple[str, ...]
    is_refusal: bool
    can_end: bool


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: str
    consents: tuple[Consent, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class Because:
    """A sentence and the consent it rests on."""

    words: str
    permits: bool
    reason: str
    consent: str


@dataclass(frozen=True, slots=True)
class Somebody:
    name: str
    lines: tuple[Because, ...]


def sections(told: Sequence[Told]) -> tuple[Section, ...]:
    """By where they stand in their life; of the sections that are empty those that say so."""
    made = (
        Section(key, title, tuple(consent(each) for each in told if each.state in states), empty)
        for key, title, states, empty in _SECTIONS
    )
    return tuple(section for section in made if section.consents or section.empty)


def who_sees(told: Sequence[Told]) -> tuple[Somebody, ...]:
    """Everybody whom a consent in force names, with all that is said of them."""
    lines: dict[str, list[Because]] = {}
    for each in told:
        if each.state is not State.IN_FORCE:
            continue
        shown = consent(each)
        reason = f"{'refusal' if shown.is_refusal else 'consent'} of {shown.given}"
        for saying in each.sayings:
            names = [_AI] if each.kind is Concern.AI_PROCESSING else saying.who or ["Everybody"]
            for name in names:
                because = Because(saying.words, saying.permits, reason, shown.id)
                lines.setdefault(name, []).append(because)
    return tuple(Somebody(name, tuple(lines[name])) for name in sorted(lines, key=str.casefold))


def consent(told: Told) -> Consent:
    permits = told.sayings[0].permits
    can_end = told.state in (State.IN_FORCE, State.PLANNED)
    return Consent(
        id=told.consent.split("/")[1],
        title=_TITLES[told.kind, permits],
        badge=_BADGES[told.state],
        state=told.state.value,
        given=_day(told.given),
        holds=_holds(told, can_end),
        words=told.words,
        is_refusal=not permits,
        can_end=can_end,
    )


def _holds(told: Told, can_end: bool) -> str:
    start = f" from {_day(told.since)}" if told.since else ""
    end = _day(told.until) if told.until else "you take it back"
    return f"It {'holds' if can_end else 'was to hold'}{start} until {end}."


def _day(text: str) -> str:
    """The day of a FHIR date or time; a year or a month as it is written."""
    return day(date.fromisoformat(text[:10])) if len(text) >= len("2026-01-01") else text
