"""Clients, tokens and used-up assertions: what is kept, found, and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg

from gateway.rules.audit import Act, AuditEntry
from gateway.store import clients, tables, tokens
from gateway.store.clients import Client
from gateway.store.database import Database
from gateway.store.tokens import Token

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Entry = Callable[..., AuditEntry]


def token(name: str = "hash-1", **changes: object) -> Token:
    given = {
        "hash": name,
        "id": f"id-{name}",
        "client_id": "client-1",
        "organization_id": "clinic",
        "scopes": frozenset({"system/Patient.rs", "lineage"}),
        "purpose": "TREAT",
        "issued_at": NOON,
        "expires_at": NOON + 5 * MINUTE,
    } | changes
    return Token(**given)  # type: ignore[arg-type]


def issue(database: Database, entry: Entry, *new: Token) -> None:
    with database.write() as writer:
        for one in new:
            tokens.issue(writer, entry(Act.TOKEN), one)


def is_alive(database: Database, name: str, at: datetime = NOON) -> bool:
    with database.read() as db:
        return tokens.caller_of(db, name, at) is not None


def claim(database: Database, entry: Entry, client: str, jti: str, at: datetime = NOON) -> bool:
    with database.write() as writer:
        return clients.claim_assertion(writer, entry(Act.TOKEN), client, jti, at + 5 * MINUTE, at)


@pytest.mark.spec("X-071")
def test_a_token_lives_until_it_expires(database: Database, entry: Entry) -> None:
    issue(database, entry, token())
    assert is_alive(database, "hash-1", NOON + 5 * MINUTE - timedelta(microseconds=1))
    assert not is_alive(database, "hash-1", NOON + 5 * MINUTE)
    assert not is_alive(database, "hash-2")


def test_the_caller_is_what_was_fixed_at_issue(database: Database, entry: Entry) -> None:
    issue(database, entry, token(practitioner_id="practitioner-1", person_id="person-1"))
    with database.read() as db:
        first, again = (tokens.caller_of(db, "hash-1", NOON) for _ in range(2))
    assert first and again
    assert first.scopes == {"system/Patient.rs", "lineage"}
    assert first.scopes is again.scopes
    assert (first.organization_id, first.purpose) == ("clinic", "TREAT")
    assert (first.practitioner_id, first.user_id) == ("practitioner-1", "person-1")


def test_revocation_reaches_one_token_or_all_of_somebody(database: Database, entry: Entry) -> None:
    issue(database, entry, token("a"), token("b"), token("c", client_id="other"), token("d", person_id="person-1"))
    with database.write() as writer:
        assert tokens.revoke(writer, entry(Act.TOKEN), "a", NOON)
        assert not tokens.revoke(writer, entry(Act.TOKEN), "a", NOON)
    assert [is_alive(database, name) for name in "abcd"] == [False, True, True, True]
    with database.write() as writer:
        assert tokens.revoke_of_person(writer, entry(Act.TOKEN), "person-1", NOON) == 1
        assert tokens.revoke_of_client(writer, entry(Act.TOKEN), "client-1", NOON) == 1
    assert [is_alive(database, name) for name in "abcd"] == [False, False, True, False]


def test_a_dead_token_is_not_extended(database: Database, entry: Entry) -> None:
    issue(database, entry, token("a"), token("b"))
    with database.write() as writer:
        tokens.revoke(writer, entry(Act.TOKEN), "a", NOON)
        assert not tokens.extend(writer, entry(Act.TOKEN), "a", NOON + 60 * MINUTE, NOON)
        assert not tokens.extend(writer, entry(Act.TOKEN), "b", NOON + 60 * MINUTE, NOON + 5 * MINUTE)
        assert tokens.extend(writer, entry(Act.TOKEN), "b", NOON + 60 * MINUTE, NOON + 4 * MINUTE)
    assert is_alive(database, "b", NOON + 59 * MINUTE)


def test_old_tokens_are_forgotten(database: Database, entry: Entry) -> None:
    issue(database, entry, token("old"), token("new", issued_at=NOON + timedelta(days=2)))
    with database.read() as db:
        assert db.connection.execute(select(tables.token.c.hash)).scalars().all() == ["new"]


@pytest.mark.spec("S-084")
def test_an_assertion_is_claimed_once_per_client(database: Database, entry: Entry) -> None:
    assert claim(database, entry, "a", "jti")
    assert not claim(database, entry, "a", "jti")
    assert claim(database, entry, "b", "jti")
    assert claim(database, entry, "a", "jti" * 1000)


@pytest.mark.spec("S-084")
def test_a_claim_is_remembered_as_long_as_the_assertion_lives_and_no_longer(database: Database, entry: Entry) -> None:
    claim(database, entry, "a", "jti")
    assert not claim(database, entry, "a", "jti", NOON + 5 * MINUTE)
    claim(database, entry, "a", "other", NOON + 5 * MINUTE + timedelta(microseconds=1))
    with database.read() as db:
        assert db.connection.execute(select(func.count()).select_from(tables.assertion)).scalar() == 1


def test_a_claim_that_is_rolled_back_was_none(database: Database, entry: Entry) -> None:
    with pytest.raises(RuntimeError), database.write() as writer:
        assert clients.claim_assertion(writer, entry(Act.TOKEN), "a", "jti", NOON + MINUTE, NOON)
        raise RuntimeError
    assert claim(database, entry, "a", "jti")


def test_a_client_is_found_until_it_is_disabled(database: Database, entry: Entry) -> None:
    new = Client("c1", "A scribe", "clinic", {"keys": [{"kid": "one"}]}, None, frozenset({"lineage"}), "TREAT")
    with database.write() as writer:
        clients.register(writer, entry(Act.REGISTER), new, NOON)
    with database.read() as db:
        assert clients.client_of(db, "c1") == new
        assert clients.client_of(db, "c2") is None
    with database.write() as writer:
        assert clients.disable(writer, entry(Act.REGISTER), "c1", NOON)
        assert not clients.disable(writer, entry(Act.REGISTER), "c1", NOON)
    with database.read() as db:
        assert clients.client_of(db, "c1") is None


def test_the_claim_reads_the_same_on_both_engines() -> None:
    texts = [clients._CLAIM.on(dialect).sql for dialect in (sqlite.dialect(), psycopg.dialect())]  # type: ignore[no-untyped-call]
    assert all(text.endswith("ON CONFLICT DO NOTHING") for text in texts)
