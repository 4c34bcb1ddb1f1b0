"""The whole chain behind one published resource: from the payload and the model to everybody who has read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.errors import NotFound
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.basis import Basis
from gateway.rules.consent import Rule
from gateway.rules.drafting import published_id
from gateway.rules.entries import Entry
from gateway.rules.entry_leaves import headline
from gateway.rules.evidence import Origin, Statement, segment_identifier, sentence_identifier
from gateway.rules.purposes import ANY, covered_by
from gateway.rules.rendering import name_of
from gateway.rules.review import sight_of
from gateway.rules.shape import Effect
from gateway.store import consents, drafts, reads, resources, submissions, transcripts
from gateway.store.database import Reader
from gateway.store.drafts import Draft
from gateway.store.reads import Read
from gateway.store.transcripts import Spoken
from gateway.usecases.asked import Asked
from gateway.usecases.drafts import Edit, edits_of
from gateway.usecases.refusals import recorded
from gateway.usecases.reviewable import reviewable
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Submitted:
    id: str
    client_id: str
    mapping: str
    mapping_version: str
    received_at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Model:
    """The machine, and what it was told: references, and the name of the model with its version."""

    device: str
    name: str
    card: str | None
    prompt: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One segment a statement rests on: named, timed, attributed to a speaker, never quoted."""

    identifier: str
    segment_id: str
    speaker: str | None
    start: Decimal | None
    end: Decimal | None
    is_received: bool


