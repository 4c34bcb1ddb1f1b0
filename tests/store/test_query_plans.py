"""Every search parameter is answered from an index: SQLite's own plan says so, for each of each type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.search import parse
from gateway.fhir.search_criteria import MODIFIERS
from gateway.fhir.search_table import TYPES, Parameter
from gateway.fhir.value_sets import PROVENANCE
from gateway.rules.access import Visibility
from gateway.store import tables
from gateway.store.database import Database, Reader
from gateway.store.search import _form, _statement
from gateway.store.sorting import keys_of
from gateway.store.visible import parameters
from tests.store.conftest import NOON

SEARCHED = sorted(name for name, table in TYPES.items() if "search-type" in table.interactions and name != "AuditEvent")
VALUES = {
    "token": "s|a",
    "reference": "Patient/p",
    "date": "ge2020-01-01",
    "string": "word",
    "number": "lt5",
    "quantity": "gt5|s|mg",
    "uri": "http://a.example/b",
}
OF_MODIFIERS = {"missing": "true", "in": PROVENANCE, "not-in": PROVENANCE, "of-type": "s|MR|1", "identifier": "s|1"}
SCAN = re.compile(r"SCAN (resource|ix_)")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    place: Path = tmp_path_factory.mktemp("plans") / "gateway.db"
    database = Database(f"sqlite:///{place}", b"k" * 32)
    tables.metadata.create_all(database.engine)
    with database.read() as reader:
        yield reader
    database.close()


def plan(db: Reader, kind: str, pairs: list[tuple[str, str]]) -> list[str]:
    query = parse(kind, pairs)
    form, values = _form(query, {kind: []})
    form = form._replace(sorts=keys_of(query.controls.sorts))
    compiled = _statement(form).on(db.connection.dialect)
    bound = compiled.bind({**parameters(Visibility("clinic", "TREAT", NOON)), **values, "count": 10})
    rows: Any = db._driver.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", bound)
    return [row[-1] for row in rows]


def value_of(parameter: Parameter) -> str:
    if parameter.components:
        return "$".join(value_of(part) for part in parameter.components)
    if parameter.kind == "reference" and parameter.targets:
        return f"{min(parameter.targets)}/x"
    return VALUES[parameter.kind]


def patient_of(kind: str) -> list[tuple[str, str]]:
    if kind == "Patient":
        return [("_id", "p")]
    return [("patient", "p")] if "patient" in TYPES[kind].parameters else []


@pytest.mark.parametrize("kind", SEARCHED)
def test_each_parameter_is_answered_from_an_index(db: Reader, kind: str) -> None:
    asked = [(code, value_of(parameter)) for code, parameter in TYPES[kind].parameters.items()]
    searches = [[pair] for pair in asked] + [[pair, *patient_of(kind)] for pair in asked if patient_of(kind)]
    assert [pairs for pairs in searches if any(map(SCAN.search, plan(db, kind, pairs)))] == []


@pytest.mark.parametrize("kind", ["Observation", "Patient", "Questionnaire", "RiskAssessment"])
def test_so_is_each_modifier_and_each_sort(db: Reader, kind: str) -> None:
    for code, parameter in TYPES[kind].parameters.items():
        offered = ("missing",) if code.startswith("_") else MODIFIERS[parameter.kind]
        for modifier in offered:
            pairs = [(f"{code}:{modifier}", OF_MODIFIERS.get(modifier, value_of(parameter)))]
            assert not any(map(SCAN.search, plan(db, kind, pairs))), pairs
        if not parameter.components:
            assert not any(map(SCAN.search, plan(db, kind, [("_sort", code)]))), code


def test_values_are_looked_up_in_the_index_of_their_kind(db: Reader) -> None:
    """What few resources have is where a search begins."""
    assert any("ix_ix_reference_value" in step for step in plan(db, "Observation", [("subject", "Patient/p")]))
    assert any("ix_ix_string_value" in step for step in plan(db, "Patient", [("name", "x")]))
    composite = plan(db, "Observation", [("component-code-value-quantity", "s|a$gt5")])
    assert any("ix_ix_quantity_of" in step for step in composite)


def test_a_scan_would_be_seen(db: Reader) -> None:
    steps = db._driver.execute("EXPLAIN QUERY PLAN SELECT pk FROM resource WHERE method = 'PUT'")
    assert any(SCAN.search(row[-1]) for row in steps)
