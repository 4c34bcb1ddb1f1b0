"""Reading a search and indexing a resource: the pure half of searching."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.fhir.bundle import bundle, history_entry, outcome_entry, search_entry
from gateway.fhir.definitions import build_search
from gateway.fhir.references import Reference, literal
from gateway.fhir.search.index import index
from gateway.fhir.search.numbers import FARTHEST
from gateway.fhir.search.query import parse
from gateway.fhir.search.rows import DateRow, QuantityRow, ReferenceRow, StringRow, TokenRow, UriRow
from gateway.fhir.search.table import TYPES
from gateway.fhir.search.values import ReferenceValue, StringValue, TokenValue, fold, sounds, split
from tests.world import R4_PACKAGE

BASE = "https://gateway.example/fhir"


def values(kind: str, name: str, text: str) -> list[Any]:
    return list(parse(kind, [(name, text)], base=BASE).criteria[0].values)


@pytest.mark.spec("F-132")
def test_tokens_are_read_by_their_bar() -> None:
    assert values("Patient", "identifier", "a,s|b,|c,s|") == [
        TokenValue(None, "a"),
        TokenValue("s", "b"),
        TokenValue("", "c"),
        TokenValue("s", None),
    ]


@pytest.mark.spec("F-135")
def test_escaped_separators_are_part_of_the_value() -> None:
    assert values("Patient", "identifier", r"a\|b\,c\$d\\") == [TokenValue(None, r"a|b,c$d" + "\\")]
    assert values("Patient", "family", r"x\,y,z") == [StringValue("x,y", "x,y"), StringValue("z", "z")]


@given(st.lists(st.text(alphabet="a\\,|$é", min_size=1), min_size=1))
def test_escaping_and_splitting_are_inverse(parts: list[str]) -> None:
    def escaped(text: str) -> str:
        return re.sub(r"([\\,|$])", r"\\\1", text)

    assert [re.sub(r"\\([\\,|$])", r"\1", part) for part in split(",".join(map(escaped, parts)), ",")] == parts


@pytest.mark.spec("F-133")
def test_references_under_the_own_address_are_local() -> None:
    own = ReferenceValue(("Patient",), "p", None)
    assert values("DocumentReference", "patient", f"p,Patient/p,{BASE}/Patient/p") == [own] * 3
    assert values("DocumentReference", "subject", "https://x.example/Patient/p") == [
        ReferenceValue(("",), "https://x.example/Patient/p", None)
    ]
    assert values("Provenance", "target", "Patient/p/_history/2") == [ReferenceValue(("Patient",), "p", "2")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Patient/p", Reference("Patient", "p")),
        ("Patient/p/_history/3", Reference("Patient", "p", "3")),
        ("urn:uuid:1", Reference("", "urn:uuid:1")),
        ("#contained", None),
        ("../../etc", None),
        ("Patient/", None),
        ("patient/p", None),
        ("", None),
    ],
)
def test_references_are_told_apart(text: str, found: Reference | None) -> None:
    assert literal(text) == found


@pytest.mark.spec("F-127")
@pytest.mark.parametrize("name", ["colour", "family:near", "", "family:", "birthdate:exact", "_sort:x"])
def test_what_is_not_offered_is_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        parse("Patient", [(name, "x")])


@given(st.lists(st.tuples(st.sampled_from(["family", "identifier", "birthdate", "_sort", "x"]), st.text()), max_size=4))
def test_any_text_is_read_or_refused_and_never_repeated(pairs: list[tuple[str, str]]) -> None:
    try:
        parse("Patient", pairs)
    except BadRequest as refusal:
        told = {issue.text for issue in refusal.issues}
        again = _refused([(name, "zz-other-zz" if value else "") for name, value in pairs])
        assert all("zz-other-zz" not in text for text in told | again)


def _refused(pairs: list[tuple[str, str]]) -> set[str]:
    try:
        parse("Patient", pairs)
    except BadRequest as refusal:
        return {issue.text for issue in refusal.issues}
    return set()


@pytest.mark.spec("F-135")
def test_folding_takes_away_case_and_accents() -> None:
    assert fold("  ÉMILE \t Straße  Ørsted İz ") == "emile strasse ørsted iz"
    assert fold(fold("ﬁ ẞ")) == fold("FI SS")


@pytest.mark.spec("F-122")
def test_the_query_is_written_again_as_it_was_used() -> None:
    query = parse("Patient", [("family", "Mü&ll"), ("x", "y"), ("_count", "5")], lenient=True)
    assert query.text == "family=M%C3%BC%26ll&_count=5"
    assert [notice.expression for notice in query.notices] == ["http.x"]


def test_a_document_is_indexed_by_each_of_its_values() -> None:
    rows = index(
        {
            "resourceType": "DocumentReference",
            "id": "d",
            "meta": {"profile": ["urn:p|2"], "security": [{"system": "urn:s", "code": "R"}]},
            "status": "current",
            "type": {"text": "no coding"},
            "subject": {"reference": "Patient/p", "identifier": {"system": "urn:m", "value": "1"}},
            "date": "2020-01-01T00:00:00Z",
            "context": {"period": {"start": "2020"}},
        }
    )
    assert TokenRow("status", "http://hl7.org/fhir/document-reference-status", "current") in rows
    assert TokenRow("_security", "urn:s", "R") in rows
    assert ReferenceRow("patient", "Patient", "p", None, "urn:m", "1") in rows
    assert {row.value for row in rows if isinstance(row, UriRow)} == {"urn:p", "urn:p|2"}
    assert {row.name for row in rows if isinstance(row, DateRow)} == {"date", "period"}
    assert [row for row in rows if row.name == "type"] == [
        TokenRow("type", None, ""),
        StringRow("type", "no coding", "no coding"),
    ]


def test_a_patient_parameter_holds_patients_only() -> None:
    targets = [{"reference": "Patient/p"}, {"reference": "Composition/c/_history/1"}, {"reference": "#inner"}]
    rows = index({"resourceType": "Provenance", "id": "x", "target": targets})
    assert {row.target_id for row in rows if isinstance(row, ReferenceRow) and row.name == "patient"} == {"p"}
    assert {row.target_id for row in rows if isinstance(row, ReferenceRow) and row.name == "target"} == {"p", "c", None}


def test_every_part_of_a_name_is_indexed_once() -> None:
    name = [{"family": "Ek", "given": ["Åsa", "Ek"], "text": "Åsa Ek"}]
    rows = index({"resourceType": "Patient", "id": "p", "name": name})
    assert [row.folded for row in rows if isinstance(row, StringRow) and row.name == "name"] == ["asa ek", "ek", "asa"]


def test_bundles_are_joined_from_texts_as_they_are() -> None:
    text = b'{"resourceType":"Basic","n":1.00}'
    made = bundle("searchset", [("self", 'u"1')], [search_entry("u", text, "match"), outcome_entry({"a": 1})], 1)
    assert text in made
    assert json.loads(made)["link"] == [{"relation": "self", "url": 'u"1'}]
    assert [entry["search"]["mode"] for entry in json.loads(made)["entry"]] == ["match", "outcome"]
    gone = json.loads(history_entry("u", None, {"method": "DELETE"}, {"status": "204"}))
    assert set(gone) == {"fullUrl", "request", "response"}
    assert json.loads(bundle("history", [], []))["type"] == "history"


def test_every_expression_of_the_table_compiles_and_runs() -> None:
    alive = TokenRow("deceased", None, "false")  # R4 says so of whom nothing is known
    for kind in TYPES:
        assert index({"resourceType": kind, "id": "empty"}) == ([alive] if kind == "Patient" else [])


def test_the_table_is_what_the_script_makes_of_the_definitions() -> None:
    if not R4_PACKAGE.exists():
        pytest.skip("the R4 definitions are not beside this checkout (../shared/packages)")
    supported = json.loads((build_search.HERE / "supported.json").read_text())
    made = build_search.build(build_search.Package(R4_PACKAGE), supported)
    assert made == json.loads((build_search.HERE / "search.json").read_text())


@pytest.mark.spec("F-127", "F-136", "F-139")
@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("RiskAssessment", "probability", "gt"),
        ("RiskAssessment", "probability", "1e"),
        ("Observation", "value-quantity", "5|mg"),
        ("Observation", "value-quantity", "xx5"),
        ("Observation", "code-value-quantity", "a"),
        ("Observation", "code-value-quantity", "a$b"),
        ("Observation", "code-value-quantity", "a$1$2"),
        ("Observation", "code:in", "http://unknown.example/ValueSet/x"),
        ("Patient", "identifier:of-type", "s|MR"),
        ("Questionnaire", "url:above", "urn:uuid:1"),
        ("Questionnaire", "url:near", "http://a.example"),
        ("Observation", "code-value-quantity:not", "a$1"),
    ],
)
def test_what_does_not_fit_its_kind_is_refused(kind: str, name: str, text: str) -> None:
    with pytest.raises(BadRequest):
        parse(kind, [(name, text)])


@pytest.mark.spec("F-136")
@pytest.mark.parametrize(
    ("text", "first", "last"), [("100", 99.5, 100.5), ("100.00", 99.995, 100.005), ("-5", -5.5, -4.5), ("1e2", 95, 105)]
)
def test_a_number_stands_for_what_rounds_to_it(text: str, first: float, last: float) -> None:
    (value,) = values("Observation", "value-quantity", text)
    assert value.extent.low == first
    assert value.extent.high == math.nextafter(last, 0 if last > 0 else -math.inf)


@pytest.mark.spec("F-136")
def test_samples_ranges_and_money_are_found_by_their_extent() -> None:
    sampled = {"origin": {"value": 1, "code": "mV"}, "factor": 2, "data": "1 E 3 -2"}
    rows = index({"resourceType": "Observation", "id": "o", "valueSampledData": sampled})
    assert QuantityRow("value-quantity", -3.0, 7.0, None, "mV", None) in rows
    aged = {"low": {"value": 3, "unit": "a"}}
    rows = index({"resourceType": "Condition", "id": "c", "onsetRange": aged})
    assert [row[1:] for row in rows if row.name == "onset-age"] == [(3.0, FARTHEST, None, None, "a", None, None)]


def test_words_that_sound_alike_are_one() -> None:
    assert sounds("Robert Rupert Tymczak Pfister Honeyman") == ["r163", "r163", "t522", "p236", "h555"]
