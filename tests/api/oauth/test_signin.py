"""Signing in: a login and a password become a token like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.errors import TooMany, Unauthenticated, Unprocessable
from gateway.identity.password import is_password
from gateway.identity.throttle import FREE_FAILURES, LONGEST_WAIT
from gateway.store.tables import audit, token
from gateway.usecases import signin
from gateway.usecases.asked import Origin
from gateway.usecases.authenticate import caller_of
from gateway.usecases.services import Services

PASSWORD = "seven quiet herons"
ORIGIN = Origin("request-1", "192.0.2.7")


def add(services: Services, login: str = "Anna.Berg", **changes: Any) -> Any:
    given: dict[str, Any] = {
        "practitioner": "practitioner-1",
        "organization": "org-1",
        "scopes": ["review", "user/DocumentReference.rs"],
        "purpose": "TREAT",
    }
    return signin.add_person(services, login, changes.pop("password", PASSWORD), **(given | changes))


def outcomes(services: Services) -> list[tuple[str, str | None]]:
    with services.database.read() as db:
        rows = db.connection.execute(select(audit.c.outcome, audit.c.practitioner_id).where(audit.c.act == "sign-in"))
        return [(row.outcome, row.practitioner_id) for row in rows]


def test_who_signs_in_is_known_by_the_token(services: Services) -> None:
    add(services)
    done = signin.sign_in(services, " anna.berg", PASSWORD, ORIGIN)
    caller = caller_of(services, done.token)
    assert caller == done.caller
    assert (caller.practitioner_id, caller.organization_id, caller.purpose) == ("practitioner-1", "org-1", "TREAT")
    assert caller.scopes == {"review", "user/DocumentReference.rs"}
    assert outcomes(services) == [("0", "practitioner-1")]


def test_a_wrong_login_and_a_wrong_password_sound_the_same(services: Services) -> None:
    add(services)
    words = set()
    for login, password in (("anna.berg", "wrong password"), ("nobody", PASSWORD), ("", "")):
        with pytest.raises(Unauthenticated) as caught:
            signin.sign_in(services, login, password, ORIGIN)
        words.add(caught.value.detail)
    assert len(words) == 1
    assert outcomes(services) == [("8", "practitioner-1"), ("8", None), ("8", None)]


@pytest.mark.spec("X-074")
def test_guessing_is_slowed_down_even_for_the_right_password(services: Services, clock: Any) -> None:
    add(services)
    for _ in range(FREE_FAILURES):
        with pytest.raises(Unauthenticated):
            signin.sign_in(services, "anna.berg", "a wrong password", ORIGIN)
    with pytest.raises(TooMany):
        signin.sign_in(services, "ANNA.BERG", PASSWORD, ORIGIN)
    clock.now += LONGEST_WAIT
    assert signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN).token


@pytest.mark.spec("S-062")
def test_a_sign_in_lives_an_hour_without_use_and_a_day_with_it(services: Services, clock: Any) -> None:
    add(services)
    idle, used = (signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN) for _ in range(2))
    assert used.expires_at - clock() == timedelta(hours=1)
    start = clock()
    for _ in range(100):
        if not signin.keep(services, used.token, ORIGIN):
            break
        assert caller_of(services, used.token).practitioner_id == "practitioner-1"
        clock.pass_(minutes=20)
        if clock() - start >= timedelta(hours=1):
            with pytest.raises(Unauthenticated):
                caller_of(services, idle.token)
    assert clock() - start == signin.LONGEST
    assert signin.keep(services, idle.token, ORIGIN) is None


def test_keeping_writes_only_when_half_of_the_time_is_gone(services: Services, clock: Any) -> None:
    add(services)
    done = signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN)
    for _ in range(5):
        clock.pass_(minutes=5)
        assert signin.keep(services, done.token, ORIGIN) == done.expires_at
    assert len(outcomes(services)) == 1


@pytest.mark.spec("S-068")
def test_signing_out_and_losing_access_work_at_once(services: Services) -> None:
    add(services)
    first, second = (signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN).token for _ in range(2))
    signin.sign_out(services, first, ORIGIN)
    signin.sign_out(services, first, ORIGIN)
    with pytest.raises(Unauthenticated):
        caller_of(services, first)
    assert caller_of(services, second)
    assert signin.disable_person(services, "Anna.Berg")
    assert not signin.disable_person(services, "Anna.Berg")
    for refused in (
        lambda: caller_of(services, second),
        lambda: signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN),
    ):
        with pytest.raises(Unauthenticated):
            refused()


def test_every_fault_of_a_new_person_is_told_at_once(services: Services) -> None:
    add(services)
    with pytest.raises(Unprocessable) as caught:
        add(services, "ANNA.berg ", password="short", scopes=["system/Patient.rs"], purpose="FUN")
    assert [issue.expression for issue in caught.value.issues] == ["scopes", "purpose", "password", "login"]


def test_a_login_is_never_given_to_another(services: Services) -> None:
    add(services)
    signin.disable_person(services, "anna.berg")
    with pytest.raises(Unprocessable):
        add(services)


def test_who_is_disabled_while_the_password_is_tried_gets_no_token(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trying takes a while; a token given after it would live on for the day, with nothing left to end it."""
    add(services)

    def slowly(password: str, stored: str | None) -> bool:
        assert signin.disable_person(services, "anna.berg")
        return is_password(password, stored)

    monkeypatch.setattr(signin, "is_password", slowly)
    with pytest.raises(Unauthenticated):
        signin.sign_in(services, "anna.berg", PASSWORD, ORIGIN)
    assert outcomes(services) == [("8", "practitioner-1")]
    with services.database.read() as db:
        assert db.connection.execute(select(token.c.id)).all() == []


def test_a_login_of_any_length_is_remembered_shortly(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(services.throttle, "failed", lambda name, now: names.append(name))
    with pytest.raises(Unauthenticated):
        signin.sign_in(services, "x" * 1_000_000, "wrong password", ORIGIN)
    assert [len(name) for name in names] == [64]
