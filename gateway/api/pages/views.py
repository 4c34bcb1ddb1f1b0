"""What a use case tells about a draft, as a person reads it. Plain values for templates; nothing is decided here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gateway.api.pages.entry_views import MARKS, GoneView, GroupView, gone_views, group_views
from gateway.api.pages.line_views import LineView, line_views
from gateway.api.pages.words import Change, changes, day, lasted, plural, session_day
from gateway.rules.evidence import Origin
from gateway.rules.review import State, Step, may_step
from gateway.usecases.background import Background
from gateway.usecases.drafts import Sentence, View, Waiting

BADGES = {
    State.PENDING: "AI-written, not yet approved",
    State.RETURNED: "Returned, not approved",
    State.APPROVED: "AI-written, approved",
    State.REJECTED: "Rejected, never published",
    State.REPLACED: "Replaced by a newer draft",
}
# Of what no AI wrote.
_BADGES = {
    State.PENDING: "Not yet approved",
    State.RETURNED: "Returned, not approved",
    State.APPROVED: "Approved",
    State.REJECTED: "Rejected, never published",
    State.REPLACED: BADGES[State.REPLACED],
}
_NO_AI = {Origin.PATIENT: "that came from the patient", Origin.HUMAN: "that came from a clinician"}
_WARNINGS = (
    "sentence comes without a transcript line.",
    "sentences come without a transcript line.",
)


@dataclass(frozen=True, slots=True)
class SentenceView:
    """`key` is its id in forms; `missing` tells that lines are named whose transcript is not here."""

    key: str
    text: str
    mark: str
    machine: str
    changes: tuple[Change, ...]
    lines: tuple[LineView, ...]
    missing: int
    rows: int

    @property
    def is_bare(self) -> bool:
        return self.mark not in ("own", "patient") and not self.lines and not self.missing


@dataclass(frozen=True, slots=True)
class SectionView:
    key: str
    title: str
    sentences: tuple[SentenceView, ...]
    removed: tuple[str, ...]

    @property
    def anchor(self) -> str:
        return f"part-{self.key}"


@dataclass(frozen=True, slots=True)
class Fact:
    name: str
    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class DraftView:
    id: str
    digest: str
    state: str
    is_ai: bool
    patient: str
    title: str
    session: str
    badge: str
    summary: str
    verdict: str
    reason: str
    warning: str
    sections: tuple[SectionView, ...]
    groups: tuple[GroupView, ...]
    gone: tuple[GoneView, ...]
    skipped: tuple[str, ...]
    steps: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the inbox."""

    id: str
    patient: str
    title: str
    session: str
    model: str
    sentences: str
    since: str


def row(waiting: Waiting, now: datetime) -> Row:
    draft, unproven = waiting.draft, waiting.unproven
    without = f", {unproven} without a transcript line" if unproven else ""
    counts = [plural(waiting.sentences, "sentence", "sentences") + without] if waiting.sentences else []
    counted = ", ".join([*counts, *([plural(waiting.entries, "entry", "entries")] if waiting.entries else [])])
    since = f"waiting {lasted(draft.created_at, now)}"
    if draft.state is not State.PENDING and draft.decided_at:
        since = f"{draft.state} {day(draft.decided_at)}"
    session = session_day(waiting.start)
    return Row(draft.id, waiting.patient, draft.title, session, waiting.model, counted, since)


