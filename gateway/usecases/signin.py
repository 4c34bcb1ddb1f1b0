"""Signing in to the pages: login and password become a token of the same kind that clients get.

The token lives one hour and, while it is used, is renewed up to ten hours after sign-in: an unattended desk locks
within the hour, a working day needs no second password, and a stolen token ends with the day. Renewing is asked for by
the pages (`keep`) and writes at most twice an hour, so that the read path of every request stays one read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.errors import Issue, TooMany, Unauthenticated, Unprocessable
from gateway.fhir.tables import resource_types
from gateway.identity.bearer import hash_of, mint
from gateway.identity.password import PasswordFault, check_password, hash_password, is_password
from gateway.rules.access import Caller
from gateway.rules.audit import Act, AuditEntry, Outcome
from gateway.rules.registration import check_registration
from gateway.rules.scopes import PATIENT, USER, is_of_one_patient
from gateway.store import people, registry, tokens
from gateway.store.database import Reader
from gateway.store.people import Person
from gateway.store.tokens import Token
from gateway.usecases.asked import Asked, Origin
from gateway.usecases.services import Services

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=10)
PAGES = "gateway-pages"  # the client under which people sign in; ids of registered clients are UUIDs
PATIENT_SCOPES = ("patient/*.rs", "consent")
OWN_REQUEST = "PATRQT"  # the purpose of a patient


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token goes to the browser's cookie and nowhere else."""

    token: str
    caller: Caller
    expires_at: datetime


def sign_in(services: Services, login: str, password: str, origin: Origin) -> SignedIn:
    """Raises Unauthenticated, the same whether login or password is wrong, and TooMany after many failures."""
    now, name = services.clock(), hash_of(people.folded(login))  # short, however long the login that was tried
    wait = services.throttle.wait(name, now)
    if wait:
        raise TooMany(f"Too many attempts; try again in {wait.seconds + 1} seconds.", retry_seconds=wait.seconds + 1)
    services.throttle.failed(name, now)  # counted before it is known, so that attempts side by side count too
    with services.database.read() as db:
        person = people.person_of(db, login)
    if not is_password(password, person.password_hash if person else None) or person is None:
        raise _denied(services, person, origin, now)
    token = mint()
    caller = _caller(person, str(uuid.uuid4()))
    with services.database.write() as writer:
        is_same = people.person_of(writer, login) == person  # not disabled while the password was tried
        if is_same:
            tokens.issue(writer, _entry(now, caller, origin, {}), _token(token, caller, now))
    if not is_same:
        raise _denied(services, person, origin, now)
    services.throttle.succeeded(name)
    return SignedIn(token, caller, now + IDLE)


def _denied(services: Services, person: Person | None, origin: Origin, now: datetime) -> Unauthenticated:
    """The refusal, once it is recorded."""
    known = _caller(person, "") if person else None
    refused = _entry(now, known, origin, {"reason": "password"}, Outcome.DENIED)
    services.journal.record([refused]).result()
    return Unauthenticated("Login or password is wrong.")


def keep(services: Services, token: str, origin: Origin) -> datetime | None:
    """Renew a token of which less than half is left; until when it lives, or None if it lives no more."""
    now, token_hash = services.clock(), hash_of(token)
    with services.database.read() as db:
        caller, times = tokens.caller_of(db, token_hash, now), tokens.times_of(db, token_hash, now)
    if caller is None or times is None:
        return None
    issued_at, expires_at = times
    until = min(now + IDLE, issued_at + LONGEST)
    if caller.client_id != PAGES or expires_at - now > IDLE / 2 or until <= expires_at:
        return expires_at
    with services.database.write() as writer:
        is_alive = tokens.extend(writer, _entry(now, caller, origin, {"renewed": True}), token_hash, until, now)
    return until if is_alive else None


def sign_out(services: Services, token: str, origin: Origin) -> None:
    """End the token at once; a token that lives no more is no fault."""
    now, token_hash = services.clock(), hash_of(token)
    with services.database.write() as writer:
        caller = tokens.caller_of(writer, token_hash, now)
        if caller:
            tokens.revoke(writer, _entry(now, caller, origin, {"signed-out": True}), token_hash, now)


