"""An audit row as a FHIR AuditEvent, by IHE Basic Audit Log Patterns where one of its profiles fits the act.

Profiles: https://profiles.ihe.net/ITI/BALP/ . They are for acts that succeeded; a refused act is told by its outcome
and claims no profile. The acts that are no RESTful interaction are told in the codes of DICOM and ISO 21089.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fhir.labels import RESTRICTED
from gateway.rules import balp_decision
from gateway.rules.audit import Act, Outcome
from gateway.rules.balp_parts import (
    DICOM,
    ENTITY_TYPE,
    INTERACTION,
    LIFECYCLE,
    OUR_ACT,
    PARTICIPATION,
    PROFILE,
    REQUEST_ID,
    REST,
    ROLE,
    Recorded,
    about_patient,
    client_of,
    coding,
    server,
    under_consents,
)
from gateway.rules.codes import ACT_REASON, TERMINOLOGY, concept

_SENDER, _RECEIVER = (DICOM, "110153"), (DICOM, "110152")
_RECORD, _IMPORT, _QUERY = (DICOM, "110110"), (DICOM, "110107"), (DICOM, "110112")
_EXPORT = (DICOM, "110106")
_ACTIVITY, _LOGIN, _ALERT = (DICOM, "110100"), (DICOM, "110114"), (DICOM, "110113")


@dataclass(frozen=True, slots=True)
class Pattern:
    """How an act is told: its type, subtypes and action, the profile it fits, and whether the client sends."""

    type: tuple[str, str]
    subtypes: tuple[tuple[str, str], ...]
    action: str
    profile: str | None = None
    client_sends: bool = True
    user: str = "AUT"


def _rest(profile: str | None, action: str, *codes: str, client_sends: bool = True, user: str = "AUT") -> Pattern:
    return Pattern(REST, tuple((INTERACTION, code) for code in codes), action, profile, client_sends, user)


def _reads(profile: str | None, *codes: str) -> Pattern:
    return _rest(profile, "R", *codes, client_sends=False, user="IRCP")


def _own(type: tuple[str, str], step: str | None, action: str) -> Pattern:
    return Pattern(type, ((LIFECYCLE, step),) if step else (), action)


PATTERNS: Mapping[Act, Pattern] = {
    Act.READ: _reads("Read", "read"),
    Act.VREAD: _reads("Read", "vread"),
    Act.HISTORY: _reads(None, "history"),
    Act.SEARCH: _rest("Query", "E", "search", user="IRCP"),
    Act.OPERATION: _rest(None, "E", "operation", user="IRCP"),
    Act.CREATE: _rest("Create", "C", "create"),
    Act.UPDATE: _rest("Update", "U", "update"),
    Act.PATCH: _rest("Update", "U", "patch"),
    Act.DELETE: _rest("Delete", "D", "delete"),
    Act.TRANSACTION: _rest(None, "E", "transaction"),
    Act.SUBMIT: _own(_IMPORT, "receive", "C"),
    Act.REVIEW_READ: _own(_RECORD, "access", "R"),
    Act.AMEND: _own(_RECORD, "amend", "U"),
    Act.APPROVE: _own(_RECORD, "attest", "U"),
    Act.RETURN: _own(_RECORD, "hold", "U"),
    Act.REJECT: _own(_RECORD, "deprecate", "U"),
    Act.DISPUTE: _own(_RECORD, "originate", "C"),
    Act.RESOLVE: _own(_RECORD, "amend", "U"),
    Act.CONSENT: _own(_RECORD, "originate", "C"),
    Act.REVOKE: _own(_RECORD, "amend", "U"),
    Act.NOTE_READ: _own(_RECORD, "access", "R"),
    Act.NOTE_WRITE: _own(_RECORD, "originate", "C"),
    Act.BREAK_GLASS: Pattern(_ALERT, ((DICOM, "110127"),), "E"),
    Act.END_BREAK_GLASS: Pattern(_ALERT, ((DICOM, "110138"),), "E"),
    Act.LINEAGE: _own(_QUERY, "report", "R"),
    Act.TOKEN: Pattern(_LOGIN, ((DICOM, "110122"),), "E"),
    Act.SIGN_IN: Pattern(_LOGIN, ((DICOM, "110122"),), "E"),
    Act.REGISTER: _own(_ACTIVITY, "originate", "C"),
    Act.REINDEX: _own(_ACTIVITY, "transform", "U"),
    Act.ALERT: _own(_ALERT, "originate", "C"),
    Act.ESCALATE: _own(_ALERT, "amend", "U"),
    Act.ACKNOWLEDGE: _own(_ALERT, "verify", "U"),
    Act.FLAG: _own(_RECORD, "originate", "C"),
    Act.DELIVER: _own(_EXPORT, "transmit", "R"),
}
# Every profile that an event may claim.
PROFILES: tuple[str, ...] = (
    *(
        f"{PROFILE}{whose}{name}"
        for name in dict.fromkeys(pattern.profile for pattern in PATTERNS.values() if pattern.profile)
        for whose in ("", "Patient")
    ),
    balp_decision.PROFILE,
)


def render(row: Recorded, base: str) -> dict[str, Any]:
    """The AuditEvent of a row; `base` is the address of this FHIR API, which is the server of every act."""
    if row.act is Act.DECIDE:
        return balp_decision.render(row, base)
    pattern = PATTERNS[row.act]
    at = row.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": row.id,
        "meta": {"versionId": "1", "lastUpdated": at, **_profile(pattern, row), "security": [RESTRICTED]},
        "type": coding(*pattern.type),
        "subtype": [*(coding(*subtype) for subtype in pattern.subtypes), coding(OUR_ACT, row.act.value)],
        "action": pattern.action,
        "recorded": at,
        "outcome": row.outcome.value,
    }
    if reason := row.detail.get("reason"):
        event["outcomeDesc"] = reason
    event["agent"] = list(_agents(pattern, row, base))
    event["source"] = {"observer": server(base), "type": [coding(f"{TERMINOLOGY}/security-source-type", "4")]}
    if entities := list(_entities(row)):
        event["entity"] = entities
    return event


def _profile(pattern: Pattern, row: Recorded) -> dict[str, list[str]]:
    """The profile of a RESTful act that succeeded."""
    if not pattern.profile or row.outcome is not Outcome.DONE:
        return {}
    return {"profile": [f"{PROFILE}{'Patient' if row.patient else ''}{pattern.profile}"]}


def _agents(pattern: Pattern, row: Recorded, base: str) -> Iterator[dict[str, Any]]:
    sender, receiver = (_SENDER, _RECEIVER) if pattern.client_sends else (_RECEIVER, _SENDER)
    if row.act is Act.DELETE:
        sender, receiver = (DICOM, "110150"), (f"{TERMINOLOGY}/provenance-participant-type", "custodian")
    purpose = {"purposeOfUse": [concept(ACT_REASON, row.purpose)]} if row.purpose else {}
    yield {
        "type": concept(*sender),
        "who": client_of(row),
        **({"altId": row.token_id} if row.token_id else {}),
        "requestor": row.user is None,
        "network": {**({"address": row.address} if row.address else {}), "type": "2"},
        **({} if row.user else purpose),
    }
    yield {
        "type": concept(*receiver),
        "who": server(base),
        "requestor": False,
        "network": {"address": base, "type": "5"},
    }
    if row.user:
        who = {"reference": row.user}
        yield {"type": concept(PARTICIPATION, pattern.user), "who": who, "requestor": True, **purpose}
    if row.organization_id:
        who = {"reference": f"Organization/{row.organization_id}"}
        yield {"type": concept(f"{TERMINOLOGY}/v3-RoleClass", "PROV"), "who": who, "requestor": False}


def _entities(row: Recorded) -> Iterator[dict[str, Any]]:
    query = row.detail.get("query")
    if query is not None:
        encoded = b64encode(query.encode()).decode()
        yield {"type": coding(ENTITY_TYPE, "2"), "role": coding(ROLE, "24"), "query": encoded}
    elif row.target and "/" in row.target:
        yield {"type": coding(ENTITY_TYPE, "2"), "role": coding(ROLE, "4"), "what": {"reference": row.target}}
    yield from about_patient(row)
    yield from under_consents(row)
    if row.request_id:
        yield {"type": coding(REQUEST_ID, "XrequestId"), "what": {"identifier": {"value": row.request_id}}}
