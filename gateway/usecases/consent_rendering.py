"""One Consent as it is kept, in the form of IHE PCF, or as HL7's Scalable Consent Management guide wants it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import NotAcceptable, NotFound
from gateway.fhir.json import dump, parse
from gateway.rules import consent_fast
from gateway.rules.audit import Act
from gateway.store import resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.consent import manages
from gateway.usecases.consent_names import resource_of
from gateway.usecases.read import told
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services


def read(services: Services, asked: Asked, consent_id: str) -> Stored:
    """As it is kept. Refuses with NotFound for one that is not the caller's to manage."""
    with recorded(services, asked, Act.READ, f"Consent/{consent_id}"):
        with services.database.read() as db:
            found = _managed(db, asked, consent_id)
        services.journal.record(told(asked, Act.READ, found)).result()
    return found


def fast(services: Services, asked: Asked, consent_id: str) -> tuple[Stored, bytes]:
    """The same and its text as FASTConsent. Refuses with NotAcceptable too, for what FAST has no words for."""
    with recorded(services, asked, Act.READ, f"Consent/{consent_id}"):
        with services.database.read() as db:
            found = _managed(db, asked, consent_id)
            consent = parse(found.text)
            if not consent_fast.fits(consent):
                raise NotAcceptable(
                    "FAST has no words for this: provisions nested deeper, or a status of another kind."
                )
            known = {each: _identifier(db, asked, each) for each in consent_fast.references_of(consent)}
        services.journal.record(told(asked, Act.READ, found)).result()
    return found, dump(consent_fast.fast_of(consent, known.get, services.fhir_base))


def _managed(db: Reader, asked: Asked, consent_id: str) -> Stored:
    found = resources.read(db, asked.visibility, "Consent", consent_id)
    if found is None or not manages(asked, found):
        raise NotFound
    return found


def _identifier(db: Reader, asked: Asked, reference: str) -> Mapping[str, Any] | None:
    """The first identifier that says whose it is, of somebody in the directory or whom the caller can see."""
    found = resource_of(db, asked, reference)
    if found is None:
        return None
    identifiers: list[Mapping[str, Any]] = parse(found.text).get("identifier", [])
    return next((each for each in identifiers if "system" in each and "value" in each), None)
