"""Who can see what of a patient, in plain words: the policy, and each consent with where it stands in its life; and
what one would say that is not given yet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.errors import NotFound
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.consent_codes import Concern, concern_of
from gateway.rules.consent_compile import supersedes
from gateway.rules.consent_form import Form
from gateway.rules.consent_state import State, state_of
from gateway.rules.consent_words import POLICY, Saying, sayings_of
from gateway.store import consents
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground
from gateway.usecases.consent import drawn_up
from gateway.usecases.consent_names import name_of
from gateway.usecases.disclosures import disclosures
from gateway.usecases.known import is_own_patient
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Told:
    """One Consent version in words: when it was `given`, and `since` and `until` as it says them."""

    consent: str
    kind: Concern
    state: State
    given: str
    since: str | None
    until: str | None
    sayings: tuple[Saying, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(saying.words for saying in self.sayings)


@dataclass(frozen=True, slots=True)
class Overview:
    """`custodian` is what the organization is called that keeps the record."""

    custodian: str
    policy: tuple[str, ...]
    consents: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a consent would say, and which ones that still count it would take the place of."""

    words: tuple[str, ...]
    replaces: tuple[Told, ...]


def overview(services: Services, asked: Asked, patient_id: str, state: State | None = None) -> Overview:
    """All consents, or those of one state, newest first. Refuses with NotFound for a patient of somebody else."""
    with recorded(services, asked, Act.SEARCH, "Consent"):
        with services.database.read() as db:
            if not is_own_patient(Ground(services, asked, db), patient_id):
                raise NotFound
            found = consents.of_patient(db, asked.visibility, patient_id)
            told = tuple(each for each in _told(db, asked, found) if each.state is state or state is None)
            custodian = name_of(db, asked, f"Organization/{asked.caller.organization_id}")
        services.journal.record(disclosures(asked, Act.SEARCH, "Consent", found)).result()
    return Overview(custodian, POLICY, told)


def preview(services: Services, asked: Asked, form: Form) -> Preview:
    """What `consent.grant` would record. Refuses as it does."""
    with recorded(services, asked, Act.CONSENT):
        with services.database.read() as db:
            consent = drawn_up(Ground(services, asked, db), form, str(uuid.uuid4()))
            found = consents.of_patient(db, asked.visibility, form.patient)
            replaced = [row for row in found if supersedes(consent, parse(row.text))]
            words = tuple(one.words for one in sayings_of(consent, lambda each: name_of(db, asked, each)))
            told = {each.consent: each for each in _told(db, asked, found)}
        services.journal.record(disclosures(asked, Act.SEARCH, "Consent", found)).result()
    standing = (told[_version(row)] for row in replaced)
    return Preview(words, tuple(each for each in standing if each.state in (State.IN_FORCE, State.PLANNED)))


def _told(db: Reader, asked: Asked, found: Sequence[Stored]) -> Iterator[Told]:
    """All consents of one patient."""
    bodies: dict[str, Mapping[str, Any]] = {_version(row): parse(row.text) for row in found}
    for name, body in bodies.items():
        period = body["provision"].get("period", {})
        yield Told(
            name,
            concern_of(body),
            state_of(body, bodies.values(), asked.at),
            body["dateTime"],
            period.get("start"),
            period.get("end"),
            tuple(sayings_of(body, lambda reference: name_of(db, asked, reference))),
        )


def _version(row: Stored) -> str:
    return f"Consent/{row.id}/_history/{row.version}"