def check_sign_in(services: Services, login: str, password: str) -> None:
    """Whether somebody new may have this login and password. Raises Unprocessable with every fault."""
    with services.database.read() as db:
        issues = _login_issues(db, login)
    try:
        check_password(password)
    except PasswordFault as fault:
        issues.append(_password_issue(fault))
    if issues:
        raise Unprocessable(issues=issues)


def add_person(
    services: Services,
    login: str,
    password: str,
    *,
    practitioner: str,
    organization: str,
    scopes: Iterable[str],
    purpose: str,
) -> Person:
    """Let a practitioner of an organization sign in. Raises Unprocessable with every fault."""
    canonical, issues = check_registration(scopes, purpose, context=USER, types=resource_types())
    person = Person(str(uuid.uuid4()), people.folded(login), "", practitioner, organization, canonical, purpose)
    return _add(services, person, password, issues)


def add_patient(
    services: Services,
    asked: Asked,
    login: str,
    password: str,
    patient: str,
    scopes: Iterable[str] = PATIENT_SCOPES,
) -> Person:
    """Let a patient of the caller's organization sign in, to see her own record and to decide on her consents. With
    `user/` scopes she also sees what other patients open to her. Raises Unprocessable with every fault."""
    canonical, issues = check_registration(scopes, OWN_REQUEST, context=PATIENT, types=resource_types())
    with services.database.read() as db:
        if registry.patient(db, asked.visibility, patient) is None:
            issues.append(Issue("No such patient of this organization.", "patient", "not-found"))
    organization = asked.caller.organization_id
    person = Person(
        str(uuid.uuid4()), people.folded(login), "", None, organization, canonical, OWN_REQUEST, patient_id=patient
    )
    return _add(services, person, password, issues)


def _add(services: Services, person: Person, password: str, issues: list[Issue]) -> Person:
    """Keep somebody new, unless something is at fault."""
    try:
        person = replace(person, password_hash=hash_password(password))
    except PasswordFault as fault:
        issues.append(_password_issue(fault))
    entry = AuditEntry(
        Act.REGISTER,
        services.clock(),
        None,
        patient_id=person.patient_id,
        custodian_id=person.organization_id,
        detail={"person": person.id, "scopes": sorted(person.scopes)},
    )
    with services.database.write() as writer:
        issues += _login_issues(writer, person.login)
        if issues:
            raise Unprocessable(issues=issues)
        people.register(writer, entry, person)
    return person


def disable_person(services: Services, login: str) -> bool:
    """Take somebody's access away, at once; False if there is none."""
    now = services.clock()
    with services.database.write() as writer:
        person = people.person_of(writer, login)
        if person is None:
            return False
        detail = {"person": person.id, "disabled": True}
        entry = AuditEntry(Act.REGISTER, now, None, custodian_id=person.organization_id, detail=detail)
        tokens.revoke_of_person(writer, entry, person.id, now)
        return people.disable(writer, entry, person.id, now)


def _login_issues(db: Reader, login: str) -> list[Issue]:
    if people.folded(login) and not people.is_taken(db, login):
        return []
    return [Issue("The login is empty or taken.", "login", code="duplicate")]


def _password_issue(fault: PasswordFault) -> Issue:
    return Issue(f"The password cannot be set: {fault}.", "password", code="value")


def _caller(person: Person, token_id: str) -> Caller:
    bound_to = person.patient_id if any(map(is_of_one_patient, person.scopes)) else None
    return Caller(
        token_id,
        PAGES,
        person.organization_id,
        person.scopes,
        person.purpose,
        person.practitioner_id,
        person.id,
        person.patient_id,
        bound_to,
    )


def _token(token: str, caller: Caller, now: datetime) -> Token:
    return Token(
        hash=hash_of(token),
        id=caller.token_id,
        client_id=caller.client_id,
        organization_id=caller.organization_id,
        scopes=caller.scopes,
        purpose=caller.purpose,
        issued_at=now,
        expires_at=now + IDLE,
        practitioner_id=caller.practitioner_id,
        person_id=caller.user_id,
        patient_id=caller.patient_id,
        bound_to=caller.bound_to,
    )


def _entry(
    now: datetime, caller: Caller | None, origin: Origin, detail: dict[str, object], outcome: Outcome = Outcome.DONE
) -> AuditEntry:
    return AuditEntry(
        Act.SIGN_IN,
        now,
        caller,
        outcome=outcome,
        custodian_id=caller.organization_id if caller else None,
        request_id=origin.request_id,
        address=origin.address,
        detail=detail,
    )
