"""Whatever reaches beyond one type is answered from an index, too: SQLite's own plan says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.fhir.compartments import PATIENT
from gateway.fhir.search.query import parse, parse_all
from gateway.fhir.search.table import TYPES
from gateway.store import history, includes, tables
from gateway.store.chains import Scope, flatten_reach
from gateway.store.database import Database, Reader
from tests.store.plans import driven, paged, plan, walked

SCAN = re.compile(r"SCAN (resource|ix_)")
OPEN: Scope = {name: [] for name in TYPES}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    place: Path = tmp_path_factory.mktemp("plans") / "gateway.db"
    database = Database(f"sqlite:///{place}", b"k" * 32)
    tables.metadata.create_all(database.engine)
    with database.read() as reader:
        yield reader
    database.close()


# A value for every name: the plan does not depend on it.
ANYTHING = dict.fromkeys(
    ["near", "count", "id", "since", "first", "last", "before_at", "before_pk", *(f"m{place}" for place in range(8))], 1
)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Observation", "patient.family", "a"),
        ("Observation", "patient.identifier", "s|1"),
        ("Observation", "encounter:Encounter.patient.family", "a"),
        ("Observation", "patient.general-practitioner.name", "a"),
        ("Patient", "_has:Observation:patient:code", "s|a"),
        ("Patient", "_has:Observation:subject:value-quantity", "gt5"),
        ("Patient", "_has:Observation:patient:_has:Provenance:target:agent", "Practitioner/x"),
        ("Observation", "patient.gender", "other"),
        ("Observation", "_list", "x"),
    ],
)
def test_a_chain_that_names_few_begins_at_its_far_end(db: Reader, kind: str, name: str, value: str) -> None:
    (found,) = driven(db, parse(kind, [(name, value)]), OPEN)
    assert not any(map(SCAN.search, found))
    assert re.match(
        r"SEARCH resource USING (INTEGER PRIMARY KEY|INDEX ix_resource_current \(type=\? AND id=\?)", found[0]
    )
    assert not any(re.search(r"ix_reference_\d+ USING .*\(type=\? AND name=\?\)", step) for step in found)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("Observation", "patient.gender", "male"),
        ("Observation", "patient.family:missing", "true"),
        ("Patient", "_has:Observation:patient:status", "final"),
        ("Patient", "_has:Observation:patient:code", "s|common"),
        ("Patient", "_has:Observation:patient:code:not", "a"),
    ],
)
def test_any_other_chain_is_asked_along_the_keys_of_each_row(db: Reader, kind: str, name: str, value: str) -> None:
    (found,) = walked(db, parse(kind, [(name, value)]), OPEN)
    assert not any(map(SCAN.search, found))
    assert "type=?" in found[0]


def test_several_types_are_walked_each_along_its_own_order(db: Reader) -> None:
    for pairs in ([], [("_sort", "-_lastUpdated")], [("_lastUpdated", "ge2020")]):
        query = parse_all(["Patient", "Observation"], pairs)
        for found in (*walked(db, query, OPEN), *paged(db, query, OPEN)):
            assert not any(map(SCAN.search, found))
            assert found[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"
            assert "USE TEMP B-TREE FOR ORDER BY" not in found[1:-1]


def test_a_compartment_begins_with_what_names_the_patient(db: Reader) -> None:
    members = [name for name in TYPES if name in PATIENT and name != "AuditEvent"]
    for query in (parse_all(members, []), parse("Observation", [("code", "a"), ("date", "ge2020")])):
        (found,) = walked(db, replace(query, patient="x"), OPEN)
        assert found[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"
        assert not any(map(SCAN.search, found))


@pytest.mark.parametrize("code", ["subject", None])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("types", [("Patient",), tuple(TYPES)])
def test_an_include_begins_with_the_rows_it_is_asked_of(
    db: Reader, code: str | None, reverse: bool, types: tuple[str, ...]
) -> None:
    reach, _ = flatten_reach({name: [] for name in types})
    found = plan(db, includes._statement(includes._Form(code, "Observation", reverse, reach, 8)), ANYTHING)
    assert not any(map(SCAN.search, found))
    assert found[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"


def test_the_history_of_the_system_goes_along_the_times_of_each_type(db: Reader) -> None:
    found = plan(db, history._statement(history._Form(("Patient", "Observation"), False, True, True, True)), ANYTHING)
    assert not any(map(SCAN.search, found))
    assert sum("ix_resource_updated" in step for step in found) == 2
