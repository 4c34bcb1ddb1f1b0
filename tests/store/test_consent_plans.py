"""Consent is asked of each row by keys, and for whom little is open a search begins there: SQLite says so itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.fhir.search.query import Query, parse
from gateway.store import tables
from gateway.store.database import Database, Reader
from gateway.store.driving import CONSENTS
from gateway.store.search import _form, _statement
from gateway.store.sorting import keys_of
from tests.store.plans import plan

SCAN = re.compile(r"SCAN (resource|ix_|consent_|shape|subject|kind)")
CODE, MONTH = parse("Observation", [("code", "s|a")]), parse("Observation", [("code", "s|a"), ("date", "2026-05")])
NEWEST = parse("Observation", [("code", "s|a"), ("_sort", "-date")])
SEARCHES = [CODE, MONTH, NEWEST, replace(CODE, patient="x")]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    place: Path = tmp_path_factory.mktemp("plans") / "gateway.db"
    database = Database(f"sqlite:///{place}", b"k" * 32)
    tables.metadata.create_all(database.engine)
    with database.read() as reader:
        yield reader
    database.close()


def steps(db: Reader, query: Query, driver: int | None, *, is_count: bool = False) -> list[str]:
    form, values = _form(query, {"Observation": []})
    asked = form._replace(sorts=keys_of(query.controls.sorts), driver=driver, is_count=is_count)
    return plan(db, _statement(asked), values)


def drivers(query: Query) -> list[int | None]:
    return [None] if query.patient else [None, 0, CONSENTS]


@pytest.mark.parametrize("is_count", [False, True])
@pytest.mark.parametrize("query", SEARCHES)
def test_the_verdict_on_a_row_is_a_walk_along_the_rules_of_its_patient(
    db: Reader, query: Query, is_count: bool
) -> None:
    for driver in drivers(query):
        found = steps(db, query, driver, is_count=is_count)
        assert not any(map(SCAN.search, found))
        rules = {step for step in found if " consent_rule " in step and "ix_consent_rule" not in step}
        assert rules == {"SEARCH consent_rule USING PRIMARY KEY (patient_id=?)"}
        met = {step for step in found if "shape_kind" in step}
        assert met == {"SEARCH shape_kind USING PRIMARY KEY (shape_pk=? AND kind_pk=?)"}


@pytest.mark.parametrize("is_count", [False, True])
def test_for_whom_few_permit_a_search_begins_with_these(db: Reader, is_count: bool) -> None:
    for query in (CODE, MONTH, NEWEST):
        found = steps(db, query, CONSENTS, is_count=is_count)
        assert found[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"
        named = "SEARCH consent_rule USING COVERING INDEX ix_consent_rule_recipient (recipient=? AND purpose=?)"
        theirs = "USING COVERING INDEX ix_resource_patient (patient_id=? AND type=?)"
        assert named in found
        assert sum(theirs in step for step in found) == 4, "about nobody, about several, one's own, of those who permit"


def test_consent_is_asked_of_what_matches_alone(db: Reader) -> None:
    """What is asked of a row first comes first in the plan."""
    for query in (CODE, MONTH, NEWEST):
        for driver in (None, CONSENTS):
            found = steps(db, query, driver)
            match = next(place for place, step in enumerate(found) if "SEARCH ix_token" in step)
            assert match < found.index("SEARCH consent_rule USING PRIMARY KEY (patient_id=?)")


def test_many_are_counted_patient_by_patient_and_few_each_by_itself(db: Reader) -> None:
    grouped = "USE TEMP B-TREE FOR GROUP BY"
    many, few = (steps(db, CODE, driver, is_count=True) for driver in (0, CONSENTS))
    assert many.index(grouped) < many.index("SEARCH consent_rule USING PRIMARY KEY (patient_id=?)")
    assert grouped not in few
    assert any("ix_ix_token_value (type=? AND name=? AND code=? AND system=?)" in step for step in many)


def test_a_compartment_is_entered_by_the_patient(db: Reader) -> None:
    found = steps(db, replace(CODE, patient="x"), None)
    assert found[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"
    assert any("ix_ix_reference_value" in step for step in found)
