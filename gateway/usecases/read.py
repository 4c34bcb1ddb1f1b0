"""Read one resource: its current version, or one that it had."""

from __future__ import annotations

from gateway.errors import Forbidden, Gone, NotFound
from gateway.fhir.references import ID
from gateway.fhir.search.table import TYPES
from gateway.rules.audit import Act, AuditEntry
from gateway.rules.scopes import allows
from gateway.store import audit_log, binaries, resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Answer, Asked, refused
from gateway.usecases.disclosures import patients_of, redacted
from gateway.usecases.events import event_of
from gateway.usecases.scoping import in_scope
from gateway.usecases.services import Services


def read(services: Services, asked: Asked, type: str, id: str) -> Answer[Stored]:
    """The current version. Refuses with NotFound for what is absent or hidden, Gone for what was deleted."""
    return _answer(services, asked, Act.READ, type, id, None)


def vread(services: Services, asked: Asked, type: str, id: str, version: str) -> Answer[Stored]:
    """One version, judged by its own labels and today's consent."""
    return _answer(services, asked, Act.VREAD, type, id, version)


def _answer(services: Services, asked: Asked, act: Act, type: str, id: str, version: str | None) -> Answer[Stored]:
    if type not in TYPES or not ID.match(id):
        return refused(services, asked, act, None, NotFound())
    if not allows(asked.caller.scopes, type, "r"):
        return refused(services, asked, act, type, Forbidden())
    with services.database.glance() as db:
        found = find(services, asked, db, type, id, version)
    if found is None or not in_scope(asked.caller, found, "r"):
        return refused(services, asked, act, f"{type}/{id}", NotFound())
    recorded = services.journal.record(told(asked, act, found))
    return Answer(recorded, refusal=Gone()) if found.is_deleted else Answer(recorded, found)


def find(services: Services, asked: Asked, db: Reader, type: str, id: str, version: str | None) -> Stored | None:
    """What the caller may see of a version, of the current one without `version`; scopes are not asked here."""
    if type == "AuditEvent":
        row = audit_log.read(db, asked.visibility, id) if version is None else None
        return event_of(row, services.fhir_base) if row else None
    if version is None:
        found = resources.read(db, asked.visibility, type, id)
        return found if type != "Binary" else binaries.opened(db, asked.visibility, id, found)
    if not version.isascii() or not version.isdigit() or len(version) > 9:
        return None
    found = resources.vread(db, asked.visibility, type, id, int(version))
    return found if type != "Binary" else binaries.opened_version(db, asked.visibility, id, found)


def told(asked: Asked, act: Act, found: Stored) -> list[AuditEntry]:
    """What is recorded of a version that is given out: an entry for each patient it is about."""
    target = f"{found.type}/{found.id}/_history/{found.version}"
    noted = {"consents": list(found.consents), "redacted": redacted([found])}
    detail = {name: value for name, value in noted.items() if value} or None
    return [
        asked.entry(act, target, patient_id=patient_id, custodian_id=found.custodian_id, detail=detail)
        for patient_id in patients_of(found) or (None,)
    ]
