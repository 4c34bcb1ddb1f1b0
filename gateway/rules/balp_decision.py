"""A decision on consents as a BALP AuditEvent: who might see what, by which consents, and who wanted to know.

AuthZconsent of https://profiles.ihe.net/ITI/BALP/ names the consents that decided; a decision that rests on none (on
the custodian's policy, or on silence), or is about nobody of an organization, is told alike and claims no profile.
`detail` of the row holds `who`, `organization` and `for` (whose access was asked about, and its purpose), `verdict`
and `consents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.fhir.labels import RESTRICTED
from gateway.rules.balp_parts import (
    DICOM,
    PARTICIPATION,
    Recorded,
    about_patient,
    client_of,
    coding,
    server,
    under_consents,
)
from gateway.rules.balp_parts import PROFILE as _PROFILES
from gateway.rules.codes import ACT_REASON, TERMINOLOGY, concept

PROFILE = f"{_PROFILES}AuthZconsent"
_SUBTYPE = ("https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType", "AuthZ-Consent")


def render(row: Recorded, base: str) -> dict[str, Any]:
    """The AuditEvent; one of a question that was refused tells of nobody but who asked."""
    at = row.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    needed = (row.patient, row.detail.get("organization"), row.detail.get("consents"))
    profile = {"profile": [PROFILE]} if all(needed) else {}
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": row.id,
        "meta": {"versionId": "1", "lastUpdated": at, **profile, "security": [RESTRICTED]},
        "type": coding(DICOM, "110113"),
        "subtype": [coding(*_SUBTYPE)],
        "action": "E",
        "recorded": at,
        "outcome": row.outcome.value,
        "outcomeDesc": row.detail.get("verdict") or row.detail.get("reason") or "",
        "agent": list(_agents(row, base)),
        "source": {"observer": server(base), "type": [coding(f"{TERMINOLOGY}/security-source-type", "4")]},
        "entity": [*about_patient(row), *under_consents(row)],
    }
    return {name: value for name, value in event.items() if value}


def _agents(row: Recorded, base: str) -> Iterator[dict[str, Any]]:
    yield {
        "type": concept(DICOM, "110150"),
        "who": client_of(row),
        "requestor": row.user is None,
        "network": {**({"address": row.address} if row.address else {}), "type": "2"},
    }
    if "who" in row.detail:
        yield {
            "type": concept(PARTICIPATION, "IRCP"),
            "who": {"reference": row.detail["who"]},
            "requestor": True,
            "purposeOfUse": [concept(ACT_REASON, row.detail["for"])],
        }
    if organization := row.detail.get("organization"):
        provider = concept(f"{TERMINOLOGY}/v3-RoleClass", "PROV")
        yield {"type": provider, "who": {"reference": organization}, "requestor": False}
    authorizer = concept(f"{TERMINOLOGY}/extra-security-role-type", "authserver")
    yield {"type": authorizer, "who": server(base), "requestor": False}
    if row.user:
        yield {"type": concept(PARTICIPATION, "AUT"), "who": {"reference": row.user}, "requestor": True}
