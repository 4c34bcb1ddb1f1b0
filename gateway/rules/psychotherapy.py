"""Psychotherapy notes: a clinician's own thoughts on what was said, apart from the record, and who may read them.

45 CFR 164.501 says what they are, 164.508(a)(2) that their originator may use them for treatment, and that anybody
else needs an authorization that names them: https://www.ecfr.gov/current/title-45/part-164
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import Forbidden, Issue
from gateway.fhir.elements import objects_of
from gateway.fhir.labels import HIPAA_PSY_NOTES, INLINE_LABEL, PSYTHPN, RESTRICTED, label, spoken
from gateway.rules.access import Caller, Visibility
from gateway.rules.break_glass import PURPOSE as BREAK_THE_GLASS
from gateway.rules.consent import Basis, Decision, Facts, Rule, Verdict, decide
from gateway.rules.content import Kind, aspect_of
from gateway.rules.selector import Selector

LABELS = (RESTRICTED, PSYTHPN, HIPAA_PSY_NOTES)
_MARKS = {(each["system"], each["code"]) for each in (PSYTHPN, HIPAA_PSY_NOTES)}
_POINTER = "Psychotherapy notes are kept apart from the record: send them to /psychotherapy-notes."


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of one version of a note beside its text: `session_at` is when the session was, `author_id` the
    Practitioner."""

    id: str
    version: int
    patient_id: str
    custodian_id: str
    author_id: str
    session_at: datetime
    written_at: datetime


def check_author(caller: Caller) -> str:
    """The practitioner who writes. Raises Forbidden when the token was not given to one."""
    if caller.practitioner_id is None:
        raise Forbidden("Only a clinician who has signed in keeps psychotherapy notes.")
    return caller.practitioner_id


def is_author(note: Note, visibility: Visibility) -> bool:
    """Whether it is the originator's own use, which needs no consent; breaking the glass is no such use."""
    writer = (note.author_id, note.custodian_id)
    own = writer == (visibility.practitioner_id, visibility.organization_id)
    return own and visibility.own_use


def described(note: Note) -> dict[str, Any]:
    """The note in the words of a consent: as a document of its author, dated by the session."""
    at = note.session_at.isoformat()
    resource: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "id": note.id,
        "subject": {"reference": f"Patient/{note.patient_id}"},
        "author": [{"reference": f"Practitioner/{note.author_id}"}],
        "context": {"period": {"start": at, "end": at}},
    }
    return label(resource, *LABELS)


def decide_note(
    note: Note, visibility: Visibility, rules: Sequence[Rule], selectors: Iterable[Selector] = ()
) -> Decision:
    """The originator's own use, unless the patient refuses her in person; or else the patient's consents alone: neither
    the policy for the custodian's record nor broken glass opens a note. `rules` and `selectors` are those of the
    patient's consents."""
    if visibility.purpose == BREAK_THE_GLASS:
        return Decision(Verdict.SILENT, Basis.LAW)
    kind = Kind(frozenset({aspect_of(described(note), selectors)}))
    custodian_id = note.custodian_id if is_author(note, visibility) else None
    facts = Facts((note.patient_id,), custodian_id, kind.confidentiality, kind)
    return decide(facts, visibility, {note.patient_id: rules})


def misplaced(resource: Mapping[str, Any]) -> Iterator[Issue]:
    """Where a resource that is sent to the record says that it is a psychotherapy note."""
    kind = str(resource["resourceType"])
    if any(_is_marked(each) for each in objects_of(resource)) or _is_marked_document(resource):
        yield Issue(_POINTER, f"{kind}.meta.security", "business-rule")


def _is_marked(value: Mapping[str, Any]) -> bool:
    """Whether an object, apart from those inside it, carries the label."""
    if value.get("url") == INLINE_LABEL and isinstance(value.get("valueCoding"), dict):
        return spoken(value["valueCoding"]) in _MARKS
    meta = value.get("meta")
    return isinstance(meta, dict) and any(spoken(coding) in _MARKS for coding in meta.get("security", ()))


def _is_marked_document(resource: Mapping[str, Any]) -> bool:
    concepts = resource.get("securityLabel", ()) if resource["resourceType"] == "DocumentReference" else ()
    return any(spoken(coding) in _MARKS for concept in concepts for coding in concept.get("coding", ()))
