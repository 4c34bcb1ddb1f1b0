"""What is hidden does not show: not in results, not in counts, not by filtering, sorting, including or paging.

The strongest test has two worlds, equal but for what is hidden in one of them, by every means there is: every answer to
every way of asking must be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest

from gateway.api.fhir.routes import _doors
from gateway.fhir.json import dump
from tests.api.fhir.conftest import BASE, World, document, furnish, link, names, opened_world, patient
from tests.api.fhir.hiding import CONSENTS, MEANS, SHOWN, Held
from tests.reading import BUNDLES, WRITES, Ground, Request, Way, sighted, ways

FILTERS = [
    "",
    "patient=zed",
    "patient=ann",
    "patient=ann,zed",
    "_id=doc-ann,doc-zed",
    "_id=doc-zed",
    "type=34904-3",
    "type:not=34904-3",
    "status=superseded",
    "status:missing=false",
    "author:missing=true",
    "date=ge2020",
    "date=2026-05-05",
    "category:not=urn:categories|clinical-note",
    "description=unspeakable",
    "identifier=urn:x|zed",
    "_lastUpdated=ge2020",
    "_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",
    "patient.family=zedson",
    "patient.family:missing=false",
    "subject:Patient.identifier=urn:mrn|mrn-zed",
    "relatesto:DocumentReference.description=unspeakable",
    "relatesto:DocumentReference.patient.family=zedson",
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
    "/Practitioner?_revinclude=DocumentReference:author",
    "/Practitioner?_has:DocumentReference:author:patient.family=zedson",
    "/Patient?_has:DocumentReference:subject:description=unspeakable",
    "/Patient?_has:DocumentReference:subject:status=superseded&_summary=count",
    "/Patient?_has:Provenance:target:agent=dr",
    "/Patient?_list=secret-list",
    "/Patient?_revinclude:iterate=DocumentReference:subject&_revinclude:iterate=Provenance:target",
    "/List?_has:List:item:_id=secret-list",
]
HIDDEN = tuple(held for means in MEANS.values() for held in means)
GROUND = Ground(
    shown={
        "DocumentReference": ("doc-ann", "doc-bob", "in-time", "later"),
        "Patient": ("ann", "bob"),
        "Provenance": ("prov-ann",),
        "Encounter": ("meeting",),
        "Practitioner": ("dr", "ex"),
        "Consent": ("c-bob",),
    },
    hidden=tuple(held.resource for held in HIDDEN),
    patients=("ann", "bob", "pia", "zed", "dan"),
)
WAYS = ways(GROUND)
KNOWN = frozenset[str]()  # every id of these worlds is a name


def furnish_both(world: World, hidden: Iterable[Held]) -> None:
    """The same record; what is hidden is written between the rest of it, at no time."""
    furnish(world)
    for held in SHOWN:
        world.publish(*held[:2], confidentiality=held.confidentiality)
    now = world.clock.now
    for held in hidden:
        world.hold(held.resource, held.patient, confidentiality=held.confidentiality, labels=held.labels)
    world.clock.now = now
    world.publish(document("later", "ann", relatesTo=[_appends("doc-ann")]))
    for consent in CONSENTS:
        world.hold(consent, consent["patient"]["reference"].partition("/")[2])


@contextmanager
def both_worlds(folder: Path) -> Iterator[tuple[World, World]]:
    """The same world twice; the second holds all that is hidden."""
    with opened_world(folder / "plain.db") as plain, opened_world(folder / "full.db") as full:
        furnish_both(plain, ())
        furnish_both(full, HIDDEN)
        yield plain, full


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """To be asked only."""
    with both_worlds(tmp_path_factory.mktemp("worlds")) as pair:
        yield pair


def _appends(id: str) -> dict[str, object]:
    return {"code": "appends", "target": {"reference": f"DocumentReference/{id}"}}


def seen(world: World, asked: Request, token: str) -> tuple[Any, ...]:
    world.clock.advance(milliseconds=1)  # so that the log has an order
    sent = {**asked.headers, "X-Request-ID": "same", "Authorization": f"Bearer {token}"}
    answer = world.client.request(asked.method, f"{BASE}/{asked.path}", content=asked.body, headers=sent)
    assert answer.status_code < 500, asked
    return sighted(answer, KNOWN)


def differing(worlds: tuple[World, World], requests: Iterable[Request], organization: str = "ehr") -> list[str]:
    """Every request that the two worlds answer differently."""
    return [
        f"{asked.method} {asked.path}"
        for asked in requests
        if seen(worlds[0], asked, worlds[0].token(organization))
        != seen(worlds[1], asked, worlds[1].token(organization))
    ]


@pytest.mark.spec("X-023")
def test_no_way_of_reading_is_forgotten() -> None:
    assert set(WAYS) == {(method, address) for address, method, _ in _doors()} - WRITES
    assert [way for way, requests in WAYS.items() if not requests] == []


@pytest.mark.spec("X-001", "X-022", "X-023", "X-024", "X-028")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way))
def test_every_answer_is_the_same_with_and_without_what_is_hidden(worlds: tuple[World, World], way: Way) -> None:
    assert differing(worlds, WAYS[way]) == []


@pytest.mark.spec("X-023", "X-028")
def test_what_an_organization_reads_of_its_own_asking_tells_nothing_either(tmp_path: Path) -> None:
    """Events of one moment have no order, so nothing is asked in a Bundle."""
    log = ways(Ground({"AuditEvent": ()}, (), ("ann", "zed")))
    with both_worlds(tmp_path) as worlds:
        for way, requests in WAYS.items():
            assert way == BUNDLES or differing(worlds, requests[:5]) == []
        assert differing(worlds, chain(*(requests for way, requests in log.items() if way != BUNDLES))) == []
        assert worlds[0].get("/AuditEvent?_summary=count", worlds[0].token("ehr")).json()["total"] > 20


def _writes() -> Iterator[Request]:
    """What a writer elsewhere may try on something hidden, by its id, by a condition and by a condition of creating."""
    fhir = {"Content-Type": "application/fhir+json"}
    patch = dump([{"op": "add", "path": "/language", "value": "de"}])
    for resource in GROUND.hidden:
        type, id = resource["resourceType"], resource["id"]
        mine = {**resource, "subject": {"reference": "Patient/mine"}}
        for address, body in ((f"{type}/{id}", dump(mine)), (f"{type}?_id={id}", dump(mine | {"id": "mine"}))):
            yield Request("PUT", address, body, fhir | {"If-Match": 'W/"1"'})
            yield Request("PATCH", address, patch, {"Content-Type": "application/json-patch+json"})
            yield Request("DELETE", address)
        if type in ("DocumentReference", "Observation", "Condition", "Encounter"):
            bare = {name: mine[name] for name in mine if name not in ("id", "context", "encounter", "relatesTo")}
            yield Request("POST", type, dump(bare), fhir | {"If-None-Exist": f"_id={id}"})


@pytest.mark.spec("X-024")
def test_no_write_and_no_condition_of_a_write_tells_of_what_is_hidden(tmp_path: Path) -> None:
    scopes = frozenset({"system/*.cruds"})
    statuses = set()
    with both_worlds(tmp_path) as worlds:
        for world in worlds:
            world.publish(patient("mine", "Mine"), "mine", custodian="ehr")
        for asked in _writes():
            plain, full = (seen(world, asked, world.token("ehr", scopes)) for world in worlds)
            assert plain == full, f"{asked.method} {asked.path}"
            statuses.add((asked.method, plain[0]))
    assert {("POST", 201), ("DELETE", 204)} <= statuses


@pytest.mark.spec("X-020", "X-021", "X-023", "X-024")
def test_no_combination_of_criteria_and_shapes_tells_of_what_is_hidden(worlds: tuple[World, World]) -> None:
    searches = ["DocumentReference?" + "&".join(filter(None, pair)) for pair in product(FILTERS, SHAPES)]
    assert differing(worlds, [Request("GET", path.removeprefix("/")) for path in searches + OTHER]) == []


@pytest.mark.spec("X-023")
@pytest.mark.parametrize("means", MEANS)
def test_the_custodian_does_see_the_difference(worlds: tuple[World, World], means: str) -> None:
    """So each means really hides something there is."""
    for held in MEANS[means]:
        path = f"/{held.resource['resourceType']}/{held.resource['id']}"
        if path == "/Binary/attached":
            continue  # nothing attaches it, so nobody may have it
        assert [world.get(path).status_code for world in worlds] == [404, 200], path
        assert worlds[1].get(path, worlds[1].token("ehr")).status_code == 404, path


@pytest.mark.spec("X-023")
def test_what_is_not_hidden_is_seen(worlds: tuple[World, World]) -> None:
    for world, type in product(worlds, GROUND.shown):
        for id in GROUND.shown[type]:
            assert world.get(f"/{type}/{id}", world.token("ehr")).status_code == 200, (type, id)


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
        walked: list[object] = []
        last = url
        for relation in ("next", "previous"):
            at: str | None = last
            while at:
                last, bundle = at, world.get(at, world.token("ehr")).json()
                walked.append((names(bundle), bundle["total"], [found["relation"] for found in bundle["link"]]))
                at = link(bundle, relation)
        walks.append(walked)
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
