"""Who can see what an approval published, at this moment: the custodian itself, and whom a consent permits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.fhir import json
from gateway.rules.access import Visibility
from gateway.rules.consent import Facts, Rule, compile, decide
from gateway.rules.purposes import covered_by
from gateway.rules.rendering import name_of
from gateway.rules.review import sight_of
from gateway.store import drafts, registry, resources
from gateway.usecases import consent
from gateway.usecases.asked import Asked
from gateway.usecases.drafts import View
from gateway.usecases.services import Services


@dataclass(frozen=True, slots=True)
class Recipient:
    """An organization that a consent lets see the document. `purpose` is a v3-ActReason code."""

    name: str
    purpose: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Reach:
    """`published` counts the resources by type; nothing is published of a draft that was not approved."""

    published: Mapping[str, int]
    recipients: tuple[Recipient, ...]


def reach(services: Services, asked: Asked, view: View) -> Reach:
    """Of a draft that was shown to the caller. Reading the patient's consents for it is recorded."""
    with services.database.read() as db:
        references = [each.split("/") for each in drafts.published(db, sight_of(asked.caller), view.draft.id)]
        document = next((id for type, id in references if type == "DocumentReference"), None)
        stored = resources.read(db, asked.visibility, "DocumentReference", document) if document else None
    if stored is None:
        return Reach({}, ())
    consents = consent.of_patient(services, asked, view.draft.patient_id)
    rules = [rule for each in consents for rule in compile(json.parse(each.text), each.version)]
    facts = Facts(stored.patient_id, stored.custodian_id, stored.confidentiality)
    seeing = [rule for rule in rules if _is_seen(facts, rule, rules, asked.at)]
    covered = {
        (rule.recipient_id, code) for rule in seeing for code in covered_by(rule.purpose) if code != rule.purpose
    }
    widest = {
        (rule.recipient_id, rule.purpose): rule.valid_until
        for rule in seeing
        if (rule.recipient_id, rule.purpose) not in covered
    }
    recipients = (_recipient(services, *key, until) for key, until in widest.items())
    return Reach(Counter(type for type, _ in references), tuple(recipients))


def _is_seen(facts: Facts, rule: Rule, rules: list[Rule], at: datetime) -> bool:
    visibility = Visibility(rule.recipient_id, rule.purpose, at)
    return rule.recipient_id != facts.custodian_id and decide(facts, visibility, rules).permits


def _recipient(services: Services, id: str, purpose: str, until: datetime) -> Recipient:
    with services.database.read() as db:
        found = registry.organization(db, id)
    return Recipient(name_of(json.parse(found.text), "an organization") if found else "an organization", purpose, until)
