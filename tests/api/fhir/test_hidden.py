"""What is hidden does not show: not in results, not in counts, not by filtering, sorting, including or paging.

The strongest test has two worlds, equal but for one hidden record: every answer must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from tests.api.fhir.conftest import World, document, furnish, link, names, patient, provenance

FILTERS = [
    "",
    "patient=zed",
    "patient=ann",
    "patient=ann,zed",
    "_id=doc-ann,secret",
    "_id=secret",
    "type=34904-3",
    "type:not=34904-3",
    "status=superseded",
    "status:missing=false",
    "author:missing=true",
    "date=ge2020",
    "date=2026-05-05",
    "category:not=urn:categories|clinical-note",
    "description=unspeakable",
    "identifier=urn:x|1",
    "_lastUpdated=ge2020",
    "_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",
    "patient.family=zedd",
    "patient.family:missing=false",
    "subject:Patient.identifier=urn:mrn|mrn-zed",
    "relatesto:DocumentReference.description=unspeakable",
    "relatesto:DocumentReference.patient.family=zedd",
    "relatesto:DocumentReference.status:not=superseded",
    "_has:Provenance:target:agent=dr",
    "_has:DocumentReference:relatesto:description=unspeakable",
    "_has:DocumentReference:relatesto:description:missing=true",
    "_has:DocumentReference:relatesto:_has:Provenance:target:agent=dr",
    "_list=secret-list",
]
SHAPES = [
    "",
    "_total=accurate",
    "_summary=count",
    "_sort=date",
    "_sort=-_lastUpdated&_count=1",
    "_count=1",
    "_include=DocumentReference:subject&_include=DocumentReference:relatesto",
    "_revinclude=Provenance:target&_revinclude=DocumentReference:relatesto",
    "_include=*&_revinclude=Provenance:*",
    "_include:iterate=DocumentReference:relatesto&_revinclude:iterate=DocumentReference:relatesto",
    "_sort=-status,description&_count=1&_total=estimate",
    "_summary=true",
]
OTHER = [
    "/Patient",
    "/Patient?family=zedd",
    "/Patient?_revinclude=DocumentReference:subject",
    "/Provenance",
    "/Provenance?target=DocumentReference/secret",
    "/Provenance?target=Patient/ann&_include=Provenance:target",
    "/Provenance?_include=Provenance:target&_total=accurate",
    "/DocumentReference/secret",
    "/DocumentReference/secret/_history",
    "/DocumentReference/secret/_history/1",
    "/DocumentReference/_history",
    "/_history?_count=2",
    "/Patient/zed",
    "/Practitioner?_revinclude=DocumentReference:author",
    "/Practitioner?_has:DocumentReference:author:patient.family=zedd",
    "/Patient?_has:DocumentReference:subject:description=unspeakable",
    "/Patient?_has:DocumentReference:subject:status=superseded&_summary=count",
    "/Patient?_has:Provenance:target:agent=dr",
    "/Patient?_list=secret-list",
    "/Patient?_revinclude:iterate=DocumentReference:subject&_revinclude:iterate=Provenance:target",
    "/List",
    "/List?item=DocumentReference/doc-ann",
    "/List?_has:List:item:_id=secret-list",
    "/Patient/ann/*",
    "/Patient/ann/*?_count=1&_total=accurate",
    "/Patient/zed/*",
    "/Patient/nobody/*",
    "/Patient/ann/DocumentReference?description=unspeakable",
    "/Patient/zed/DocumentReference?_total=accurate",
    "/?_type=DocumentReference,Patient,List&_sort=-_lastUpdated&_count=3",
    "/?_summary=count",
    "/_history",
    "/_history?_type=DocumentReference,List&_at=2026",
    "/DocumentReference/_history?_at=2026-09-02&_count=1",
]


def hide(world: World) -> None:
    """A patient of the clinic who consented to nothing, and content of Ann's that no root permit opens."""
    world.publish(patient("zed", "Zedd"), "zed")
    secret: dict[str, Any] = {"status": "superseded", "date": "2026-05-05", "description": "unspeakable", "author": []}
    secret["identifier"] = [{"system": "urn:x", "value": "1"}]
    secret["relatesTo"] = [{"code": "appends", "target": {"reference": "DocumentReference/doc-ann"}}]
    world.publish(document("secret", "zed", **secret), "zed")
    world.publish(provenance("secret-prov", "DocumentReference/secret/_history/1"), "zed")
    world.publish(document("grave", "ann", description="unspeakable"), "ann", confidentiality="V")
    held = [{"item": {"reference": f"DocumentReference/{id}"}} for id in ("doc-ann", "secret")]
    world.publish(
        {"resourceType": "List", "id": "secret-list", "status": "current", "mode": "working", "entry": held}, "zed"
    )
    world.publish(provenance("grave-prov", "DocumentReference/doc-ann/_history/1"), "ann", confidentiality="V")


