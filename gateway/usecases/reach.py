"""Who can see what an approval published, at this moment: the custodian itself, and whom a consent permits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.fhir import json
from gateway.rules.access import Visibility
from gateway.rules.consent import Rule
from gateway.rules.purposes import ANY, permitted_under
from gateway.rules.rendering import name_of
from gateway.rules.review import sight_of
from gateway.rules.shape import Effect
from gateway.store import consents, drafts, registry, resources
from gateway.store.database import Reader
from gateway.store.deciding import Judge
from gateway.store.resources import Stored
from gateway.usecases import consent
from gateway.usecases.asked import Asked
from gateway.usecases.drafts import View
from gateway.usecases.services import Services

_NAMELESS = {
    "Organization": "an organization",
    "Practitioner": "a practitioner",
    "Device": "a device",
    "Patient": "a patient",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whom a consent lets see the document. `purpose` is a v3-ActReason code, or "*" for any."""

    name: str
    purpose: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """`published` counts the resources by type; nothing is published of a draft that was not approved."""

    published: Mapping[str, int]
    recipients: tuple[Recipient, ...]


def reach(services: Services, asked: Asked, view: View) -> Reach:
    """Of a draft that was shown to the caller. Reading the patients' consents for it is recorded. Of several patients
    each lets somebody see it no longer than until the first of them ends that."""
    with services.database.read() as db:
        references = [each.split("/") for each in drafts.published(db, sight_of(asked.caller), view.draft.id)]
        document = next((id for type, id in references if type == "DocumentReference"), None)
        stored = resources.read(db, asked.visibility, "DocumentReference", document) if document else None
    if stored is None:
        return Reach({}, ())
    for patient_id in view.draft.patients:
        consent.of_patient(services, asked, patient_id)
    with services.database.read() as db:
        widest: dict[tuple[str, str], datetime] = {}
        for patient_id in view.draft.patients:
            rules = consents.in_force(db, asked.visibility, patient_id)
            for key, until in _widest([rule for rule in rules if _lets_see(db, asked.at, stored, rule)]).items():
                widest[key] = min(until, widest.get(key, until))
        recipients = [Recipient(_name(db, key), purpose, until) for (key, purpose), until in widest.items()]
    return Reach(Counter(type for type, _ in references), tuple(recipients))


def _lets_see(db: Reader, at: datetime, stored: Stored, rule: Rule) -> bool:
    """Whether it permits something to somebody else, and nothing stands against that for this document."""
    is_other = rule.recipient != f"Organization/{stored.custodian_id}"
    return is_other and rule.shape.effect is Effect.PERMIT and Judge(db, _eyes(rule, at)).decide(stored).permits


def _eyes(rule: Rule, at: datetime) -> Visibility:
    """With which somebody would look whom the rule names; of a rule for any purpose, for treatment."""
    kind, _, named = rule.recipient.partition("/")
    id, _, place = named.partition("@")
    purpose = "TREAT" if rule.purpose == ANY else rule.purpose
    return Visibility(
        id if kind == "Organization" else place,
        purpose,
        at,
        practitioner_id=id if kind == "Practitioner" else None,
        device_id=id if kind == "Device" else None,
        patient_id=id if kind == "Patient" else None,
    )


def _widest(rules: list[Rule]) -> dict[tuple[str, str], datetime]:
    """Until when each recipient sees it for each purpose; without those that another of the purposes covers."""
    found: dict[tuple[str, str], datetime] = {}
    for rule in rules:
        key = rule.recipient, rule.purpose
        found[key] = max(rule.valid_until, found.get(key, rule.valid_until))
    return {key: until for key, until in found.items() if not _is_covered(key, found)}


def _is_covered(key: tuple[str, str], others: Iterable[tuple[str, str]]) -> bool:
    recipient, purpose = key
    wider = [other for who, other in others if who == recipient and other != purpose]
    return any(other in permitted_under(purpose) for other in wider)


def _name(db: Reader, recipient: str) -> str:
    kind, _, named = recipient.partition("/")
    id, _, place = named.partition("@")
    if kind == "Organization":
        found = registry.organization(db, id)
        return name_of(json.parse(found.text), _NAMELESS[kind]) if found else _NAMELESS[kind]
    if kind == "Practitioner":
        found = registry.practitioner(db, id)
        name = name_of(json.parse(found.text), _NAMELESS[kind]) if found else _NAMELESS[kind]
        return f"{name} at {_name(db, f'Organization/{place}')}" if place else name
    return _NAMELESS.get(kind, "everybody")
