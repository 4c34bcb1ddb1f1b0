"""What a Consent may hold here: exactly what the gateway enforces. Everything else is refused by name.

A consent that is stored and partly ignored would promise the patient what nobody keeps. The form below is the
"Basic" profile of IHE Privacy Consent on FHIR, narrowed: https://profiles.ihe.net/ITI/PCF/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.errors import Issue
from gateway.fhir import dates
from gateway.fhir.references import literal
from gateway.rules import purposes
from gateway.rules.codes import LOINC, TERMINOLOGY

PROFILE = "https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentBasic"
POLICY = "urn:care-continuity-gateway:policy:consent:1"  # the truth table of gateway/README.md
SCOPE_SYSTEM, SCOPE = f"{TERMINOLOGY}/consentscope", "patient-privacy"
CATEGORY = "59284-0"
ROLE_SYSTEM, RECIPIENT = f"{TERMINOLOGY}/v3-ParticipationType", "IRCP"

Leaf = Callable[[Any], bool]
Form = Leaf | Mapping[str, "Form"] | list["Form"]


def _one_of(*values: str) -> Leaf:
    return lambda value: isinstance(value, str) and value in values


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _date(value: Any) -> bool:
    try:
        dates.interval(value)
    except (TypeError, ValueError):
        return False
    return True


def _anything(_: Any) -> bool:
    return True


def _to(*types: str) -> Form:
    def local(value: Any) -> bool:
        found = literal(value) if isinstance(value, str) else None
        return found is not None and found.type in types and found.version is None

    return {"reference": local}


def _concept(system: str, code: str) -> Form:
    return {"coding": [{"system": _one_of(system), "code": _one_of(code), "display?": _text}]}


# A name that ends in "?" may be absent; a list holds at least one.
_FORM: Form = {
    "resourceType": _one_of("Consent"),
    "id?": _text,
    "meta?": _anything,
    "status": _one_of("active", "inactive"),
    "scope": _concept(SCOPE_SYSTEM, SCOPE),
    "category": [_concept(LOINC, CATEGORY)],
    "patient": _to("Patient"),
    "dateTime": _date,
    "performer": [_to("Patient", "RelatedPerson", "Practitioner")],
    "organization": [_to("Organization")],
    "sourceAttachment?": {"title": _text, "creation?": _date},
    "sourceReference?": _to("DocumentReference"),
    "policy": [{"uri": _one_of(POLICY)}],
    "provision": {
        "type": _one_of("permit"),
        "period": {"start": _date, "end?": _date},
        "actor": [{"role": _concept(ROLE_SYSTEM, RECIPIENT), "reference": _to("Organization")}],
        "purpose": [
            {"system": _one_of(purposes.SYSTEM), "code": _one_of(*sorted(purposes.PURPOSES)), "display?": _text}
        ],
    },
}


def admit(consent: Mapping[str, Any]) -> list[Issue]:
    """Every element the gateway cannot enforce, or needs and does not find; none means it can be compiled."""
    issues = list(_differences(consent, _FORM, "Consent"))
    if ("sourceAttachment" in consent) == ("sourceReference" in consent):
        issues.append(Issue("Exactly one source is needed.", "Consent.source", "required"))
    if not issues:
        issues += _others(consent)
    if not issues and _ends_before_it_starts(consent["provision"]["period"]):
        issues.append(Issue("The period ends before it starts.", "Consent.provision.period", "value"))
    return issues


def _others(consent: Mapping[str, Any]) -> Iterator[Issue]:
    """A patient consents for the own record alone."""
    for number, performer in enumerate(consent["performer"]):
        who = literal(performer["reference"])
        if who is not None and who.type == "Patient" and who != literal(consent["patient"]["reference"]):
            yield Issue("Another patient cannot consent to this.", f"Consent.performer[{number}]", "business-rule")


def _differences(value: Any, form: Form, path: str) -> Iterator[Issue]:
    if isinstance(form, list):
        if not isinstance(value, list) or not value:
            yield Issue("At least one is needed here.", path, "required")
        else:
            for number, item in enumerate(value):
                yield from _differences(item, form[0], f"{path}[{number}]")
    elif isinstance(form, Mapping):
        yield from _members(value, form, path)
    elif not form(value):
        yield Issue("The gateway cannot enforce this value.", path, "value")


def _members(value: Any, form: Mapping[str, Form], path: str) -> Iterator[Issue]:
    if not isinstance(value, Mapping):
        yield Issue("An object is needed here.", path, "structure")
        return
    known = {name.rstrip("?") for name in form}
    for name in value:
        if name not in known:
            place = f"{path}.{name}" if str(name).replace("_", "").isalnum() else path
            yield Issue("The gateway cannot enforce this element.", place, "not-supported")
    for name, inner in form.items():
        member = name.rstrip("?")
        if member in value:
            yield from _differences(value[member], inner, f"{path}.{member}")
        elif member == name:
            yield Issue("This element is needed.", f"{path}.{member}", "required")


def _ends_before_it_starts(period: Mapping[str, Any]) -> bool:
    span = dates.period(period)
    return span.high < span.low
