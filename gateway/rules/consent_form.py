"""A Consent made from what a person fills in: who may receive what, for which purpose, how long, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.fhir.labels import (
    ACT_CODE_SYSTEM,
    CONFIDENTIALITY_ORDER,
    CONFIDENTIALITY_SYSTEM,
    RESTRICTED,
    label,
)
from gateway.rules import purposes
from gateway.rules.codes import concept, instant, reference
from gateway.rules.consent_codes import (
    ADVANCED,
    BASIC,
    CATEGORY,
    CONCERNS,
    INTERMEDIATE,
    POLICY,
    RECIPIENT,
    ROLE_SYSTEM,
    SCOPE,
    SCOPE_SYSTEM,
    TYPE_SYSTEM,
    Concern,
)
from gateway.rules.consent_provisions import Provision, provisions

_BEYOND_PCF = frozenset({"action", "class", "code"})
_BEYOND_BASIC = frozenset({"dataPeriod", "data"})
_RELATED = frozenset({"Encounter", "CarePlan", "EpisodeOfCare"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One provision: `recipients` (references) may have what is described, or may not, from `start` to `end`.

    What is left empty is not limited. `labels` are confidentialities, sensitivities and laws, `types` of resources,
    `codes` (system, code) in the content, `since` and `until` its dates, `data` (meaning, reference) what it is or
    belongs to. `exceptions` say of a part something else; what they leave empty is as it is here.
    """

    type: str = "permit"
    recipients: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    labels: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    since: str | None = None
    until: str | None = None
    data: tuple[tuple[str, str], ...] = ()
    exceptions: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What `patient` (an id) decides. `performer` is who says so (a reference), if not the patient; `source` says where
    the signed form is kept."""

    patient: str
    clause: Clause
    concern: Concern = Concern.DISCLOSURE
    performer: str | None = None
    source: str = "Recorded at the gateway"


def permit(
    patient: str,
    recipient: str,
    purpose: str,
    start: str,
    end: str | None = None,
    source: str = "Recorded at the gateway",
) -> Form:
    """The form most often filled in: one organization may have the record for one purpose."""
    clause = Clause(recipients=(f"Organization/{recipient}",), purposes=(purpose,), start=start, end=end)
    return Form(patient, clause, source=source)


def consent_of(form: Form, id: str, custodian_id: str, at: datetime) -> dict[str, Any]:
    """The active Consent, claiming the narrowest profile of IHE Privacy Consent on FHIR that it fits."""
    kinds = [kind for kind, concern in CONCERNS.items() if concern is form.concern is not Concern.DISCLOSURE]
    consent = {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "scope": concept(SCOPE_SYSTEM, SCOPE),
        "category": [concept(*category) for category in (CATEGORY, *kinds)],
        "patient": reference("Patient", form.patient),
        "dateTime": instant(at),
        "performer": [{"reference": form.performer or f"Patient/{form.patient}"}],
        "organization": [reference("Organization", custodian_id)],
        "sourceAttachment": {"title": form.source},
        "policy": [{"uri": POLICY}],
        "provision": _provision(form.clause),
    }
    if profile := profile_of(consent):
        consent["meta"] = {"profile": [profile]}
    return label(consent, RESTRICTED)


def profile_of(consent: Mapping[str, Any]) -> str | None:
    """The narrowest profile of PCF that a Consent made here fits; None where PCF has no word for what it says."""
    stated = list(provisions(consent))
    elements = {name for each in stated for name in each.stated}
    if elements & _BEYOND_PCF or any(each.depth > 1 for each in stated):
        return None
    if "securityLabel" in elements or not all(_is_intermediate(each) for each in stated):
        return ADVANCED
    return INTERMEDIATE if len(stated) > 1 or elements & _BEYOND_BASIC else BASIC


def _is_intermediate(each: Provision) -> bool:
    """Whether `data` fits the slices of the Intermediate profile."""
    data = each.stated.get("data", ())
    related = [one["reference"]["reference"] for one in data if one["meaning"] == "related"]
    meanings = [one["meaning"] for one in data]
    once = each.depth == 0 or len(set(meanings)) == len(meanings)
    return once and "dependents" not in meanings and all(target.partition("/")[0] in _RELATED for target in related)


def _provision(clause: Clause) -> dict[str, Any]:
    role = concept(ROLE_SYSTEM, RECIPIENT)
    provision: dict[str, Any] = {
        "type": clause.type,
        "period": _period(clause.start, clause.end),
        "actor": [{"role": role, "reference": {"reference": who}} for who in clause.recipients],
        "securityLabel": [_label(code) for code in clause.labels],
        "purpose": [{"system": purposes.SYSTEM, "code": code} for code in clause.purposes],
        "class": [{"system": TYPE_SYSTEM, "code": type} for type in clause.types],
        "code": [concept(system, code) for system, code in clause.codes],
        "dataPeriod": _period(clause.since, clause.until),
        "data": [{"meaning": meaning, "reference": {"reference": what}} for meaning, what in clause.data],
        "provision": [_provision(exception) for exception in clause.exceptions],
    }
    return {name: value for name, value in provision.items() if value}


def _period(start: str | None, end: str | None) -> dict[str, str]:
    return {name: date for name, date in (("start", start), ("end", end)) if date}


def _label(code: str) -> dict[str, str]:
    system = CONFIDENTIALITY_SYSTEM if code in CONFIDENTIALITY_ORDER else ACT_CODE_SYSTEM
    return {"system": system, "code": code}