@dataclass(frozen=True, slots=True)
class Traced:
    """One statement of the approved document; `revises` names the machine's sentence, `written_by` the clinician."""

    id: str
    section: str
    text: str
    origin: Origin
    revises: str | None
    machine_sentence: str | None
    written_by: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class TracedPart:
    """An element of an entry with an origin of its own."""

    id: str
    path: str
    origin: Origin
    written_by: str | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class TracedEntry:
    """One entry of what was approved: `resource` is what it was published as, `headline` its first words."""

    id: str
    resource: str
    patient: str
    headline: str
    origin: Origin
    revises: str | None
    written_by: str | None
    evidence: tuple[Evidence, ...]
    parts: tuple[TracedPart, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    by: str
    at: datetime
    digest: str
    revision: int


@dataclass(frozen=True, slots=True)
class InForce:
    """A Consent version that permits somebody something today; `purposes` are all it covers, "*" any."""

    consent: str
    recipients: tuple[str, ...]
    purposes: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Lineage:
    resource: str
    patients: tuple[str, ...]
    custodian: str
    draft_id: str
    submission: Submitted
    model: Model
    published: tuple[str, ...]
    statements: tuple[Traced, ...]
    entries: tuple[TracedEntry, ...]
    edits: tuple[Edit, ...]
    approval: Approved
    consents: tuple[InForce, ...]
    reads: tuple[Read, ...]


def lineage(services: Services, asked: Asked, type: str, id: str) -> Lineage:
    """Raises NotFound for what was not published from a submission to the caller's organization, or is withheld."""
    target = f"{type}/{id}"
    with recorded(services, asked, Act.LINEAGE), services.database.read() as db:
        origin = drafts.origin_of(db, sight_of(asked.caller), type, id)
        if origin is None:
            raise NotFound
        draft = reviewable(db, asked, origin)
        found = _lineage(services, db, asked, target, draft)
    services.journal.record([asked.entry(Act.LINEAGE, target, patients=draft.patients)]).result()
    return found


def _lineage(services: Services, db: Reader, asked: Asked, target: str, draft: Draft) -> Lineage:
    sight = sight_of(asked.caller)
    dossier, revisions = drafts.history(db, sight, draft.id)
    submission = submissions.read(db, sight, draft.submission_id)
    segments = transcripts.segments(db, sight, services.vault, draft.session_id)
    published = tuple(drafts.published(db, sight, draft.id))
    final = next(revision for _, revision in revisions if revision.digest == draft.approved_digest)
    machine = frozenset(statement.id for statement in dossier.statements)
    assert submission is not None
    assert draft.decided_at is not None
    return Lineage(
        resource=target,
        patients=tuple(f"Patient/{id}" for id in draft.patients),
        custodian=f"Organization/{draft.custodian_id}",
        draft_id=draft.id,
        submission=_submitted(submission),
        model=_model(db, asked, dossier.basis),
        published=published,
        statements=tuple(_traced(each, draft, segments, dossier.sections, machine) for each in final.statements),
        entries=tuple(_traced_entry(each, draft, segments) for each in final.entries),
        edits=edits_of(revisions),
        approval=Approved(f"Practitioner/{draft.decided_by}", draft.decided_at, final.digest, final.number),
        consents=tuple(each for id in draft.patients for each in _in_force(db, asked, id)),
        reads=_reads(db, asked, draft, published),
    )


def _submitted(found: submissions.Submission) -> Submitted:
    return Submitted(found.id, found.client_id, found.mapping, found.mapping_version, found.received_at, found.digest)


def _model(db: Reader, asked: Asked, basis: Basis) -> Model:
    attribution = basis.attribution
    device = resources.read(db, asked.visibility, "Device", attribution.device_id)
    card, prompt = (id and f"DocumentReference/{id}" for id in (attribution.card_id, attribution.prompt_id))
    name = name_of(parse(device.text), "unnamed") if device else "unnamed"
    return Model(f"Device/{attribution.device_id}", name, card, prompt)


def _traced(
    statement: Statement, draft: Draft, segments: dict[str, Spoken], sections: dict[str, str], machine: frozenset[str]
) -> Traced:
    return Traced(
        id=statement.id,
        section=sections.get(statement.section, ""),
        text=statement.text,
        origin=statement.origin,
        revises=statement.of,
        machine_sentence=sentence_identifier(draft.id, statement.id) if statement.id in machine else None,
        written_by=_practitioner(statement.by),
        evidence=tuple(_evidence(draft.session_id, id, segments.get(id)) for id in statement.evidence),
    )


def _traced_entry(entry: Entry, draft: Draft, segments: dict[str, Spoken]) -> TracedEntry:
    def rests_on(segment_ids: tuple[str, ...]) -> tuple[Evidence, ...]:
        return tuple(_evidence(draft.session_id, id, segments.get(id)) for id in segment_ids)

    return TracedEntry(
        id=entry.id,
        resource=f"{entry.type}/{published_id(draft.id, entry.id)}",
        patient=f"Patient/{entry.patient or draft.patient_id}",
        headline=headline(entry.resource),
        origin=entry.origin,
        revises=entry.of,
        written_by=_practitioner(entry.by),
        evidence=rests_on(entry.evidence),
        parts=tuple(
            TracedPart(part.id, part.path, part.origin, _practitioner(part.by), rests_on(part.evidence))
            for part in entry.parts
        ),
    )


def _practitioner(id: str | None) -> str | None:
    return f"Practitioner/{id}" if id else None


def _evidence(session_id: str, id: str, segment: Spoken | None) -> Evidence:
    identifier = segment_identifier(session_id, id)
    if segment is None:
        return Evidence(identifier, id, None, None, None, is_received=False)
    return Evidence(identifier, id, segment.speaker, segment.start, segment.end, is_received=True)


def _reads(db: Reader, asked: Asked, draft: Draft, published: tuple[str, ...]) -> tuple[Read, ...]:
    """Each once, though it is recorded for each patient."""
    of_each = (reads.reads_of(db, asked.visibility, id, published, draft.id) for id in draft.patients)
    return tuple(sorted(dict.fromkeys(read for all in of_each for read in all), key=lambda read: read.at))


def _in_force(db: Reader, asked: Asked, patient_id: str) -> tuple[InForce, ...]:
    by_consent: dict[str, list[Rule]] = {}
    for rule in consents.in_force(db, asked.visibility, patient_id):
        if rule.shape.effect is Effect.PERMIT:
            by_consent.setdefault(rule.reason.consent, []).append(rule)
    return tuple(
        InForce(
            consent,
            tuple(dict.fromkeys(rule.recipient for rule in rules)),
            tuple(dict.fromkeys(code for rule in rules for code in _covered(rule.purpose))),
            min(rule.valid_from for rule in rules),
            max(rule.valid_until for rule in rules),
        )
        for consent, rules in by_consent.items()
    )


def _covered(purpose: str) -> tuple[str, ...]:
    return covered_by(purpose) if purpose != ANY else (ANY,)