def draft_view(
    view: View,
    now: datetime,
    decided_by: str = "",
    sent: Mapping[str, str] = MappingProxyType({}),
    faults: Mapping[str, str] = MappingProxyType({}),
) -> DraftView:
    """`sent` is a form that comes back, with its faults by field."""
    draft = view.draft
    sections = _sections(view)
    bare = sum(sentence.is_bare for section in sections for sentence in section.sentences)
    return DraftView(
        id=draft.id,
        digest=draft.digest,
        state=draft.state.value,
        is_ai=view.dossier.basis.attribution.is_ai,
        patient=view.patient,
        title=draft.title,
        session=session_day(view.dossier.basis.start),
        badge=(BADGES if view.dossier.basis.attribution.is_ai else _BADGES)[draft.state],
        summary=_summary(view, bare, now),
        verdict=_verdict(view, decided_by),
        reason=draft.reason or "",
        warning=plural(bare, *_WARNINGS) if bare else "",
        sections=sections,
        groups=tuple(group_views(view, sent, faults)),
        gone=gone_views(view),
        skipped=tuple(f"{row.place}: {row.reason}" for row in view.dossier.skipped),
        steps=frozenset(step.value for step in Step if may_step(draft.state, step)),
    )


def _summary(view: View, bare: int, now: datetime) -> str:
    sentences, entries = len(view.sentences), len(view.entries)
    counts = [plural(sentences, "sentence", "sentences")] if sentences or not entries else []
    count = ", ".join([*counts, *([plural(entries, "entry", "entries")] if entries else [])])
    without = f", {bare} without a transcript line" if bare else ""
    waiting = f" Waiting for {lasted(view.draft.created_at, now)}." if view.draft.state is State.PENDING else ""
    is_ai = view.dossier.basis.attribution.is_ai
    sender = f"Written by the AI model {view.model}" if is_ai else f"Sent by the app {view.model}"
    return f"{sender}. {count}{without}.{_voices(view)}{waiting}"


def _voices(view: View) -> str:
    """How much of it no AI wrote."""
    origins = [each.statement.origin for each in view.sentences] + [each.entry.origin for each in view.entries]
    counts = Counter(each for each in origins if each in _NO_AI)
    told = [f"{counts[origin]} {words}" for origin, words in _NO_AI.items() if counts[origin]]
    return f" No AI wrote the {' and the '.join(told)}." if told and view.dossier.basis.attribution.is_ai else ""


def _verdict(view: View, decided_by: str) -> str:
    draft = view.draft
    if draft.decided_at is None:
        return ""
    if draft.state is State.REPLACED:
        return f"The session was processed again: a newer draft took its place on {day(draft.decided_at)}."
    return f"{draft.state.value.capitalize()} by {decided_by or 'a clinician'} on {day(draft.decided_at)}."


def _sections(view: View) -> tuple[SectionView, ...]:
    present = {sentence.statement.id for sentence in view.sentences}
    removed = [each for each in view.dossier.statements if each.id not in present]
    made = (
        SectionView(
            key,
            title or "Note",
            tuple(_sentence(each) for each in view.sentences if each.statement.section == key),
            tuple(each.text for each in removed if each.section == key),
        )
        for key, title in view.sections.items()
    )
    return tuple(made)


def _sentence(sentence: Sentence) -> SentenceView:
    statement, machine = sentence.statement, sentence.machine_text or ""
    return SentenceView(
        key=statement.id,
        text=statement.text,
        mark=MARKS[statement.origin],
        machine=machine,
        changes=changes(machine, statement.text) if machine else (),
        lines=line_views(sentence.lines),
        missing=sum(line.segment is None for line in sentence.lines),
        rows=max(2, len(statement.text) // 48 + 1),
    )


def facts(view: View, background: Background) -> tuple[Fact, ...]:
    """How the draft came about, for those who want to know."""
    found = [Fact("Model" if view.dossier.basis.attribution.is_ai else "App", view.model)]
    if card := background.card:
        found.append(Fact(card.title, card.text or card.url or "", card.url))
    if prompt := background.prompt:
        found.append(Fact(prompt.title, prompt.text or ""))
    found.append(Fact("Received", f"{day(view.draft.created_at)}, by the mapping {background.mapping}"))
    if background.left_out:
        left = (f"{[step for step in each.steps if step][-1]}: {each.reason}" for each in background.left_out)
        found.append(Fact("Left out of what the AI sent", "\n".join(left)))
    return tuple(found)
