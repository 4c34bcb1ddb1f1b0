"""Consents for the truth table, as FHIR: what the door admits and the store keeps.

`permit(HOSPITAL, "TREAT", labels="R", but=[deny(labels="PSY")])` is one provision with one exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.fhir.labels import ACT_CODE_SYSTEM, CONFIDENTIALITY_ORDER, CONFIDENTIALITY_SYSTEM
from gateway.rules import purposes
from gateway.rules.cases.cast import CLINIC, SAM
from gateway.rules.codes import LOINC
from gateway.rules.consent_codes import (
    ACTION_SYSTEM,
    CATEGORY,
    CONCERNS,
    POLICY,
    RECIPIENT,
    ROLE_SYSTEM,
    SCOPE,
    SCOPE_SYSTEM,
    TYPE_SYSTEM,
    Concern,
)

Json = dict[str, Any]


def permit(who: str = "", purpose: str = "", **what: Any) -> Json:
    return _provision("permit", who, purpose, **what)


def deny(who: str = "", purpose: str = "", **what: Any) -> Json:
    return _provision("deny", who, purpose, **what)


def consent(
    provision: Json,
    *,
    of: str = SAM,
    status: str = "active",
    given: str = "2026-01-02",
    concern: Concern = Concern.DISCLOSURE,
    number: str = "",
) -> Json:
    """`number` is a business identifier: a later consent of the same number takes the place of this one."""
    kinds = [CATEGORY, *(told for told, meant in CONCERNS.items() if meant is concern is not Concern.DISCLOSURE)]
    named = {"identifier": [{"system": "urn:example:consent", "value": number}]} if number else {}
    return {
        "resourceType": "Consent",
        **named,
        "status": status,
        "scope": _concept(SCOPE_SYSTEM, SCOPE),
        "category": [_concept(*kind) for kind in kinds],
        "patient": {"reference": of},
        "dateTime": given,
        "performer": [{"reference": of}],
        "organization": [{"reference": CLINIC}],
        "sourceAttachment": {"title": "A signed form"},
        "policy": [{"uri": POLICY}],
        "provision": provision,
    }


def _provision(
    type: str,
    who: str,
    purpose: str,
    *,
    action: str = "",
    labels: str = "",
    types: str = "",
    code: str = "",
    start: str = "",
    end: str = "",
    dated: tuple[str, str] = ("", ""),
    data: Sequence[tuple[str, str]] = (),
    but: Sequence[Json] = (),
) -> Json:
    """Texts of several words name several."""
    told = {
        "type": type,
        "period": _period(start, end),
        "actor": [{"role": _concept(ROLE_SYSTEM, RECIPIENT), "reference": {"reference": one}} for one in who.split()],
        "action": [_concept(ACTION_SYSTEM, one) for one in action.split()],
        "securityLabel": [_label(one) for one in labels.split()],
        "purpose": [_coding(purposes.SYSTEM, one) for one in purpose.split()],
        "class": [_coding(TYPE_SYSTEM, one) for one in types.split()],
        "code": [_concept(LOINC, one) for one in code.split()],
        "dataPeriod": _period(*dated),
        "data": [{"meaning": meaning, "reference": {"reference": what}} for meaning, what in data],
        "provision": list(but),
    }
    return {name: value for name, value in told.items() if value}


def _period(start: str, end: str) -> Json:
    return {name: value for name, value in (("start", start), ("end", end)) if value}


def _label(code: str) -> Json:
    return _coding(CONFIDENTIALITY_SYSTEM if code in CONFIDENTIALITY_ORDER else ACT_CODE_SYSTEM, code)


def _coding(system: str, code: str) -> Json:
    return {"system": system, "code": code}


def _concept(system: str, code: str) -> Json:
    return {"coding": [_coding(system, code)]}
