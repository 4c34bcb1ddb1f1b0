"""A patient's documents, and the one that is made when it is asked for.

https://hl7.org/fhir/uv/ipa/OperationDefinition-docref.html: `start` and `end` are about the care, not about the record;
a patient whom the caller does not see has no documents. When only the patient is named, it is the latest summary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.errors import Forbidden, Gone, Issue, NotFound, Refusal
from gateway.fhir.dates import Interval
from gateway.fhir.json import parse as parse_json
from gateway.fhir.labels import RESTRICTED, label
from gateway.rules.audit import Act
from gateway.rules.codes import DOCUMENT_CATEGORY, LOINC, concept, instant, reference
from gateway.rules.scopes import allows
from gateway.rules.summary import BUNDLE_PROFILE, PROFILE
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases import belonging
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import disclosures
from gateway.usecases.services import Services

Token = tuple[str, str]  # system (empty: any), code
_SUMMARY: Token = (LOINC, "60591-5")
# What a stored document that is a summary of the patient is typed as: IPS, and C-CDA's Continuity of Care Document.
_SUMMARIES: tuple[Token, ...] = (_SUMMARY, (LOINC, "34133-9"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """`types` and `profiles`: any of them; none: all. `on_demand`: only what is made when it is asked for."""

    within: Interval | None = None
    types: tuple[Token, ...] = ()
    profiles: tuple[str, ...] = ()
    on_demand: bool = False

    @property
    def latest(self) -> bool:
        """Nothing is said but the patient."""
        return not (self.within or self.types or self.profiles)


@dataclass(frozen=True, slots=True)
class Documents:
    """Those on record, the latest first, and `made`: a DocumentReference that is not stored."""

    rows: tuple[Stored, ...] = ()
    made: dict[str, Any] | None = None
    notices: tuple[Issue, ...] = ()


def docref(services: Services, asked: Asked, patient_id: str, wanted: Wanted) -> Answer[Documents]:
    """The documents of a patient. Refuses with Forbidden beyond the scopes."""
    try:
        if not all(allows(asked.caller.scopes, "DocumentReference", letter) for letter in "rs"):
            raise Forbidden
        with services.database.read() as db:
            patient = _patient(db, asked, patient_id)
            found = _documents(services, asked, db, patient, wanted) if patient else Documents()
    except Refusal as refusal:
        return refused(services, asked, Act.OPERATION, "DocumentReference", refusal)
    rows = found.rows or ((patient,) if patient and found.made else ())
    query = {"query": f"DocumentReference/$docref?patient={patient.id}" if patient else "DocumentReference/$docref"}
    return Answer(services.journal.record(disclosures(asked, Act.OPERATION, "DocumentReference", rows, query)), found)


def _patient(db: Reader, asked: Asked, id: str) -> Stored | None:
    try:
        return belonging.patient_of(db, asked, id)
    except (NotFound, Gone):
        return None


def _documents(services: Services, asked: Asked, db: Reader, patient: Stored, wanted: Wanted) -> Documents:
    made = _made(services, asked, patient) if _wants_summary(wanted) else None
    if wanted.on_demand:
        return Documents((), made)
    outlines = belonging.compartment(db, asked, patient.id, ("DocumentReference",), within=wanted.within)
    most = services.limits.page_maximum
    latest = sorted(outlines, key=lambda row: row.updated_micros, reverse=True)
    held = [row for row in belonging.texts(db, asked, latest[:most]) if _fits(parse_json(row.text), wanted)]
    notice = Issue(f"Only the latest {most} documents were looked through.", None, "too-costly", "warning")
    return Documents(tuple(held[:1] if wanted.latest else held), made, (notice,) if len(latest) > most else ())


def _wants_summary(wanted: Wanted) -> bool:
    """A summary is of today, so no time of care has one."""
    profiles = {PROFILE, BUNDLE_PROFILE}
    return (
        wanted.within is None
        and (not wanted.types or any(_is(token, *_SUMMARY) for token in wanted.types))
        and (not wanted.profiles or bool(profiles & {each.partition("|")[0] for each in wanted.profiles}))
    )


def _fits(document: dict[str, Any], wanted: Wanted) -> bool:
    types = _SUMMARIES if wanted.latest else wanted.types
    codings = document.get("type", {}).get("coding", ())
    if types and not any(
        _is(token, each.get("system", ""), each.get("code", "")) for token in types for each in codings
    ):
        return False
    claimed = document.get("meta", {}).get("profile", ())
    return not wanted.profiles or bool(set(claimed) & set(wanted.profiles))


def _is(token: Token, system: str, code: str) -> bool:
    return token[1] == code and token[0] in ("", system)


def _made(services: Services, asked: Asked, patient: Stored) -> dict[str, Any]:
    """What leads to the summary, which is made when its address is read."""
    url = f"{services.fhir_base}/Patient/{patient.id}/$summary"
    title = "International Patient Summary"
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": concept(*_SUMMARY),
        "category": [concept(DOCUMENT_CATEGORY, "clinical-note", "Clinical Note")],
        "subject": reference("Patient", patient.id),
        "date": instant(asked.at),
        "author": [{"display": "Care-continuity gateway"}],
        "description": "Put together of what is on record when it is read.",
        "content": [{"attachment": {"contentType": "application/fhir+json", "url": url, "title": title}}],
    }
    return label(document, RESTRICTED)
