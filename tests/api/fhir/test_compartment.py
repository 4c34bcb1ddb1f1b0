"""Searches in the compartment of a patient, and searches of several types at once."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, document, link, names, patient


@pytest.mark.spec("F-147")
def test_a_type_is_searched_within_a_compartment(world: World) -> None:
    world.publish(document("both", "bob", author=[{"reference": "Patient/ann"}]), "bob")
    assert world.found("/Patient/ann/DocumentReference") == ["DocumentReference/both", "DocumentReference/doc-ann"]
    assert world.found("/Patient/ann/DocumentReference?subject=Patient/bob") == ["DocumentReference/both"]
    assert world.found("/Patient/bob/DocumentReference?_id=doc-ann") == []
    assert world.found("/Patient/nobody/DocumentReference") == []
    assert world.found("/Patient/ann/Patient") == ["Patient/ann"]
    posted = world.client.post(
        "/Patient/ann/DocumentReference/_search",
        data={"subject": "Patient/bob"},
        headers={"authorization": f"Bearer {world.token()}"},
    )
    assert names(posted.json()) == ["DocumentReference/both"]


@pytest.mark.spec("F-147")
def test_the_whole_compartment_is_searched_at_once(world: World) -> None:
    world.publish(patient("kin", link=[{"other": {"reference": "Patient/ann"}, "type": "seealso"}]), "kin")
    whole = ["DocumentReference/doc-ann", "Patient/ann", "Patient/kin"]
    assert world.found("/Patient/ann/*") == whole
    assert world.found("/Patient/ann/*?_type=DocumentReference") == whole[:1]
    assert world.found("/Patient/ann/*?_type=DocumentReference,Patient&_id=ann") == ["Patient/ann"]
    narrow = world.token(scopes=frozenset({"system/Patient.rs"}))
    assert world.found("/Patient/ann/*", narrow) == whole[1:]
    assert world.get("/Patient/ann/*?_type=DocumentReference", narrow).status_code == 403
    assert world.get("/Patient/ann/*", world.token(scopes=frozenset({"system/Task.rs"}))).status_code == 403


@pytest.mark.spec("F-147", "F-148")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Patient/ann/Task", 404),
        ("/Patient/ann/Practitioner", 404),
        ("/Patient/ann/Spaceship", 404),
        ("/Patient/a_n/DocumentReference", 404),
        ("/Patient/ann/*?_type=Task", 400),
        ("/Patient/ann/DocumentReference?nothing=1", 400),
    ],
)
def test_what_is_in_no_compartment_is_not_searched_there(world: World, path: str, status: int) -> None:
    assert world.get(path).status_code == status


@pytest.mark.spec("F-147", "F-124", "F-125")
def test_a_compartment_is_walked_by_links_of_its_own(world: World) -> None:
    for number in range(3):
        world.publish(document(f"n{number}"))
    seen, url = [], "/Patient/ann/*?_count=2"
    while url:
        bundle = world.get(url).json()
        assert bundle["link"][0]["url"].split("?")[0].endswith("/fhir/Patient/ann/*")
        seen += names(bundle)
        url = link(bundle, "next") or ""
    assert sorted(seen) == world.found("/Patient/ann/*")
    following = link(world.get("/Patient/ann/*?_count=2").json(), "next") or ""
    assert world.get(following.replace("/Patient/ann/", "/Patient/bob/")).status_code == 404


@pytest.mark.spec("F-147")
def test_the_log_is_searched_within_a_compartment_too(world: World) -> None:
    world.get("/Patient/ann")
    world.get("/Patient/bob")
    about = world.get("/Patient/ann/AuditEvent").json()
    assert about["entry"]
    assert "Patient/bob" not in str(about)


@pytest.mark.spec("F-131")
def test_several_types_are_searched_by_what_they_share(world: World) -> None:
    assert world.found("/?_type=Patient,Practitioner") == ["Patient/ann", "Patient/bob", "Practitioner/dr"]
    assert world.found("/?_type=Patient,Practitioner&family=m%C3%BCller") == ["Patient/ann"]
    assert world.found("/?_id=ann,doc-ann") == ["DocumentReference/doc-ann", "Patient/ann"]
    assert world.found("/?_type=Practitioner&_has:Provenance:agent:target=DocumentReference/doc-ann") == [
        "Practitioner/dr"
    ]
    chained = "/?_type=DocumentReference,Composition&patient.family=o'neill"
    assert world.found(chained) == ["DocumentReference/doc-bob"]
    narrow = world.token(scopes=frozenset({"system/Patient.rs"}))
    assert world.found("/", narrow) == ["Patient/ann", "Patient/bob"]
    for query in ("_type=Patient,Practitioner&birthdate=2020", "_type=AuditEvent", "_type=Binary", "status=current"):
        assert world.get(f"/?{query}").status_code == 400
