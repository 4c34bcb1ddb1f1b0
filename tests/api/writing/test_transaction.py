"""transaction: many interactions, one act. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.usecases.changes import Ground, Step
from tests.bundles import answers, bundle, entry, kept, places, post_bundle, statuses, token_with
from tests.house import House
from tests.writers import count, created, note, observation, practitioner, put, send

ANN = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f01"
EVA = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f02"
FILE = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f03"
NOTE = "urn:oid:1.2.3.4"


def patient(family: str = "Brook", mrn: str = "") -> dict[str, Any]:
    known = {"identifier": [{"system": "urn:example:mrn", "value": mrn}]} if mrn else {}
    return {"resourceType": "Patient", **known, "name": [{"family": family}]}


def about(full_url: str, **elements: Any) -> dict[str, Any]:
    return observation("x", **elements) | {"subject": {"reference": full_url}}


def refusal_audits(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT act, outcome, patient_id, target_id FROM audit WHERE outcome <> '0' ORDER BY pk")


@pytest.mark.spec("F-160")
@pytest.mark.spec("F-162")
def test_whatever_the_order_of_the_entries_deletes_come_first_and_reads_last(house: House) -> None:
    mine = house.world.patient
    old, changing = created(house, observation(mine)), created(house, observation(mine, 3))
    response = post_bundle(
        house,
        entry("GET", f"Observation?_id={changing['id']}"),
        entry("GET", f"Observation/{changing['id']}"),
        entry("PUT", f"Observation/{changing['id']}", changing | {"status": "amended"}),
        entry("POST", "Observation", observation(mine, 4)),
        entry("DELETE", f"Observation/{old['id']}"),
        entry("GET", f"Observation/{changing['id']}/_history/1"),
        entry("HEAD", f"Observation/{changing['id']}"),
    )
    assert response.json()["type"] == "transaction-response"
    assert statuses(response) == ["200", "200", "200", "201", "204", "200", "200"]
    found, read, put, made, gone, former, head = answers(response)
    assert found["resource"]["entry"][0]["resource"]["status"] == "amended"
    assert read["resource"]["status"] == put["resource"]["status"] == "amended"
    assert former["resource"]["status"] == "final"
    assert "resource" not in gone and "resource" not in head
    base = f"{house.world.services.fhir_base}/Observation"
    assert put["response"]["location"] == f"{base}/{changing['id']}/_history/2"
    assert made["fullUrl"] == f"{base}/{made['resource']['id']}"
    for one, version in ((put, 2), (made, 1), (gone, 2), (read, 2), (former, 1), (head, 2)):
        assert one["response"]["etag"] == f'W/"{version}"'
        assert one["response"]["lastModified"]
    assert put["response"]["lastModified"] == put["resource"]["meta"]["lastUpdated"]


@pytest.mark.spec("F-163")
def test_entries_refer_to_each_other_in_any_direction(house: House) -> None:
    response = post_bundle(
        house,
        entry("POST", "Observation", about(ANN, performer=[{"reference": EVA}], note=[{"text": ANN}])),
        entry("POST", "Patient", patient() | {"generalPractitioner": [{"reference": EVA}]}, ANN),
        entry("POST", "Practitioner", practitioner(), EVA),
    )
    made, ann, eva = (one["resource"] for one in answers(response))
    assert made["subject"]["reference"] == f"Patient/{ann['id']}"
    assert (
        made["performer"][0]["reference"] == ann["generalPractitioner"][0]["reference"] == f"Practitioner/{eva['id']}"
    )
    assert made["note"][0]["text"] == ANN
    (found,) = house.found(f"/fhir/Observation?patient={ann['id']}", house.own_ehr)
    assert found == made


@pytest.mark.spec("F-163")
def test_a_file_and_the_note_it_belongs_to_refer_to_each_other_and_a_provenance_to_their_versions(house: House) -> None:
    file = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "securityContext": {"reference": NOTE},
        "data": "aGk=",
    }
    linked = note("x") | {
        "subject": {"reference": ANN},
        "content": [{"attachment": {"contentType": "text/plain", "url": FILE}}],
    }
    linked["text"] = {
        "status": "additional",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{FILE}">f</a></div>',
    }
    told = {
        "resourceType": "Provenance",
        "target": [{"reference": f"{NOTE}/_history/1"}, {"reference": FILE}],
        "recorded": "2026-09-01T10:00:00Z",
        "agent": [{"who": {"reference": ANN}}],
    }
    response = post_bundle(
        house,
        entry("POST", "Provenance", told),
        entry("POST", "Binary", file, FILE),
        entry("POST", "DocumentReference", linked, NOTE),
        entry("POST", "Patient", patient(), ANN),
    )
    provenance, binary, document, ann = (one["resource"] for one in answers(response))
    url = f"Binary/{binary['id']}"
    assert document["content"][0]["attachment"]["url"] == url
    assert f'<a href="{url}">' in document["text"]["div"]
    assert binary["securityContext"]["reference"] == f"DocumentReference/{document['id']}"
    assert [each["reference"] for each in provenance["target"]] == [
        f"DocumentReference/{document['id']}/_history/1",
        url,
    ]
    keys = house.rows("SELECT type, patient_id FROM resource WHERE type IN ('Binary', 'Provenance') ORDER BY type")
    assert keys == [("Binary", ann["id"]), ("Provenance", ann["id"])]


@pytest.mark.spec("F-163")
def test_a_link_to_the_version_of_an_updated_entry_leads_to_the_one_it_becomes(house: House) -> None:
    former = created(house, observation(house.world.patient))
    there = f"https://there.example/fhir/Observation/{former['id']}"
    told = {
        "resourceType": "Provenance",
        "target": [{"reference": f"{there}/_history/77"}],
        "recorded": "2026-09-01T10:00:00Z",
        "agent": [{"who": {"display": "somebody"}}],
    }
    put = entry("PUT", f"Observation/{former['id']}", former | {"status": "amended"}, there)
    made = answers(post_bundle(house, entry("POST", "Provenance", told), put))[0]["resource"]
    assert made["target"][0]["reference"] == f"Observation/{former['id']}/_history/2"


@pytest.mark.spec("F-163")
def test_a_link_that_leads_to_no_entry_is_refused_with_its_place(house: House) -> None:
    before = kept(house)
    response = post_bundle(house, entry("POST", "Patient", patient(), ANN), entry("POST", "Observation", about(EVA)))
    assert response.status_code == 400
    assert places(response) == ["Bundle.entry[1].resource.subject"]
    assert kept(house) == before


@pytest.mark.spec("F-164")
def test_a_conditional_reference_finds_exactly_one(house: House) -> None:
    who = created(house, practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}]))
    named = observation(house.world.patient, performer=[{"reference": "Practitioner?identifier=urn:example:npi|4"}])
    made = answers(post_bundle(house, entry("POST", "Observation", named)))[0]["resource"]
    assert made["performer"][0]["reference"] == f"Practitioner/{who['id']}"
    created(house, practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}]))
    for value in ("4", "5"):
        named = observation(
            house.world.patient, performer=[{"reference": f"Practitioner?identifier=urn:example:npi|{value}"}]
        )
        response = post_bundle(house, entry("POST", "Observation", named))
        assert response.status_code == 412
        assert places(response) == ["Bundle.entry[0].resource.performer[0]"]
    assert count(house, "Observation") == 1


@pytest.mark.spec("F-164")
def test_a_conditional_reference_finds_what_the_transaction_itself_creates(house: House) -> None:
    found = "Patient?identifier=urn:example:mrn|new"
    response = post_bundle(
        house, entry("POST", "Observation", about(found)), entry("POST", "Patient", patient(mrn="new"))
    )
    made, ann = (one["resource"] for one in answers(response))
    assert made["subject"]["reference"] == f"Patient/{ann['id']}"


@pytest.mark.spec("F-107")
def test_a_conditional_reference_tells_nothing_of_what_others_keep(house: House) -> None:
    created(house, practitioner(identifier=[{"system": "urn:x", "value": "1"}]))
    theirs = "Patient?identifier=urn:example:mrn|78"
    response = post_bundle(house, entry("POST", "Observation", about(theirs)), token=house.foreign_writer)
    absent = post_bundle(
        house, entry("POST", "Observation", about("Patient?identifier=urn:no|1")), token=house.foreign_writer
    )
    assert response.status_code == absent.status_code == 412
    assert [one["diagnostics"].split(" (")[0] for one in response.json()["issue"]] == [
        one["diagnostics"].split(" (")[0] for one in absent.json()["issue"]
    ]


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-100")
def test_an_entry_may_create_only_what_is_not_there(house: House) -> None:
    condition = "identifier=urn:example:npi|4"
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    load = [
        entry("POST", "Practitioner", who, EVA, ifNoneExist=condition),
        entry("POST", "Observation", observation(house.world.patient, performer=[{"reference": EVA}])),
    ]
    first, again = post_bundle(house, *load), post_bundle(house, *load)
    assert statuses(first) == ["201", "201"]
    assert statuses(again) == ["200", "201"]
    ids = [answers(response)[0]["resource"]["id"] for response in (first, again)]
    assert ids[0] == ids[1]
    assert answers(again)[1]["resource"]["performer"][0]["reference"] == f"Practitioner/{ids[0]}"
    created(house, who)
    assert post_bundle(house, *load).status_code == 412


@pytest.mark.spec("F-102")
@pytest.mark.spec("F-167")
def test_the_same_condition_twice_in_a_transaction_creates_once(house: House) -> None:
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    twice = [
        entry("POST", "Practitioner", who, name, ifNoneExist="identifier=urn:example:npi|4") for name in (ANN, EVA)
    ]
    seen = observation(house.world.patient, performer=[{"reference": ANN}, {"reference": EVA}])
    response = post_bundle(house, *twice, entry("POST", "Observation", seen))
    assert statuses(response) == ["201", "200", "201"]
    first, second, made = (one["resource"] for one in answers(response))
    assert first == second
    assert {each["reference"] for each in made["performer"]} == {f"Practitioner/{first['id']}"}


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-073")
def test_an_entry_is_bound_to_the_version_it_names(house: House) -> None:
    former = created(house, observation(house.world.patient))
    path = f"Observation/{former['id']}"
    unversioned = {**former, "status": "amended", "meta": {}}
    refused = {'W/"7"': 412, '"x"': 400}
    for tag, status in refused.items():
        response = post_bundle(house, entry("PUT", path, unversioned, ifMatch=tag))
        assert (response.status_code, places(response)) == (status, ["Bundle.entry[0]"])
    assert post_bundle(house, entry("PUT", path, unversioned)).status_code == 400
    assert post_bundle(house, entry("DELETE", path, ifMatch='W/"7"')).status_code == 412
    assert statuses(post_bundle(house, entry("PUT", path, unversioned, ifMatch='W/"1"'))) == ["200"]
    known = post_bundle(house, entry("GET", path, ifNoneMatch='W/"2"'), entry("GET", path, ifNoneMatch='W/"1"'))
    assert statuses(known) == ["304", "200"]
    assert "resource" not in answers(known)[0]
    later = post_bundle(house, entry("GET", path, ifModifiedSince="2090-01-01T00:00:00Z"))
    assert statuses(later) == ["304"]


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-103")
def test_updates_and_deletes_may_be_conditional(house: House) -> None:
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    put = entry("PUT", "Practitioner?identifier=urn:example:npi|4", who, EVA)
    seen = entry("POST", "Observation", observation(house.world.patient, performer=[{"reference": EVA}]))
    first = post_bundle(house, put, seen)
    assert statuses(first) == ["201", "201"]
    id = answers(first)[0]["resource"]["id"]
    assert answers(first)[1]["resource"]["performer"][0]["reference"] == f"Practitioner/{id}"
    again = post_bundle(house, entry("PUT", "Practitioner?identifier=urn:example:npi|4", who | {"active": True}))
    assert statuses(again) == ["200"]
    assert answers(again)[0]["resource"]["id"] == id
    own = f"{id}x"
    assert post_bundle(house, entry("PUT", "Practitioner?identifier=urn:x|1", who | {"id": own})).status_code == 405
    nothing = post_bundle(house, entry("DELETE", "Observation?identifier=urn:x|1"))
    assert statuses(nothing) == ["204"]
    observed = answers(first)[1]["resource"]["id"]
    assert statuses(post_bundle(house, entry("DELETE", f"Observation?_id={observed}"))) == ["204"]
    assert house.get(f"/fhir/Observation/{observed}", house.own_ehr).status_code == 410


@pytest.mark.spec("F-079")
@pytest.mark.spec("F-083")
def test_an_entry_may_be_a_patch(house: House) -> None:
    former = created(house, observation(house.world.patient))
    path = f"Observation/{former['id']}"
    value = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.status"},
        {"name": "value", "valueCode": "amended"},
    ]
    fhirpath = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": value}]}
    json_patch = {  # [{"op": "replace", "path": "/status", "value": "corrected"}]
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiAicmVwbGFjZSIsICJwYXRoIjogIi9zdGF0dXMiLCAidmFsdWUiOiAiY29ycmVjdGVkIn1d",
    }
    for change, status in ((fhirpath, "amended"), (json_patch, "corrected")):
        (answer,) = answers(post_bundle(house, entry("PATCH", path, change)))
        assert (answer["response"]["status"][:3], answer["resource"]["status"]) == ("200", status)
    stale = post_bundle(house, entry("PATCH", path, fhirpath, ifMatch='W/"1"'))
    assert stale.status_code == 412
    absent = post_bundle(house, entry("PATCH", "Observation/not-here", fhirpath))
    assert (absent.status_code, places(absent)) == (404, ["Bundle.entry[0]"])
    assert post_bundle(house, entry("PATCH", path, json_patch | {"data": "bm8="})).status_code == 400


@pytest.mark.spec("F-161")
@pytest.mark.spec("F-035")
def test_one_bad_entry_and_nothing_is_stored_and_all_faults_are_told(house: House) -> None:
    before = kept(house)
    broken = observation(house.world.patient) | {"status": "nonsense", "subjekt": 1}
    response = post_bundle(
        house,
        entry("POST", "Patient", patient(), ANN),
        entry("POST", "Observation", about(ANN)),
        entry("POST", "Observation", broken),
        entry("POST", "Observation", about(ANN) | {"component": []}),
        request_id="none",
    )
    assert response.status_code == 422
    assert places(response) == [
        "Bundle.entry[2].resource.status",
        "Bundle.entry[2].resource.subjekt",
        "Bundle.entry[3].resource.component",
    ]
    assert kept(house) == before
    assert refusal_audits(house) == [("transaction", "4", None, None)]


@pytest.mark.spec("F-161")
@pytest.mark.parametrize("path", ["Observation/not-here", "Observation/not-here/_history/1", "Observation?nonsense=1"])
def test_a_read_that_fails_fails_the_transaction(house: House, path: str) -> None:
    before = kept(house)
    response = post_bundle(house, entry("POST", "Patient", patient()), entry("GET", path))
    assert response.status_code in (400, 404)
    assert places(response)[0].startswith("Bundle.entry[1]")
    assert kept(house) == before
    assert refusal_audits(house) == [("transaction", "4", None, None)]
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'create'") == [(0,)]


@pytest.mark.spec("F-161")
def test_each_patient_has_a_record_of_what_was_done_and_read(house: House) -> None:
    old = created(house, observation(house.world.patient))
    made = answers(
        post_bundle(
            house,
            entry("POST", "Observation", observation(house.cast.neighbour)),
            entry("GET", f"Observation/{old['id']}"),
            entry("GET", f"Observation?patient={house.world.patient}"),
            X_Request_ID="together",
        )
    )
    told = house.rows("SELECT act, patient_id, target_id FROM audit WHERE request_id = 'together' ORDER BY pk")
    assert told == [
        ("create", house.cast.neighbour, made[0]["resource"]["id"]),
        ("read", house.world.patient, old["id"]),
        ("search", house.world.patient, None),
    ]


@pytest.mark.spec("F-165")
def test_two_names_of_one_resource_are_found_out(house: House) -> None:
    who = created(house, practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}]))
    response = post_bundle(
        house,
        entry("DELETE", "Practitioner?identifier=urn:example:npi|4"),
        entry("PUT", f"Practitioner/{who['id']}", who | {"active": False}),
    )
    assert response.status_code == 400
    assert places(response) == ["Bundle.entry[1].request"]
    both = ("identifier=urn:example:npi|4", f"_id={who['id']}")
    changed = {name: value for name, value in who.items() if name != "id"}
    response = post_bundle(house, *[entry("PUT", f"Practitioner?{one}", changed | {"active": False}) for one in both])
    assert response.status_code == 400
    assert count(house, "Practitioner") == len(
        house.rows("SELECT DISTINCT id FROM resource WHERE type = 'Practitioner'")
    )


@pytest.mark.spec("F-087")
def test_what_refers_to_each_other_is_deleted_together(house: House) -> None:
    first = answers(
        post_bundle(
            house,
            entry("POST", "Observation", observation(house.world.patient), ANN),
            entry("POST", "Observation", observation(house.world.patient, hasMember=[{"reference": ANN}]), EVA),
        )
    )
    ids = [f"Observation/{one['resource']['id']}" for one in first]
    assert post_bundle(house, entry("DELETE", ids[0])).status_code == 409
    assert statuses(post_bundle(house, *[entry("DELETE", id) for id in ids])) == ["204", "204"]


@pytest.mark.spec("F-169")
@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("path", ["/fhir", "/fhir/"])
def test_a_bundle_without_an_entry_is_accepted(house: House, kind: str, path: str) -> None:
    response = send(house, "POST", path, bundle(kind=kind))
    assert response.status_code == 200
    assert response.json() == {"resourceType": "Bundle", "type": f"{kind}-response"}


@pytest.mark.spec("F-170")
@pytest.mark.parametrize("kind", ["collection", "document", "history", "searchset", "nonsense"])
def test_a_bundle_of_another_kind_is_refused(house: House, kind: str) -> None:
    response = post_bundle(house, entry("POST", "Patient", patient()), kind=kind)
    assert response.status_code == 400
    assert places(response) == ["Bundle.type"]


@pytest.mark.spec("F-170")
@pytest.mark.parametrize("body", [patient(), [], "{", "", '{"resourceType":"Bundle","type":"batch","type":"batch"}'])
def test_what_is_no_bundle_is_refused(house: House, body: Any) -> None:
    response = send(house, "POST", "/fhir", body)
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
    assert refusal_audits(house) == [("transaction", "4", None, None)]


@pytest.mark.spec("F-011")
def test_a_bundle_is_fhir_json(house: House) -> None:
    assert post_bundle(house, Content_Type="application/fhir+xml").status_code == 415


@pytest.mark.spec("F-171", "S-024")
@pytest.mark.spec("X-006")
@pytest.mark.parametrize(
    ("scopes", "method"),
    [
        ("system/Practitioner.cruds system/Observation.ruds", "POST"),
        ("system/Practitioner.cruds system/Observation.crds", "PUT"),
        ("system/Practitioner.cruds system/Observation.crds", "PATCH"),
        ("system/Practitioner.cruds system/Observation.crus", "DELETE"),
        ("system/Practitioner.cruds system/Observation.cuds", "GET"),
        ("system/Practitioner.cruds system/Observation.crud", "GET?"),
        ("system/Practitioner.cruds", "GET"),
    ],
)
def test_each_entry_needs_its_own_scope(house: House, scopes: str, method: str) -> None:
    there = created(house, observation(house.world.patient))
    path = f"Observation/{there['id']}"
    parameters = {"resourceType": "Parameters", "parameter": []}
    tried = {
        "POST": entry("POST", "Observation", observation(house.world.patient)),
        "PUT": entry("PUT", path, there | {"status": "amended"}),
        "PATCH": entry("PATCH", path, parameters),
        "DELETE": entry("DELETE", path),
        "GET": entry("GET", path),
        "GET?": entry("GET", f"Observation?patient={house.world.patient}"),
    }
    token, before = token_with(house, *scopes.split()), kept(house)
    response = post_bundle(house, entry("POST", "Practitioner", practitioner()), tried[method], token=token)
    assert response.status_code == 403
    assert places(response) == ["Bundle.entry[1]"]
    assert kept(house) == before
    assert refusal_audits(house)[-1] == ("transaction", "8", None, None)
    allowed = post_bundle(house, entry("POST", "Practitioner", practitioner()), token=token)
    assert statuses(allowed) == ["201"]


@pytest.mark.spec("X-006")
@pytest.mark.spec("X-005")
def test_nobody_writes_into_a_record_that_another_keeps_by_way_of_a_bundle(house: House) -> None:
    theirs, before = created(house, observation(house.world.patient)), kept(house)
    path = f"Observation/{theirs['id']}"
    attempts = {
        "foreign subject": entry("POST", "Observation", observation(house.world.patient)),
        "absent subject": entry("POST", "Observation", observation("nobody")),
        "update": entry("PUT", path, theirs),
        "patient": entry("PUT", f"Patient/{house.world.patient}", patient() | {"id": house.world.patient}),
        "delete": entry("DELETE", path),
        "read": entry("GET", path),
    }
    found = {
        name: post_bundle(house, entry("POST", "Patient", patient()), tried, token=house.foreign_writer)
        for name, tried in attempts.items()
    }
    codes = {name: response.status_code for name, response in found.items()}
    assert codes == {
        "foreign subject": 403,
        "absent subject": 403,
        "update": 405,
        "patient": 405,
        "delete": 200,
        "read": 404,
    }
    assert statuses(found["delete"]) == ["201", "204"]
    mine = {
        name: house.rows("SELECT count(*) FROM resource WHERE id = ?", theirs["id"])[0][0] for name in ("resource",)
    }
    assert mine == {"resource": 1}
    assert kept(house)["resource"] == before["resource"] + 1


@pytest.mark.spec("X-006")
def test_a_record_is_not_captured_by_naming_its_patient_as_an_entry(house: House) -> None:
    """A fullUrl may be that of a patient whom somebody else keeps: links to it lead to the new one."""
    theirs = f"{house.world.services.fhir_base}/Patient/{house.world.patient}"
    response = post_bundle(
        house,
        entry("POST", "Patient", patient(), theirs),
        entry("POST", "Observation", about(theirs)),
        token=house.foreign_writer,
    )
    new, made = (one["resource"] for one in answers(response))
    assert new["id"] != house.world.patient
    assert made["subject"]["reference"] == f"Patient/{new['id']}"


@pytest.mark.spec("F-172")
def test_prefer_says_what_comes_back(house: House) -> None:
    load = [entry("POST", "Practitioner", practitioner()), entry("GET", f"Patient/{house.world.patient}")]
    minimal, whole, told = (
        answers(post_bundle(house, *load, Prefer=f"return={form}"))
        for form in ("minimal", "representation", "OperationOutcome")
    )
    assert set(minimal[0]) == {"response"} and "resource" in minimal[1]
    assert set(minimal[0]["response"]) == {"status", "location", "etag", "lastModified"}
    assert whole[0]["resource"]["resourceType"] == "Practitioner"
    assert told[0]["response"]["outcome"]["issue"][0]["severity"] == "information"
    assert "resource" not in told[0] and "resource" in told[1]


@pytest.mark.spec("F-173")
def test_a_bundle_has_bounds(house: House) -> None:
    limits = house.world.services.limits
    many = [entry("GET", "Patient/1")] * (limits.bundle_entries + 1)
    assert post_bundle(house, *many).status_code == 413
    conditional = [
        entry("DELETE", f"Observation?identifier=urn:x|{number}") for number in range(limits.conditional_lookups + 1)
    ]
    assert post_bundle(house, *conditional).status_code == 413
    deep: Any = {"url": "urn:x", "valueString": "x"}
    for _ in range(limits.payload_depth):
        deep = {"url": "urn:x", "extension": [deep]}
    assert post_bundle(house, entry("POST", "Patient", patient() | {"extension": [deep]})).status_code in (400, 413)
    references = [{"reference": f"Practitioner?identifier=urn:x|{n}"} for n in range(limits.conditional_lookups + 1)]
    many_found = observation(house.world.patient, performer=references)
    assert post_bundle(house, entry("POST", "Observation", many_found)).status_code in (412, 413)
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-174")
@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/fhir/Patient", "//elsewhere.example/Patient", "Patient/$match", "../Patient"]
)
def test_an_address_that_leads_elsewhere_is_refused(house: House, url: str) -> None:
    before = kept(house)
    response = post_bundle(house, entry("POST", "Patient", patient()), entry("POST", url, patient()))
    assert (response.status_code, places(response)) == (400, ["Bundle.entry[1].request.url"])
    assert kept(house) == before


@pytest.mark.spec("F-039")
@pytest.mark.parametrize("lexeme", ["19", "19.0", "19.00", "0.010", "10.91968939701716", "-0.0", "1E3"])
def test_decimals_keep_their_lexemes_in_a_transaction(house: House, lexeme: str) -> None:
    text = '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Observation"},'
    text += '"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":'
    text += f'"Patient/{house.world.patient}"}},"valueQuantity":{{"value":{lexeme}}}}}}}]}}'
    response = send(house, "POST", "/fhir", text)
    id = answers(response)[0]["resource"]["id"]
    assert f'"value":{lexeme}}}' in house.get(f"/fhir/Observation/{id}", house.own_ehr).text


@pytest.mark.spec("F-102")
@pytest.mark.spec("F-161")
def test_transactions_at_the_same_time_create_once_what_both_want_created_if_absent(house: House) -> None:
    def load(_: int) -> httpx.Response:
        who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
        seen = observation(house.world.patient, performer=[{"reference": EVA}])
        condition = {"ifNoneExist": "identifier=urn:example:npi|4"}
        return post_bundle(
            house, entry("POST", "Practitioner", who, EVA, **condition), entry("POST", "Observation", seen)
        )

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(load, range(12)))
    assert sorted(statuses(response)[0] for response in done) == ["200"] * 11 + ["201"]
    (one,) = {answers(response)[0]["resource"]["id"] for response in done}
    led = {answers(response)[1]["resource"]["performer"][0]["reference"] for response in done}
    assert led == {f"Practitioner/{one}"}


@pytest.mark.spec("F-161")
def test_what_changed_meanwhile_is_decided_anew_upon_what_was_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are faster twice: links lead to what the last decision made, and the bodies are read as they were sent."""
    contended, other = (created(house, observation(house.world.patient)) for _ in range(2))
    plan = Ground.plan
    late: list[str] = []

    def interrupted(ground: Ground, step: Step) -> Step:
        if step.type == "Patient" and step.rows and len(late) < 2:
            late.append(step.id)
            faster = contended | {"valueQuantity": {"value": len(late), "unit": "score"}, "meta": {}}
            assert put(house, faster, If_Match=f'W/"{len(late)}"').status_code == 200
        return plan(ground, step)

    monkeypatch.setattr(Ground, "plan", interrupted)
    change = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.status"},
        {"name": "value", "valueCode": "amended"},
    ]
    response = post_bundle(
        house,
        entry("POST", "Observation", about(ANN)),
        entry("POST", "Patient", patient(), ANN, ifNoneExist="identifier=urn:example:mrn|new"),
        entry(
            "PATCH",
            f"Observation/{contended['id']}",
            {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": change}]},
        ),
        entry("PUT", f"Observation/{other['id']}", other | {"status": "amended"}),
    )
    made, ann, patched, updated = (one["resource"] for one in answers(response))
    assert len(late) == 2 and ann["id"] not in late
    assert made["subject"]["reference"] == f"Patient/{ann['id']}"
    assert (patched["meta"]["versionId"], patched["status"], patched["valueQuantity"]["value"]) == ("4", "amended", 2)
    assert updated["meta"]["versionId"] == "2"
    assert house.rows("SELECT count(*) FROM resource WHERE id IN (?, ?)", *late) == [(0,)]
