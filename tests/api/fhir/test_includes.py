"""What comes along with the matches of a search: `_include`, `_revinclude`, and those that iterate."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, document, names, organization, patient, provenance


@pytest.fixture
def chained(world: World) -> World:
    """A reply to a letter to a note, all about Ann; an organization within another."""
    belongs = {"partOf": {"reference": "Organization/clinic"}}
    world.publish(organization("ward", "Ward") | belongs, None, confidentiality="N")
    world.publish(patient("ann", managingOrganization={"reference": "Organization/ward"}), method="PUT")
    for id, aim in (("letter", "doc-ann"), ("reply", "letter")):
        related = [{"code": "appends", "target": {"reference": f"DocumentReference/{aim}"}}]
        world.publish(document(id, relatesTo=related))
    return world


def included(world: World, query: str) -> list[str]:
    return sorted(names(world.get(query).json(), "include"))


@pytest.mark.spec("F-141")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("_include=DocumentReference:relatesto", ["DocumentReference/letter"]),
        ("_include:iterate=DocumentReference:relatesto", ["DocumentReference/doc-ann", "DocumentReference/letter"]),
        ("_include=DocumentReference:subject:Patient", ["Patient/ann"]),
        ("_include=DocumentReference:subject:Device", []),
        ("_include=DocumentReference:subject&_include=Patient:organization", None),
        (
            "_include=DocumentReference:subject&_include:iterate=Patient:organization",
            ["Organization/ward", "Patient/ann"],
        ),
        (
            "_include=DocumentReference:subject&_include:iterate=Patient:organization"
            "&_include:iterate=Organization:partof",
            ["Organization/clinic", "Organization/ward", "Patient/ann"],
        ),
        ("_include=*", ["DocumentReference/letter", "Patient/ann", "Practitioner/dr"]),
        ("_include=DocumentReference:*", ["DocumentReference/letter", "Patient/ann", "Practitioner/dr"]),
        ("_include=DocumentReference:*:Patient", ["Patient/ann"]),
    ],
)
def test_an_include_follows_references(chained: World, query: str, found: list[str] | None) -> None:
    if found is None:
        assert chained.get(f"/DocumentReference?_id=reply&{query}").status_code == 400
    else:
        assert included(chained, f"/DocumentReference?_id=reply&{query}") == found


@pytest.mark.spec("F-141", "F-142")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("DocumentReference?_id=doc-ann&_revinclude=Provenance:target", ["Provenance/prov-ann"]),
        ("DocumentReference?_id=doc-ann&_revinclude=DocumentReference:relatesto", ["DocumentReference/letter"]),
        (
            "DocumentReference?_id=doc-ann&_revinclude:iterate=DocumentReference:relatesto",
            ["DocumentReference/letter", "DocumentReference/reply"],
        ),
        (
            "Patient?_id=ann&_revinclude=DocumentReference:subject&_revinclude:iterate=Provenance:target",
            ["DocumentReference/doc-ann", "DocumentReference/letter", "DocumentReference/reply", "Provenance/prov-ann"],
        ),
        ("DocumentReference?_id=doc-ann&_revinclude=Provenance:*", ["Provenance/prov-ann"]),
    ],
)
def test_a_reverse_include_finds_what_refers_here(chained: World, query: str, found: list[str]) -> None:
    assert included(chained, f"/{query}") == found


@pytest.mark.spec("F-141", "F-123")
def test_a_circle_of_includes_ends_and_repeats_nothing(chained: World) -> None:
    back = [{"code": "appends", "target": {"reference": "DocumentReference/reply"}}]
    chained.publish(document("doc-ann", relatesTo=back), method="PUT")
    both = "_include:iterate=DocumentReference:relatesto&_revinclude:iterate=DocumentReference:relatesto"
    answer = chained.get(f"/DocumentReference?_id=letter&{both}").json()
    assert names(answer) == ["DocumentReference/letter"]
    assert names(answer, "include") == ["DocumentReference/doc-ann", "DocumentReference/reply"]
    assert answer["total"] == 1
    everything = chained.get(f"/DocumentReference?{both}").json()
    assert names(everything, "include") == [], "what matched is not included once more"


@pytest.mark.spec("F-141")
def test_an_include_ends_after_ten_rounds_and_says_so(chained: World) -> None:
    for number in range(15):
        aim = f"link{number - 1}" if number else "reply"
        related = [{"code": "appends", "target": {"reference": f"DocumentReference/{aim}"}}]
        chained.publish(document(f"link{number}", relatesTo=related))
    answer = chained.get("/DocumentReference?_id=link14&_include:iterate=DocumentReference:relatesto").json()
    assert len(names(answer, "include")) == 11
    assert [
        entry["resource"]["issue"][0]["code"] for entry in answer["entry"] if entry["search"]["mode"] == "outcome"
    ] == ["too-costly"]


@pytest.mark.spec("F-141")
def test_only_what_is_current_comes_along(chained: World) -> None:
    chained.publish(provenance("more", "DocumentReference/doc-ann"))
    chained.delete("DocumentReference", "letter")
    assert included(chained, "/DocumentReference?_id=reply&_include=DocumentReference:relatesto") == []
    chained.delete("Provenance", "prov-ann")
    assert included(chained, "/DocumentReference?_id=doc-ann&_revinclude=Provenance:target") == ["Provenance/more"]


@pytest.mark.spec("F-141")
@pytest.mark.parametrize(
    "query",
    [
        "_include=Patient:organization",
        "_include=DocumentReference:nothing",
        "_include=DocumentReference",
        "_include=DocumentReference:status",
        "_include=DocumentReference:subject:Spaceship",
        "_include:often=DocumentReference:subject",
        "_revinclude=*",
        "_revinclude=Provenance:target:Patient",
        "_revinclude=AuditEvent:entity",
        "&".join(["_include=DocumentReference:subject"] * 21),
    ],
)
def test_an_include_that_means_nothing_is_refused(chained: World, query: str) -> None:
    assert chained.get(f"/DocumentReference?{query}").status_code == 400


def test_nothing_is_included_with_the_log(chained: World) -> None:
    for query in ("_include=*", "_revinclude=Provenance:target", "_include:iterate=Patient:organization"):
        assert chained.get(f"/AuditEvent?{query}").status_code == 400
