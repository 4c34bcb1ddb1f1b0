"""What takes too long is given up, and the connection is as good as before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ColumnElement, literal_column, select

from gateway.store import budget
from gateway.store.budget import TooLong, at_most
from gateway.store.database import Database
from gateway.store.statements import Prepared

_ENDLESS: ColumnElement[Any] = literal_column(
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n)"
)
ENDLESS, SHORT = Prepared(select(_ENDLESS)), Prepared(select(literal_column("1")))


def test_a_statement_without_end_ends(database: Database) -> None:
    with database.read() as db:
        with pytest.raises(TooLong), at_most(db, 0.05):
            db.one(ENDLESS, {})
        assert db.one(SHORT, {}) == (1,)


def test_so_does_one_that_goes_through_sqlalchemy(database: Database) -> None:
    with database.read() as db, pytest.raises(TooLong), at_most(db, 0.05):
        db.connection.execute(select(_ENDLESS)).all()


def test_all_searches_of_a_unit_of_work_count_together(database: Database) -> None:
    with database.read() as db:
        for _ in range(2):
            with pytest.raises(TooLong), at_most(db, 0.05):
                db.one(ENDLESS, {})
        assert 0.05 < db.spent < 0.1  # the second one found nothing left
    with database.read() as db:
        assert db.spent == 0


def test_a_transaction_goes_on_after_what_was_given_up(
    database: Database, publish: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "_STEPS", 1000)
    publish()
    with database.read() as db:
        with pytest.raises(TooLong), at_most(db, 0.01):
            db.one(ENDLESS, {})
        assert db.one(Prepared(select(literal_column("(SELECT count(*) FROM resource)"))), {}) == (1,)


def test_other_faults_stay_what_they_are(database: Database) -> None:
    with database.read() as db, pytest.raises(KeyError), at_most(db, 1):
        raise KeyError
