"""Who can see what of a patient, in plain words: the policy, and each consent with where it stands in its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.errors import NotFound
from gateway.fhir.json import parse
from gateway.rules.audit import Act
from gateway.rules.consent_codes import Concern, concern_of
from gateway.rules.consent_state import State, state_of
from gateway.rules.consent_words import POLICY, sentences_of
from gateway.store import consents
from gateway.usecases.asked import Asked
from gateway.usecases.changes import Ground
from gateway.usecases.consent_names import name_of
from gateway.usecases.disclosures import disclosures
from gateway.usecases.known import is_own_patient
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Told:
    """One Consent version in words; `since` and `until` as it says them."""

    consent: str
    kind: Concern
    state: State
    since: str | None
    until: str | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    policy: tuple[str, ...]
    consents: tuple[Told, ...]


def overview(services: Services, asked: Asked, patient_id: str, state: State | None = None) -> Overview:
    """All consents, or those of one state, newest first. Refuses with NotFound for a patient of somebody else."""
    with recorded(services, asked, Act.SEARCH, "Consent"):
        with services.database.read() as db:
            if not is_own_patient(Ground(services, asked, db), patient_id):
                raise NotFound
            found = consents.of_patient(db, asked.visibility, patient_id)
            bodies: dict[str, Mapping[str, Any]] = {
                f"Consent/{row.id}/_history/{row.version}": parse(row.text) for row in found
            }
            told = tuple(
                Told(
                    name,
                    concern_of(body),
                    standing,
                    body["provision"].get("period", {}).get("start"),
                    body["provision"].get("period", {}).get("end"),
                    tuple(sentences_of(body, lambda reference: name_of(db, asked, reference))),
                )
                for name, body in bodies.items()
                if (standing := state_of(body, bodies.values(), asked.at)) is state or state is None
            )
        entries = disclosures(asked, Act.SEARCH, "Consent", found)
        services.journal.record(entries).result()
    return Overview(POLICY, told)
