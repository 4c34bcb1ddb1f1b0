"""What a Consent may hold here: exactly what the gateway enforces. Everything else is refused by name.

A consent that is stored and partly ignored would promise the patient what nobody keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from gateway.errors import Issue
from gateway.fhir import dates
from gateway.fhir.references import literal
from gateway.fhir.walker import MAX_ISSUES
from gateway.rules.consent_codes import CATEGORY, CONCERNS, Concern, categories_of, concern_of
from gateway.rules.consent_elements import CATEGORIES, CONSENT, provision
from gateway.rules.consent_provisions import faults, provisions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A date is read in UTC; where the patient is, it may be tomorrow already.
_ELSEWHERE = timedelta(hours=14)
_LONGEST_WAIT = timedelta(days=5 * 365)
# What an end may change: nothing of what the Consent says.
_OF_AN_END = frozenset({"status", "meta", "text"})


def admit(consent: Mapping[str, Any], at: datetime | None = None) -> list[Issue]:
    """Every element that the gateway cannot enforce, or needs and does not find; none means it can be compiled.

    `at` is when it is recorded, if it is being recorded now.
    """
    concern = Concern.DISCLOSURE if any(CATEGORIES(consent.get("category"), "")) else concern_of(consent)
    form = chain(CONSENT(consent, "Consent"), _source(consent))
    if "provision" in consent:
        form = chain(form, provision(concern)(consent["provision"], "Consent.provision"))
    issues = list(islice(form, MAX_ISSUES))
    if not issues:
        meaning = chain(_categories(consent), _others(consent), faults(consent, concern))
        issues = list(islice(chain(meaning, _moments(consent, at) if at else ()), MAX_ISSUES))
    return issues


def admit_end(consent: Mapping[str, Any], former: Mapping[str, Any] | None) -> list[Issue]:
    """What speaks against keeping a Consent that is not active; `former` is what it said before, None of a new one.

    One that ended may have taken the place of others, so its words must have been in force.
    """
    if former is None:
        text = "A Consent is recorded as active; update it to inactive or entered-in-error to end it."
        return [Issue(text, "Consent.status", "business-rule")]
    names = sorted((former.keys() | consent.keys()) - _OF_AN_END)
    text = "What ends a Consent changes its status only; what it says is changed while it is active."
    changed = [name for name in names if consent.get(name) != former.get(name)]
    return [*admit(consent), *(Issue(text, f"Consent.{name}", "business-rule") for name in changed)]


def _source(consent: Mapping[str, Any]) -> Iterator[Issue]:
    if ("sourceAttachment" in consent) == ("sourceReference" in consent):
        yield Issue("Exactly one source is needed.", "Consent.source", "required")


def _categories(consent: Mapping[str, Any]) -> Iterator[Issue]:
    told = set(categories_of(consent))
    if CATEGORY not in told:
        yield Issue("One category is the consent of LOINC, 59284-0.", "Consent.category", "required")
    if len(told & set(CONCERNS)) > 1:
        text = "A consent is about one thing: disclosure, redisclosure or the processing by an AI."
        yield Issue(text, "Consent.category", "business-rule")


def _others(consent: Mapping[str, Any]) -> Iterator[Issue]:
    """A patient consents for the own record alone; and may always see it, so cannot be its recipient."""
    patient = literal(consent["patient"]["reference"])
    for number, performer in enumerate(consent["performer"]):
        who = literal(performer["reference"])
        if who is not None and who.type == "Patient" and who != patient:
            text = "Another patient cannot consent to this; a parent or guardian is a RelatedPerson."
            yield Issue(text, f"Consent.performer[{number}]", "business-rule")
    for each in provisions(consent):
        for number, actor in enumerate(each.stated.get("actor", ())):
            if literal(actor["reference"]["reference"]) == patient:
                text = "Patients see their own record by policy, not by consent."
                yield Issue(text, f"Consent.{each.path}.actor[{number}].reference", "business-rule")
        for number, data in enumerate(each.stated.get("data", ())):
            who = literal(data["reference"]["reference"])
            if who is not None and who.type == "Patient" and who != patient:
                text = "This is the record of another patient."
                yield Issue(text, f"Consent.{each.path}.data[{number}].reference", "business-rule")


def _moments(consent: Mapping[str, Any], at: datetime) -> Iterator[Issue]:
    if dates.interval(consent["dateTime"]).low > _micros(at + _ELSEWHERE):
        yield Issue("Nobody has consented in the future.", "Consent.dateTime", "value")
    for each in provisions(consent):
        if "start" in each.stated.get("period", {}) and each.span.low > _micros(at + _LONGEST_WAIT):
            text = "A consent begins within five years of being recorded."
            yield Issue(text, f"Consent.{each.path}.period.start", "value")


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
