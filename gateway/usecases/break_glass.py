"""Emergency access: a clinician opens one patient's record for an hour, as far as a Consent foresees it, and the
custodian hears of it at once.

Whoever keeps the record sees every attempt, granted or not; whoever asks learns nothing about a patient who is absent,
or whose consents foresee no emergency.
"""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from gateway.errors import NotFound
from gateway.events import Event
from gateway.identity.bearer import hash_of, mint
from gateway.rules.access import Caller, visibility_of
from gateway.rules.audit import Act, Outcome
from gateway.rules.break_glass import LIFETIME, PURPOSE, Reason, check_may_break, check_reason
from gateway.store import audit, glass, tokens
from gateway.store.database import Writer
from gateway.store.glass import Told
from gateway.store.tokens import Token
from gateway.usecases.asked import Asked
from gateway.usecases.refusals import recorded
from gateway.usecases.services import Services

CLIENT = "gateway-break-glass"  # the client of these tokens: no sign-in, so nothing renews them
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Granted:
    """`id` names the access in the audit, and to end it; the token is known to whoever asked alone."""

    id: str
    token: str
    patient_id: str
    scopes: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Emergency:
    """One attempt, as the custodian sees it. Without an `id` it was refused."""

    id: str | None
    at: datetime
    patient_id: str | None
    organization_id: str | None
    practitioner_id: str | None
    reason: Reason
    text: str | None
    expires_at: datetime | None
    ended_at: datetime | None


def break_glass(services: Services, asked: Asked, patient_id: str, reason: Reason, text: str | None = None) -> Granted:
    """A token for this one patient, purpose BTG. Refuses with Forbidden, Unprocessable, and NotFound where no consent
    opens anything in an emergency."""
    with recorded(services, asked, Act.BREAK_GLASS, f"Patient/{patient_id}"):
        scopes = check_may_break(asked.caller)
        check_reason(reason, text)
        id = str(uuid.uuid4())
        who = replace(asked.caller, token_id=id, client_id=CLIENT, scopes=scopes, purpose=PURPOSE, bound_to=patient_id)
        detail = _detail(services, id, reason, text)
        with services.database.write() as writer:
            granted = _opened(writer, asked, who, detail)
        if granted is None:
            _log.warning(Event.GLASS_REFUSED, reason=reason.value)
            raise NotFound
    _log.warning(Event.GLASS_BROKEN, reason=reason.value, glass=id)
    return granted


def end(services: Services, asked: Asked, id: str) -> None:
    """End an emergency access at once: whoever broke the glass may, and the custodian's auditors. Refuses with NotFound
    for any other, and for one that is over."""
    caller = asked.caller
    with recorded(services, asked, Act.END_BREAK_GLASS), services.database.write() as writer:
        found = glass.open_one(writer, id, asked.at)
        if found is None:
            raise NotFound
        custodian_id = glass.custodian_of(writer, found.patient_id)
        is_auditor = "audit" in caller.scopes and caller.organization_id == custodian_id
        if not is_auditor and caller.user_id != found.person_id:
            raise NotFound
        entry = asked.entry(
            Act.END_BREAK_GLASS, None, patient_id=found.patient_id, custodian_id=custodian_id, detail={"glass": id}
        )
        tokens.revoke(writer, entry, found.token_hash, asked.at)


def emergencies(services: Services, asked: Asked, count: int) -> list[Emergency]:
    """The last attempts on records that the caller's organization keeps, newest first."""
    with services.database.read() as db:
        rows = glass.told(db, asked.visibility, 2 * count)  # each may have its end beside it
    services.journal.record([asked.entry(Act.SEARCH, "AuditEvent", detail={"count": len(rows)})]).result()
    ends = {row.detail["glass"]: row.at for row in rows if row.act is Act.END_BREAK_GLASS and row.patient_id}
    begun = [row for row in rows if row.act is Act.BREAK_GLASS and row.patient_id]
    return [_emergency(services, row, ends) for row in begun[:count]]


def _opened(writer: Writer, asked: Asked, who: Caller, detail: dict[str, Any]) -> Granted | None:
    """The access, if there is one to give. Whoever keeps the record hears of it either way."""
    patient_id = str(who.bound_to)
    custodian_id = glass.custodian_of(writer, patient_id)
    if custodian_id is None:
        return None
    is_opened = glass.is_opened(writer, visibility_of(who, asked.at), patient_id)
    entry = asked.entry(
        Act.BREAK_GLASS,
        None,
        outcome=Outcome.DONE if is_opened else Outcome.DENIED,
        patient_id=patient_id,
        custodian_id=custodian_id,
        detail=detail,
    )
    if not is_opened:
        audit.record(writer, entry)
        return None
    token, expires_at = mint(), asked.at + LIFETIME
    tokens.issue(writer, entry, _token(token, who, asked.at, expires_at))
    return Granted(who.token_id, token, patient_id, who.scopes, expires_at)


def _token(token: str, who: Caller, at: datetime, expires_at: datetime) -> Token:
    return Token(
        hash=hash_of(token),
        id=who.token_id,
        client_id=who.client_id,
        organization_id=who.organization_id,
        scopes=who.scopes,
        purpose=who.purpose,
        issued_at=at,
        expires_at=expires_at,
        practitioner_id=who.practitioner_id,
        person_id=who.user_id,
        bound_to=who.bound_to,
    )


def _detail(services: Services, id: str, reason: Reason, text: str | None) -> dict[str, Any]:
    """What the log keeps: the code in the open, the words sealed, for they may tell of the patient."""
    sealed = services.vault.seal(text.encode(), place=_place(id)) if text else None
    return {"glass": id, "reason": reason.value, **({"text": b64encode(sealed).decode()} if sealed else {})}


def _emergency(services: Services, row: Told, ends: Mapping[str, datetime]) -> Emergency:
    id, sealed = str(row.detail["glass"]), row.detail.get("text")
    is_granted = row.outcome is Outcome.DONE
    return Emergency(
        id if is_granted else None,
        row.at,
        row.patient_id,
        row.organization_id,
        row.practitioner_id,
        Reason(row.detail["reason"]),
        services.vault.open(b64decode(sealed), place=_place(id)).decode() if sealed else None,
        row.at + LIFETIME if is_granted else None,
        ends.get(id),
    )


def _place(id: str) -> str:
    return f"break-glass/{id}"
