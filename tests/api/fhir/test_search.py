"""Search as a caller meets it. Quantity and number parameters (F-136) wait for a type that has such an element, and
composite ones for a type that has such a parameter: none of the types in use does."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import BASE, World, document, link, names, organization, patient, provenance

DOC_ANN, DOC_BOB = "DocumentReference/doc-ann", "DocumentReference/doc-bob"


@pytest.mark.spec("F-121", "F-123")
def test_a_searchset_says_what_matched_and_where_it_lives(world: World) -> None:
    bundle = world.get("/DocumentReference?patient=ann").json()
    assert (bundle["resourceType"], bundle["type"], bundle["total"]) == ("Bundle", "searchset", 1)
    entry = bundle["entry"][0]
    assert entry["search"] == {"mode": "match"}
    assert entry["fullUrl"] == f"{BASE}/{DOC_ANN}"
    assert entry["resource"] == world.get(f"/{DOC_ANN}").json()


@pytest.mark.spec("F-121")
def test_no_match_is_an_empty_searchset(world: World) -> None:
    answer = world.get("/DocumentReference?patient=nobody")
    assert answer.status_code == 200
    assert answer.json()["total"] == 0
    assert "entry" not in answer.json()


@pytest.mark.spec("F-120")
def test_get_and_post_find_the_same(world: World) -> None:
    got = world.get("/DocumentReference?patient=ann&status=current").json()
    headers = {"authorization": f"Bearer {world.token()}"}
    form = {"patient": "ann", "status": "current"}
    posted = world.client.post("/DocumentReference/_search", data=form, headers=headers)
    mixed = world.client.post("/DocumentReference/_search?status=current", data={"patient": "ann"}, headers=headers)
    assert posted.json() == got
    assert names(mixed.json()) == names(got)


@pytest.mark.spec("F-011", "F-120")
def test_a_posted_search_is_a_form_of_bounded_size(world: World) -> None:
    headers = {"authorization": f"Bearer {world.token()}"}
    assert world.client.post("/Patient/_search", json={"_id": "ann"}, headers=headers).status_code == 415
    large = world.client.post("/Patient/_search", data={"_id": "a" * 70_000}, headers=headers)
    assert large.status_code == 413


@pytest.mark.spec("F-122")
def test_the_self_link_lists_what_was_used(world: World) -> None:
    strict = world.get("/Patient?family=m%C3%BCller&_count=10").json()
    assert link(strict, "self") == f"{BASE}/Patient?family=m%C3%BCller&_count=10"
    lenient = world.get("/Patient?family=mu&colour=red", prefer="handling=lenient").json()
    assert link(lenient, "self") == f"{BASE}/Patient?family=mu"


@pytest.mark.spec("F-128", "F-129")
def test_an_unknown_parameter_is_refused_unless_the_caller_asks_for_leniency(world: World) -> None:
    for headers in ({}, {"prefer": "handling=strict"}):
        assert world.get("/Patient?colour=red", **headers).status_code == 400
    lenient = world.get("/Patient?colour=red", prefer="handling=lenient")
    assert lenient.status_code == 200
    outcome = next(e for e in lenient.json()["entry"] if e["search"]["mode"] == "outcome")["resource"]
    assert outcome["issue"][0]["severity"] == "warning"
    assert outcome["issue"][0]["expression"] == ["http.colour"]
    assert world.get("/Patient?_id=ann", prefer="handling=sloppy").status_code == 400


@pytest.mark.spec("F-129")
def test_an_empty_patient_does_not_widen_the_search(world: World) -> None:
    assert world.get("/DocumentReference?patient=").status_code == 400


@pytest.mark.spec("F-127")
@pytest.mark.parametrize(
    "query",
    [
        "date=gt",
        "=foo",
        "date=05",
        "type=a|b|c|d",
        "date=xx2020",
        "date=ap2020",
        "date=2020-13",
        "date=2020-02-30",
        "patient=a/b/c",
        "patient:Device=ann",
        "status:exact=current",
        "_count=many",
        "_count=-1",
        "_sort=colour",
        "_total=some",
        "_include=DocumentReference",
        "_include=Composition:subject",
        "_elements=a.b",
        "patient:missing=perhaps",
        "subject%FF=1",
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place_and_without_its_text(world: World, query: str) -> None:
    answer = world.get(f"/DocumentReference?{query}")
    assert answer.status_code == 400
    issue = answer.json()["issue"][0]
    assert issue["severity"] == "error"
    assert "2020" not in issue["diagnostics"]


def test_every_fault_of_a_search_is_told_at_once(world: World) -> None:
    issues = world.get("/DocumentReference?date=05&colour=red&type=a|b|c").json()["issue"]
    assert [issue["expression"] for issue in issues] == [["http.date"], ["http.colour"], ["http.type"]]


@pytest.mark.spec("F-131")
def test_every_type_is_found_by_id_time_label_tag_and_profile(world: World) -> None:
    meta = {"tag": [{"system": "urn:tags", "code": "t"}], "profile": ["urn:profile|1.0"]}
    world.publish(document("marked", meta=meta))
    restricted = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R"
    for query in ("_id=marked", "_tag=urn:tags|t", "_profile=urn:profile", "_profile=urn:profile|1.0"):
        assert world.found(f"/DocumentReference?{query}") == ["DocumentReference/marked"]
    assert world.found(f"/DocumentReference?_security={restricted}&_id=marked") == ["DocumentReference/marked"]
    last = world.get("/DocumentReference/marked").json()["meta"]["lastUpdated"]
    assert world.found(f"/DocumentReference?_lastUpdated={last}") == ["DocumentReference/marked"]
    assert world.found("/DocumentReference?_lastUpdated=lt2020") == []
    assert world.found("/DocumentReference?_id=marked,doc-bob") == [DOC_BOB, "DocumentReference/marked"]


@pytest.mark.spec("F-132")
def test_tokens_by_code_system_or_both(world: World) -> None:
    world.publish(document("bare", type={"coding": [{"code": "34904-3"}]}))
    ann_bob_bare = [DOC_ANN, DOC_BOB, "DocumentReference/bare"]
    assert world.found("/DocumentReference?type=34904-3") == sorted(ann_bob_bare)
    assert world.found("/DocumentReference?type=http://loinc.org|34904-3") == [DOC_ANN, DOC_BOB]
    assert world.found("/DocumentReference?type=http://loinc.org|") == [DOC_ANN, DOC_BOB]
    assert world.found("/DocumentReference?type=|34904-3") == ["DocumentReference/bare"]
    assert world.found("/DocumentReference?type=urn:other|34904-3") == []
    assert world.found(
        "/DocumentReference?status=http://hl7.org/fhir/document-reference-status|current&patient=bob"
    ) == [DOC_BOB]
    assert world.found("/Patient?identifier=urn:mrn|mrn-ann") == ["Patient/ann"]
    assert world.found("/Organization?active=true") == ["Organization/clinic"]


@pytest.mark.spec("F-133")
def test_references_in_every_form_find_the_same(world: World) -> None:
    for value in ("ann", "Patient/ann", f"{BASE}/Patient/ann"):
        assert world.found(f"/DocumentReference?subject={value}") == [DOC_ANN]
        assert world.found(f"/DocumentReference?patient={value}") == [DOC_ANN]
    assert world.found("/DocumentReference?subject:Patient=ann") == [DOC_ANN]
    assert world.found("/DocumentReference?subject:Device=ann") == []
    assert world.found("/DocumentReference?subject=https://elsewhere.example/fhir/Patient/ann") == []
    assert world.found(f"/Provenance?target={DOC_ANN}") == ["Provenance/prov-ann"]
    assert world.found(f"/Provenance?target={DOC_ANN}/_history/1") == ["Provenance/prov-ann"]
    assert world.found(f"/Provenance?target={DOC_ANN}/_history/2") == []


@pytest.mark.spec("F-133")
def test_references_by_identifier_and_to_elsewhere(world: World) -> None:
    author = [{"identifier": {"system": "urn:npi", "value": "77"}}, {"reference": "https://x.example/Practitioner/1"}]
    world.publish(document("foreign", author=author))
    assert world.found("/DocumentReference?author:identifier=urn:npi|77") == ["DocumentReference/foreign"]
    assert world.found("/DocumentReference?author=https://x.example/Practitioner/1") == ["DocumentReference/foreign"]
    assert world.found("/DocumentReference?author=1") == []


@pytest.mark.spec("F-134")
def test_dates_by_prefix_over_partial_dates(world: World) -> None:
    """A few rows of the table in tests/fhir/test_dates.py, asked of the database."""
    dates = {
        "year": "2020",
        "month": "2020-02",
        "day": "2020-02-10",
        "noon": "2020-02-10T12:00:00Z",
        "next": "2020-02-11",
    }
    for id, date in dates.items():
        world.publish({"resourceType": "Composition", "id": id, "date": date, "subject": {"reference": "Patient/ann"}})
    expected = {
        "2020-02-10": {"day", "noon"},
        "ne2020-02-10": {"year", "month", "next"},
        "lt2020-02-10": {"year", "month"},
        "gt2020-02-10": {"year", "month", "next"},
        "le2020-02-10": {"year", "month", "day", "noon"},
        "ge2020-02-10": {"year", "month", "day", "noon", "next"},
        "sa2020-02-10": {"next"},
        "eb2020-02-11": {"day", "noon"},
        "2020": set(dates),
        "2020-02-10T13:00:00%2B01:00": {"noon"},
    }
    for query, ids in expected.items():
        assert set(world.found(f"/Composition?date={query}")) == {f"Composition/{id}" for id in ids}, query


@pytest.mark.spec("F-135")
def test_strings_by_beginning_whatever_the_case_and_accents(world: World) -> None:
    world.publish(patient("eve", "Comma, Pipe|Dollar$"), "eve")
    for value in ("m", "MÜL", "muller", "Müller"):
        assert world.found(f"/Patient?family={value}") == ["Patient/ann"]
    assert world.found("/Patient?family=ller") == []
    assert world.found("/Patient?family:contains=LLER") == ["Patient/ann"]
    assert world.found("/Patient?family:contains=%25") == []
    assert world.found("/Patient?family:exact=Müller") == ["Patient/ann"]
    assert world.found("/Patient?family:exact=müller") == []
    assert world.found("/Patient?given=jose&family=o'neill") == ["Patient/bob"]
    assert world.found("/Patient?name=maria&family=m") == ["Patient/ann"]
    assert world.found("/Patient?family=comma\\, pipe\\|dollar\\$") == ["Patient/eve"]
    assert world.found("/Patient?family=pipe, dollar") == []


@pytest.mark.spec("F-137")
def test_not_and_missing_reach_what_has_no_such_element(world: World) -> None:
    world.publish(document("uncoded", category=[]))
    world.publish(document("worded", category=[{"text": "words only"}]))
    note = "urn:categories|clinical-note"
    uncoded, worded = "DocumentReference/uncoded", "DocumentReference/worded"
    assert world.found(f"/DocumentReference?category:not={note}") == [uncoded, worded]
    assert world.found("/DocumentReference?category:missing=true") == [uncoded]
    assert world.found("/DocumentReference?category:missing=false") == [DOC_ANN, DOC_BOB, worded]
    assert world.found("/DocumentReference?_id:not=doc-ann&patient=ann") == [uncoded, worded]


@pytest.mark.spec("F-137")
def test_a_code_is_found_by_the_words_beside_it(world: World) -> None:
    world.publish(document("worded", category=[{"text": "Wörds only"}]))
    assert world.found("/DocumentReference?category:text=words") == ["DocumentReference/worded"]
    assert world.found("/DocumentReference?category:text=only") == []


@pytest.mark.spec("F-137")
def test_in_takes_only_value_sets_that_are_known(world: World) -> None:
    assert world.get("/DocumentReference?type:in=urn:valueset").status_code == 400


@pytest.mark.spec("F-138")
def test_a_comma_means_or_and_a_repetition_means_and(world: World) -> None:
    assert world.found("/DocumentReference?patient=ann,bob") == [DOC_ANN, DOC_BOB]
    assert world.found("/DocumentReference?patient=ann&patient=bob") == []
    assert world.found("/Patient?given=jose&given=maria&_id=ann,bob,zoe") == ["Patient/ann", "Patient/bob"]


@pytest.mark.spec("F-142")
def test_provenance_comes_along(world: World) -> None:
    bundle = world.get("/DocumentReference?patient=ann&_revinclude=Provenance:target&_count=1").json()
    assert names(bundle) == [DOC_ANN]
    assert names(bundle, "include") == ["Provenance/prov-ann"]
    assert bundle["total"] == 1


@pytest.mark.spec("F-123", "F-141")
def test_what_is_included_comes_once_and_is_never_a_match(world: World) -> None:
    world.publish(document("second"))
    query = "/DocumentReference?patient=ann&_include=DocumentReference:subject&_include=DocumentReference:author"
    bundle = world.get(query).json()
    assert names(bundle, "include") == ["Patient/ann", "Practitioner/dr"]
    assert len(bundle["entry"]) == len({entry["fullUrl"] for entry in bundle["entry"]})
    narrowed = world.get("/DocumentReference?_id=second&_include=DocumentReference:author:Device").json()
    assert names(narrowed, "include") == []


@pytest.mark.spec("F-130")
def test_a_count_beyond_the_maximum_is_lowered_and_said(world: World) -> None:
    bundle = world.get("/Patient?_count=1000000").json()
    assert link(bundle, "self") == f"{BASE}/Patient?_count=500"
    assert bundle["entry"][-1]["search"]["mode"] == "outcome"
    assert bundle["entry"][-1]["resource"]["issue"][0]["severity"] == "information"


@pytest.mark.spec("F-130")
def test_a_count_of_zero_only_counts(world: World) -> None:
    for query in ("_count=0", "_summary=count"):
        bundle = world.get(f"/DocumentReference?{query}").json()
        assert bundle["total"] == 2
        assert "entry" not in bundle


@pytest.mark.spec("F-145", "F-144")
def test_parts_of_matches_are_tagged(world: World) -> None:
    for query in ("_elements=date", "_summary=true", "_summary=data", "_summary=text"):
        entry = world.get(f"/DocumentReference?_id=doc-ann&{query}").json()["entry"][0]
        assert entry["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
        assert entry["resource"]["status"] == "current"
    included = "_summary=text&_include=DocumentReference:subject"
    assert world.get(f"/DocumentReference?{included}").status_code == 400


@pytest.mark.spec("F-143")
def test_sorting_by_date_puts_what_has_none_last(world: World) -> None:
    for id, date in (("x", "2024-01-01T00:00:00Z"), ("y", "2025-01-01T00:00:00Z")):
        world.publish(document(id, "cat", date=date), "cat")
    undated = document("z", "cat")
    del undated["date"]
    world.publish(undated, "cat")
    for sort, order in (("date", "xyz"), ("-date", "yxz"), ("_id", "xyz"), ("-_id", "zyx"), ("-_lastUpdated", "zyx")):
        bundle = world.get(f"/DocumentReference?patient=cat&_sort={sort}").json()
        assert names(bundle) == [f"DocumentReference/{id}" for id in order]


@pytest.mark.spec("F-146")
def test_a_total_is_given_when_asked_for_or_free(world: World) -> None:
    assert "total" not in world.get("/Patient?_count=1").json()
    assert world.get("/Patient?_count=1&_total=accurate").json()["total"] == 2
    assert "total" not in world.get("/Patient?_count=10&_total=none").json()


@pytest.mark.spec("F-151")
def test_the_same_search_gives_the_same_bytes(world: World) -> None:
    first, second = (world.get("/Patient?_sort=-birthdate") for _ in range(2))
    assert first.content == second.content


def test_only_the_current_version_is_found(world: World) -> None:
    world.publish(document("doc-ann", status="superseded"), method="PUT")
    assert world.found("/DocumentReference?status=current") == [DOC_BOB]
    assert world.found("/DocumentReference?status=superseded") == [DOC_ANN]


def test_names_of_organizations_count_with_their_aliases(world: World) -> None:
    world.publish(organization("o2", "Haus") | {"alias": ["Ambulanz"]}, None, confidentiality="N")
    assert world.found("/Organization?name=ambu") == ["Organization/o2"]


def test_a_search_is_recorded_once_per_patient_it_shows(world: World) -> None:
    world.get("/DocumentReference?_revinclude=Provenance:target")
    rows = world.audited()[-2:]
    assert sorted(row["patient_id"] for row in rows) == ["ann", "bob"]
    assert {row["act"] for row in rows} == {"search"}
    assert b"_revinclude" in rows[0]["detail"]


def test_a_search_of_too_many_values_is_refused(world: World) -> None:
    assert world.get(f"/Patient?_id={','.join(['x'] * 300)}").status_code == 400
    assert world.get("/Patient?" + "&".join(["_id=x"] * 300)).status_code == 400


def test_provenance_of_several_versions_is_found_by_each(world: World) -> None:
    world.publish(provenance("both", f"{DOC_ANN}/_history/2"))
    assert world.found(f"/Provenance?target={DOC_ANN}") == ["Provenance/both", "Provenance/prov-ann"]
