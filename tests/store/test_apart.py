"""The upgrade that sets psychotherapy notes apart: who reviewed goes on hearing the words, nobody gets the notes."""

from __future__ import annotations

from typing import Any

from gateway.store import migrate
from gateway.store.engines import open_engine


def scopes_of(place: Any) -> dict[str, str]:
    engine = open_engine(place.url, place.key)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT login, scopes FROM person").all()
    engine.dispose()
    return {row.login: row.scopes for row in rows}


def test_reviewers_keep_what_they_could_read_and_nobody_else_gains_it(place: Any) -> None:
    migrate.upgrade(place.url, place.key, "0005")
    engine = open_engine(place.url, place.key)
    before = {"reviewer": "consent review user/*.rs", "auditor": "audit lineage", "previewer": "preview.review2"}
    with engine.connect() as connection:
        for login, scopes in before.items():
            connection.exec_driver_sql(
                "INSERT INTO person (id, login, password_hash, practitioner_id, organization_id, scopes, purpose)"
                " VALUES (?, ?, 'x', 'p', 'o', ?, 'TREAT')",
                (login, login, scopes),
            )
        connection.commit()
    engine.dispose()
    migrate.upgrade(place.url, place.key, "0006")
    assert scopes_of(place) == before | {"reviewer": "consent review user/*.rs transcripts"}
    migrate.downgrade(place.url, place.key, "0005")
    assert scopes_of(place) == before
