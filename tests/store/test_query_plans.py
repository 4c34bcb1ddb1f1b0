"""Every search parameter is answered from an index: SQLite's own plan says so, for each of each type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.fhir.search.criteria import MODIFIERS
from gateway.fhir.search.query import parse
from gateway.fhir.search.table import TYPES, Parameter
from gateway.fhir.search.value_sets import PROVENANCE
from gateway.store import tables
from gateway.store.chains import Limits
from gateway.store.database import Database, Reader
from gateway.store.search import _form, _statement
from tests.store.plans import driven, paged, plan, walked

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


def plans(db: Reader, kind: str, pairs: list[tuple[str, str]]) -> list[str]:
    query, scope = parse(kind, pairs), dict[str, Limits]({kind: []})
    found = [*driven(db, query, scope), *walked(db, query, scope)]
    return [step for steps in found for step in steps]


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
    assert [pairs for pairs in searches if any(map(SCAN.search, plans(db, kind, pairs)))] == []


@pytest.mark.parametrize("kind", ["Observation", "Patient", "Questionnaire", "RiskAssessment"])
def test_so_is_each_modifier_and_each_sort(db: Reader, kind: str) -> None:
    for code, parameter in TYPES[kind].parameters.items():
        offered = ("missing",) if code.startswith("_") else MODIFIERS[parameter.kind]
        for modifier in offered:
            pairs = [(f"{code}:{modifier}", OF_MODIFIERS.get(modifier, value_of(parameter)))]
            assert not any(map(SCAN.search, plans(db, kind, pairs))), pairs
        for way in ("", "-") if not parameter.components else ():
            query = parse(kind, [("_sort", way + code)])
            steps = [step for each in (*walked(db, query, {kind: []}), *paged(db, query, {kind: []})) for step in each]
            assert not any(map(SCAN.search, steps)), code


def test_values_are_looked_up_in_the_index_of_their_kind(db: Reader) -> None:
    """Whatever is asked can be where a search begins."""
    for kind, pair, index in [
        ("Observation", ("subject", "Patient/p"), "ix_ix_reference_value"),
        ("Observation", ("code", "s|a"), "ix_ix_token_value"),
        ("Observation", ("date", "eq2020"), "ix_ix_date_value"),
        ("Patient", ("name", "x"), "ix_ix_string_value"),
        ("Observation", ("component-code-value-quantity", "s|a$gt5"), "ix_ix_quantity_of"),
    ]:
        (steps,) = driven(db, parse(kind, [pair]), {kind: []})
        assert steps[0].startswith("SEARCH resource USING INTEGER PRIMARY KEY")
        assert any(index in step for step in steps), pair


@pytest.mark.parametrize("sort", ["date", "-date", "code,-date", "-value-quantity"])
def test_a_sort_goes_along_its_index_and_not_through_all_values(db: Reader, sort: str) -> None:
    query, scope = parse("Observation", [("_sort", sort)]), dict[str, Limits](Observation=[])
    index = f"ix_ix_{query.controls.sorts[0].parameter.kind}_value (type=? AND name=? AND"
    valued = [steps for steps in (*walked(db, query, scope), *paged(db, query, scope)) if " along " in steps[0]]
    assert len(valued) == 3
    for steps in valued:
        assert steps[0].startswith(f"SEARCH along USING COVERING INDEX {index}")
        assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_a_sample_is_looked_at_by_the_keys_of_its_rows(db: Reader) -> None:
    form, values = _form(parse("Observation", [("code:not", "a")]), {"Observation": []})
    steps = plan(db, _statement(form._replace(is_count=True, is_sample=True)), values)
    assert steps[0] == "SEARCH resource USING INTEGER PRIMARY KEY (rowid=?)"
    assert not any(map(SCAN.search, steps))


def test_times_of_change_are_an_order_of_their_own(db: Reader) -> None:
    for steps in walked(db, parse("Observation", [("_sort", "-_lastUpdated")]), {"Observation": []}):
        assert steps[0] == "SEARCH resource USING INDEX ix_resource_updated (type=?)"


def test_a_scan_would_be_seen(db: Reader) -> None:
    steps = db._driver.execute("EXPLAIN QUERY PLAN SELECT pk FROM resource WHERE method = 'PUT'")
    assert any(SCAN.search(row[-1]) for row in steps)