@pytest.fixture
def worlds(new_world: Callable[[], World]) -> tuple[World, World]:
    """The same world twice; the second holds the hidden record, written between the others."""
    plain, full = new_world(), new_world()
    for world in (plain, full):
        furnish(world)
        now = world.clock.now
        if world is full:
            hide(world)
        world.clock.now = now
        world.publish(document("later", "ann", relatesTo=[_appends("doc-ann")]))
        for each in ("ann", "bob"):
            world.permit(each, "ehr", consent=f"c-{each}")
    return plain, full


def _appends(id: str) -> dict[str, object]:
    return {"code": "appends", "target": {"reference": f"DocumentReference/{id}"}}


def answer(world: World, path: str) -> tuple[object, ...]:
    """All that the caller sees; of a page link only its length, for the link itself is sealed with a fresh nonce."""
    seen = world.get(path, world.token("ehr"), x_request_id="same")
    body = re.sub(r"_page=([\w-]+)", lambda found: f"_page={len(found[1])}", seen.text)
    return seen.status_code, body, seen.headers.get("etag"), seen.headers.get("last-modified")


@pytest.mark.spec("X-023", "X-024")
def test_every_answer_is_the_same_with_and_without_what_is_hidden(worlds: tuple[World, World]) -> None:
    plain, full = worlds
    searches = ["/DocumentReference?" + "&".join(filter(None, pair)) for pair in product(FILTERS, SHAPES)]
    differing = [path for path in searches + OTHER if answer(plain, path) != answer(full, path)]
    assert differing == []


@pytest.mark.spec("X-023")
def test_the_custodian_does_see_the_difference(worlds: tuple[World, World]) -> None:
    plain, full = worlds
    for path in ("/DocumentReference?_summary=count", "/DocumentReference?description=unspeakable", "/Patient"):
        assert plain.get(path).json().get("total") != full.get(path).json().get("total")


@pytest.mark.spec("X-023")
@pytest.mark.parametrize(
    "url",
    [
        "/DocumentReference?_count=1&_sort=-date&_total=accurate",
        "/DocumentReference?_count=1&author:Practitioner.name=weiss&_total=accurate",
        "/Patient/ann/*?_count=1&_total=accurate",
        "/?_type=DocumentReference,Patient,Provenance&_count=2&_sort=_lastUpdated&_total=accurate",
    ],
)
def test_the_pages_of_a_walk_are_the_same_there_and_back(worlds: tuple[World, World], url: str) -> None:
    walks = []
    for world in worlds:
        seen: list[object] = []
        last = url
        for relation in ("next", "previous"):
            at: str | None = last
            while at:
                last, bundle = at, world.get(at, world.token("ehr")).json()
                seen.append((names(bundle), bundle["total"], [found["relation"] for found in bundle["link"]]))
                at = link(bundle, relation)
        walks.append(seen)
    assert walks[0] == walks[1]
    assert len(walks[0]) > 4


@pytest.mark.spec("X-004")
def test_of_two_ids_only_the_permitted_one_is_told(world: World) -> None:
    world.permit("ann", "ehr")
    bundle = world.get("/Patient?_id=ann,bob", world.token("ehr")).json()
    assert names(bundle) == ["Patient/ann"]
    assert bundle["total"] == 1
    assert "bob" not in world.get("/DocumentReference?_id=doc-ann,doc-bob", world.token("ehr")).text.split('"entry"')[1]


@pytest.mark.spec("X-020", "X-021")
@pytest.mark.parametrize(
    "query",
    [
        "subject:Patient.name=mu",
        "patient.name=mu",
        "subject.name=mu",
        "author:Practitioner._has:Patient:general-practitioner:name=mu",
        "_has:Provenance:target:agent=dr",
        "_has:DocumentReference:relatesto:patient.name=mu",
        "_list=some",
    ],
)
def test_a_chain_over_a_type_beyond_the_scopes_is_forbidden(world: World, query: str) -> None:
    narrow = world.token(scopes=frozenset({"system/DocumentReference.rs"}))
    assert world.get(f"/DocumentReference?{query}", narrow).status_code == 403
    assert world.get(f"/DocumentReference?{query}", narrow, prefer="handling=lenient").status_code == 403
    assert world.get(f"/DocumentReference?{query}").status_code == 200


