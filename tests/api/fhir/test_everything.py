"""`Patient/[id]/$everything`: the whole record that the caller may see, each resource once, in pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.fhir.conftest import BASE, World, document, link, names, practitioner, provenance
from tests.synthetic import resources_of

DIRECTORY = frozenset(
    {"Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Questionnaire", "Medication"}
)
EVERYTHING = "/Patient/ann/$everything"


def load(world: World, count: int) -> list[str]:
    """A history of Ann's, as its writer would have filed it; the names of what is about her."""
    about = []
    for resource in resources_of(3, count, "Patient/ann"):
        if resource["resourceType"] in DIRECTORY:
            world.publish(resource, None, confidentiality="N")
            continue
        world.publish(resource, "ann")
        if resource["resourceType"] not in ("Binary", "Subscription"):  # in no compartment; others refer to them
            about.append(f"{resource['resourceType']}/{resource['id']}")
    return about


def pages(world: World, path: str, token: str | None = None) -> Iterator[dict[str, Any]]:
    url: str | None = path
    while url:
        answer = world.get(url, token)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        url = link(answer.json(), "next")


def all_of(world: World, path: str, token: str | None = None) -> list[str]:
    found = []
    for page in pages(world, path, token):
        found += names(page) + names(page, "include")
    return found


def observation(id: str, when: str, **elements: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]}
    subject = {"reference": "Patient/ann"}
    effective = {"effectiveDateTime": when}
    return {"resourceType": "Observation", "id": id, "status": "final", "code": code, "subject": subject} | (
        effective | elements
    )


@pytest.mark.spec("F-149")
def test_the_patient_comes_first_then_the_record_then_what_it_refers_to(world: World) -> None:
    bundle = world.get(EVERYTHING).json()
    assert bundle["type"] == "searchset"
    assert names(bundle) == ["Patient/ann", "DocumentReference/doc-ann", "Provenance/prov-ann"]
    assert names(bundle, "include") == ["Practitioner/dr"]
    assert bundle["total"] == 3
    assert bundle["entry"][0]["fullUrl"] == f"{BASE}/Patient/ann"


@pytest.mark.spec("F-149", "F-148")
def test_task_device_and_provenance_come_along_though_the_compartment_misses_them(world: World) -> None:
    ann = {"reference": "Patient/ann"}
    task = {"resourceType": "Task", "id": "homework", "status": "requested", "intent": "proposal", "for": ann}
    world.publish(task, "ann")
    world.publish({"resourceType": "Device", "id": "watch", "patient": ann}, "ann")
    world.publish(provenance("of-watch", "Device/watch/_history/1"), "ann")
    found = all_of(world, EVERYTHING)
    assert {"Task/homework", "Device/watch", "Provenance/of-watch"} <= set(found)


@pytest.mark.spec("F-149", "F-151")
def test_a_whole_history_comes_each_once_however_it_is_paged(world: World) -> None:
    about = load(world, 130)
    whole = all_of(world, EVERYTHING)
    assert max(Counter(whole).values()) == 1
    assert set(about) <= set(whole)
    assert all_of(world, f"{EVERYTHING}?_count=7") == whole
    assert not any(name.endswith("bob") for name in whole)


@pytest.mark.spec("F-149")
def test_get_and_post_give_the_same(world: World) -> None:
    world.publish(observation("old", "2019-01-01"))
    world.publish(observation("new", "2026-01-01"))
    given = [
        {"name": "start", "valueDate": "2026-01-01"},
        {"name": "_type", "valueCode": "Observation"},
        {"name": "_type", "valueCode": "Patient"},
    ]
    headers = {"authorization": f"Bearer {world.token()}"}
    body = {"resourceType": "Parameters", "parameter": given}
    posted = world.client.post(EVERYTHING, json=body, headers=headers)
    assert names(posted.json()) == names(world.get(f"{EVERYTHING}?start=2026-01-01&_type=Observation,Patient").json())
    assert names(posted.json()) == ["Patient/ann", "Observation/new"]


@pytest.mark.spec("F-149")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("start=2020", {"during", "ended"}),
        ("end=2020", {"before", "during", "ended"}),
        ("start=2020-02-01&end=2020-02-28", {"during"}),
        ("start=2021", {"during"}),
        ("end=2018", set()),
    ],
)
def test_start_and_end_are_about_the_care(world: World, query: str, found: set[str]) -> None:
    world.publish(observation("before", "2019-06-01"))
    condition: dict[str, Any] = {"resourceType": "Condition", "subject": {"reference": "Patient/ann"}}
    world.publish(condition | {"id": "during", "onsetDateTime": "2019-12-24"})
    world.publish(condition | {"id": "ended", "onsetDateTime": "2019-12-24", "abatementDateTime": "2020-01-10"})
    world.publish({"resourceType": "AllergyIntolerance", "id": "always", "patient": {"reference": "Patient/ann"}})
    ids = {name.partition("/")[2] for name in all_of(world, f"{EVERYTHING}?{query}&_type=Condition,Observation")}
    assert ids == found
    assert all_of(world, f"{EVERYTHING}?{query}&_type=AllergyIntolerance") == ["AllergyIntolerance/always"]