@pytest.mark.spec("X-020", "X-021")
def test_every_hop_is_narrowed_by_a_granular_scope(world: World) -> None:
    """Who may see the letters only does not learn by way of them, or to them, of any other document."""
    letter = [{"coding": [{"system": "urn:categories", "code": "letter"}]}]
    world.publish(document("letter", description="spoken", category=letter))
    world.publish(document("note", description="silent"))
    world.publish(document("reply", "bob", relatesTo=[_appends("letter"), _appends("note")], category=letter), "bob")
    scopes = frozenset({"system/DocumentReference.rs?category=urn:categories|letter", "system/Patient.rs"})
    narrow = world.token(scopes=scopes)
    for text, shown in (("spoken", True), ("silent", False)):
        patients, replies = (
            f"/Patient?_has:DocumentReference:subject:description={text}",
            f"/DocumentReference?relatesto:DocumentReference.description={text}",
        )
        assert world.found(patients) == ["Patient/ann"]
        assert world.found(replies) == ["DocumentReference/reply"]
        assert world.found(patients, narrow) == (["Patient/ann"] if shown else [])
        assert world.found(replies, narrow) == (["DocumentReference/reply"] if shown else [])
    along = world.get("/DocumentReference?_id=reply&_include=DocumentReference:relatesto", narrow).json()
    assert names(along, "include") == ["DocumentReference/letter"]


@pytest.mark.spec("X-002", "X-003")
@pytest.mark.parametrize("query", ["", "?patient=ann", "?patient=ann,bob"])
def test_a_token_of_a_patient_that_names_no_launch_searches_nothing(world: World, query: str) -> None:
    token = world.token(scopes=frozenset({"patient/DocumentReference.rs"}))
    assert world.get(f"/DocumentReference{query}", token).status_code == 403


@pytest.mark.spec("X-022")
def test_what_is_included_could_have_been_read(world: World) -> None:
    world.permit("ann", "ehr")
    other = document(
        "doc-mixed", "ann", relatesTo=[{"code": "appends", "target": {"reference": "DocumentReference/doc-bob"}}]
    )
    world.publish(other)
    query = "/DocumentReference?_id=doc-mixed&_include=DocumentReference:relatesto&_include=DocumentReference:subject"
    assert names(world.get(query).json(), "include") == ["DocumentReference/doc-bob", "Patient/ann"]
    assert names(world.get(query, world.token("ehr")).json(), "include") == ["Patient/ann"]


@pytest.mark.spec("X-022")
def test_an_include_beyond_the_scopes_is_left_out_or_forbidden_when_named(world: World) -> None:
    narrow = world.token(scopes=frozenset({"system/DocumentReference.rs"}))
    plain = world.get("/DocumentReference?_id=doc-ann&_include=DocumentReference:subject", narrow)
    assert names(plain.json(), "include") == []
    for query in ("_include=DocumentReference:subject:Patient", "_revinclude=Provenance:target"):
        assert world.get(f"/DocumentReference?{query}", narrow).status_code == 403
    iterated = "/DocumentReference?_id=doc-ann&_include:iterate=DocumentReference:subject"
    assert names(world.get(iterated, narrow).json(), "include") == []
    assert names(world.get("/DocumentReference?_id=doc-ann&_include=*", narrow).json(), "include") == []
    assert world.get("/DocumentReference?_revinclude=Provenance:*", narrow).status_code == 403


@pytest.mark.spec("X-028")
def test_the_provenance_of_hidden_content_is_hidden(world: World) -> None:
    ehr = world.token("ehr")
    world.permit("ann", "ehr")
    assert world.found("/Provenance", ehr) == ["Provenance/prov-ann"]
    assert world.get("/Provenance/prov-bob", ehr).status_code == 404


@pytest.mark.spec("X-028")
def test_the_log_of_one_custodian_is_hidden_from_others(world: World) -> None:
    world.get("/DocumentReference/doc-ann")
    assert world.found("/AuditEvent?entity=DocumentReference/doc-ann") != []
    assert world.found("/AuditEvent?entity=DocumentReference/doc-ann", world.token("ehr")) == []
    everything = world.token(scopes=frozenset({"system/*.rs"}))
    for path in ("/AuditEvent", "/AuditEvent/any"):
        assert world.get(path, everything).status_code == 403, "auditors have a scope of their own"
    reader = world.token(scopes=frozenset({"system/DocumentReference.rs"}))
    assert world.get("/AuditEvent", reader).status_code == 403