@pytest.mark.spec("F-149")
def test_since_is_about_the_record(world: World) -> None:
    stored = world.publish(observation("late", "2011-01-01"))
    since = stored.updated_at.isoformat().replace("+00:00", "Z")
    assert all_of(world, f"{EVERYTHING}?_since={since}") == ["Observation/late"]


@pytest.mark.spec("F-149", "X-022")
def test_what_is_hidden_brings_nothing_along(world: World) -> None:
    """The same answer with and without a resource that the caller may not see, also for what only that refers to."""
    world.permit("ann", "ehr")
    before = world.get(EVERYTHING, world.token("ehr")).json()
    world.publish(practitioner("secret-dr"), None, confidentiality="N")
    grave = document("grave", author=[{"reference": "Practitioner/secret-dr"}])
    world.publish(grave, confidentiality="V")
    world.publish(provenance("of-grave", "DocumentReference/grave/_history/1"), confidentiality="V")
    assert world.get(EVERYTHING, world.token("ehr")).json() == before
    assert {"DocumentReference/grave", "Provenance/of-grave", "Practitioner/secret-dr"} <= set(
        all_of(world, EVERYTHING)
    )


@pytest.mark.spec("F-149", "X-022")
def test_scopes_leave_out_what_a_search_or_read_of_its_own_would_not_give(world: World) -> None:
    token = world.token(scopes=frozenset({"system/Patient.rs", "system/Provenance.rs"}))
    assert all_of(world, EVERYTHING, token) == ["Patient/ann"]
    assert world.get(f"{EVERYTHING}?_type=DocumentReference", token).status_code == 403
    assert world.get(EVERYTHING, world.token(scopes=frozenset({"system/Observation.rs"}))).status_code == 403


@pytest.mark.spec("F-149", "X-029")
def test_a_granular_scope_narrows_its_type_alone(world: World) -> None:
    category = [{"coding": [{"system": "urn:categories", "code": "laboratory"}]}]
    world.publish(observation("lab", "2026-01-01", category=category))
    world.publish(observation("survey", "2026-01-01"))
    scopes = frozenset({"system/Patient.rs", "system/Observation.rs?category=urn:categories|laboratory"})
    assert all_of(world, EVERYTHING, world.token(scopes=scopes)) == ["Patient/ann", "Observation/lab"]


@pytest.mark.spec("X-001")
def test_a_patient_who_is_hidden_and_one_who_is_not_there_look_the_same(world: World) -> None:
    answers = [world.get(f"/Patient/{id}/$everything", world.token("ehr")) for id in ("ann", "nobody", "a'b")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    words = {answer.json()["issue"][0]["diagnostics"].partition("(request")[0] for answer in answers}
    assert len(words) == 1


def test_a_deleted_patient_is_gone(world: World) -> None:
    world.delete("Patient", "ann")
    assert world.get(EVERYTHING).status_code == 410


@pytest.mark.parametrize(
    "query",
    ["start=soon", "end=2020-13", "_since=x", "_count=0", "_count=-1", "_count=ten", "_type=Spaceship", "colour=red"],
)
def test_what_is_not_understood_is_refused(world: World, query: str) -> None:
    answer = world.get(f"{EVERYTHING}?{query}")
    assert answer.status_code == 400
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.spec("F-125", "F-126")
def test_a_page_link_is_its_callers_alone_and_ends(world: World) -> None:
    following = link(world.get(f"{EVERYTHING}?_count=1").json(), "next")
    assert following
    world.permit("ann", "ehr")
    assert world.get(following, world.token("ehr")).status_code == 404
    assert world.get(following.replace("Patient/ann", "Patient/bob")).status_code == 404
    assert world.get(f"{following}&start=2020").status_code == 400
    assert world.get(following).status_code == 200
    world.clock.advance(hours=2)
    assert world.get(following).status_code == 410


@pytest.mark.spec("F-149", "F-022")
def test_what_leaves_is_recorded_for_the_patient_with_the_consent(world: World) -> None:
    world.permit("ann", "ehr", "c9")
    answer = world.get(EVERYTHING, world.token("ehr"))
    assert answer.headers["cache-control"] == "no-store"
    row = world.audited()[-1]
    assert (row["act"], row["outcome"], row["patient_id"], row["organization_id"]) == ("operation", "0", "ann", "ehr")
    detail = bytes(row["detail"])
    assert b"Consent/c9/_history/1" in detail
    assert b"DocumentReference/doc-ann/_history/1" in detail
    assert b"Patient/ann/$everything" in detail


@pytest.mark.spec("F-060", "F-018", "F-019")
def test_summary_elements_pretty_and_head_work_here_too(world: World) -> None:
    cut = world.get(f"{EVERYTHING}?_elements=status&_count=1&_pretty=true")
    assert b"\n" in cut.content
    assert cut.json()["entry"][0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    following = link(cut.json(), "next")
    assert following
    second = world.get(following).json()["entry"][0]["resource"]
    assert second["resourceType"] == "DocumentReference"
    assert "author" not in second
    head = world.ask("HEAD", EVERYTHING)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(world.get(EVERYTHING).content))


def test_a_thousand_resources_come_whole(world: World) -> None:
    load(world, 1000)
    assert len(all_of(world, EVERYTHING)) > 900
