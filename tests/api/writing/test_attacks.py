"""Ways in which a writer of bad will got further than allowed once, each closed since."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bundles import token_with
from tests.house import House
from tests.writers import CONFIDENTIALITY, count, created, delete, labels, note, observation, post, put, send

ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}


def ref(patient: str) -> dict[str, str]:
    return {"reference": f"Patient/{patient}"}


def security(*codes: str) -> dict[str, Any]:
    return {"security": [{"system": CONFIDENTIALITY, "code": code} for code in codes]}


def filed(category: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}]


def told(target: str, **elements: Any) -> dict[str, Any]:
    """A Provenance of a target."""
    agent = [{"who": {"reference": "Practitioner/x"}}]
    head = {"resourceType": "Provenance", "target": [{"reference": target}], "recorded": "2026-09-01T00:00:00Z"}
    return head | {"agent": agent} | elements


@pytest.mark.spec("X-005")
def test_nothing_moves_to_another_patient_by_way_of_its_deletion(house: House) -> None:
    ours, theirs = house.world.patient, house.cast.neighbour
    made = created(house, observation(ours))
    assert put(house, made | {"focus": [ref(theirs)]}).status_code == 200
    assert delete(house, f"Observation/{made['id']}").status_code == 204
    assert put(house, observation(theirs, id=made["id"])).status_code == 403
    assert put(house, observation(ours, id=made["id"], focus=[ref(theirs)])).status_code == 201


@pytest.mark.spec("X-005")
def test_a_list_about_a_patient_stays_about_that_patient(house: House) -> None:
    head = {"resourceType": "List", "status": "current", "mode": "working", "subject": ref(house.world.patient)}
    made = created(house, head | {"entry": [{"item": ref(house.cast.neighbour)}]})
    assert put(house, made | {"subject": ref(house.cast.neighbour)}).status_code == 403
    assert put(house, {name: value for name, value in made.items() if name != "entry"}).status_code == 200


@pytest.mark.spec("X-050")
def test_a_deletion_does_not_take_the_protection_away(house: House) -> None:
    made = created(house, observation(house.world.patient, meta=security("V")))
    delete(house, f"Observation/{made['id']}")
    back = put(house, observation(house.world.patient, id=made["id"], meta=security("N")))
    assert (back.status_code, labels(back.json())) == (201, {"V", "MH"})


def test_a_deleted_patient_comes_back(house: House) -> None:
    made = created(house, {"resourceType": "Patient", "name": [{"family": "Hill"}]})
    assert delete(house, f"Patient/{made['id']}").status_code == 204
    assert post(house, observation(made["id"])).status_code == 403
    assert put(house, made).status_code == 201
    assert post(house, observation(made["id"])).status_code == 201


@pytest.mark.spec("X-050")
def test_what_is_about_somebody_elsewhere_is_not_shown_to_everybody(house: House) -> None:
    whom = {"identifier": {"system": "urn:example:mrn", "value": "9"}, "display": "Kim Stone"}
    made = created(house, note("x", subject=whom, meta=security("N")))
    assert house.get(f"/fhir/DocumentReference/{made['id']}", house.ehr).status_code == 404


@pytest.mark.spec("X-005")
def test_no_other_organization_tells_a_provenance_into_a_record(house: House) -> None:
    made = created(house, observation(house.world.patient))
    post(house, told(f"Observation/{made['id']}", meta=security("N")), house.foreign_writer)
    query = f"/fhir/Observation?_id={made['id']}&_revinclude=Provenance:target"
    assert [found["resourceType"] for found in house.found(query, house.own_ehr)] == ["Observation"]


@pytest.mark.spec("X-050")
def test_nobody_writes_in_the_name_of_a_model(house: House) -> None:
    document = house.approve(house.draft())["DocumentReference"]
    ((device,),) = house.rows("SELECT id FROM resource WHERE type = 'Device'")
    model = {"reference": f"Device/{device}"}
    found = house.get(f"/fhir/DocumentReference/{document}", house.writer).json()
    copied = {name: found[name] for name in found.keys() - {"id", "meta", "securityLabel", "extension"}}
    for resource in (
        copied,
        note(house.world.patient, author=[model]),
        observation(house.world.patient, device=model),
        told(f"DocumentReference/{document}", agent=[{"who": model}]),
    ):
        assert post(house, resource).status_code == 422, resource["resourceType"]


def test_an_element_of_which_only_the_absence_is_told_is_no_failure(house: House) -> None:
    unsure = {"_code": ABSENT, "target": {"reference": "DocumentReference/x"}}
    assert post(house, note(house.world.patient, relatesTo=[unsure])).status_code == 201
    former = {name: value for name, value in note(house.world.patient, _status=ABSENT).items() if name != "status"}
    replaced = {"code": "replaces", "target": {"reference": f"DocumentReference/{created(house, former)['id']}"}}
    assert post(house, note(house.world.patient, relatesTo=[replaced])).status_code == 201
    channel = {"type": "rest-hook"}
    unsaid = {"resourceType": "Subscription", "_status": ABSENT, "reason": "x", "criteria": "Task?", "channel": channel}
    assert post(house, unsaid).status_code == 422


@pytest.mark.parametrize("media", ["text/☃", "text/plain\x7f", None])
@pytest.mark.parametrize("context", ["https://ehr.example/☃", "Patient/{patient}"])
def test_no_binary_breaks_the_headers_of_its_answer(house: House, media: str | None, context: str) -> None:
    kind = {"_contentType": ABSENT} if media is None else {"contentType": media}
    whose = {"securityContext": {"reference": context.format(patient=house.world.patient)}}
    made = created(house, {"resourceType": "Binary", "data": "PHNjcmlwdD4=", **kind, **whose})
    answer = house.get(f"/fhir/Binary/{made['id']}", house.writer, Accept="*/*")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.content == b"<script>"


def test_a_parameter_without_a_value_does_not_widen_a_condition(house: House) -> None:
    created(house, observation(house.world.patient, identifier=[{"system": "urn:x", "value": "1"}]))
    condition = "subject=&identifier=urn:x|1"
    assert delete(house, f"Observation?{condition}").status_code == 412
    other = observation(house.cast.neighbour)
    assert send(house, "PUT", f"/fhir/Observation?{condition}", other).status_code == 412
    assert post(house, other, If_None_Exist=condition).status_code == 412
    assert count(house, "Observation") == 1


def test_what_was_deleted_is_known_to_nobody(house: House) -> None:
    draft = house.draft()
    patient = house.world.patient
    assert delete(house, f"Patient/{patient}").status_code == 204
    assert house.view(draft).json()["patient"] != ""
    assert house.submit("s-2").status_code == 422
    period = {"start": "2020-01-01"}
    form = {
        "patient": patient,
        "recipients": [f"Organization/{house.world.other}"],
        "purposes": ["TREAT"],
        "period": period,
    }
    assert house.ask("POST", "/consents", house.clinician, json=form).status_code == 422
    assert house.get(f"/consents?patient={patient}", house.clinician).status_code == 404
    assert house.step(draft, "approval").status_code == 403


@pytest.mark.spec("X-050")
@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://hl7.org/fhir/v3/ObservationValue", "AIAST"),
        ("urn:oid:2.16.840.1.113883.5.1063", "CLINAST"),
        ("urn:oid:2.16.840.1.113883.5.4", "HUAPRV"),
    ],
)
def test_no_label_of_the_gateway_comes_under_a_former_name(house: House, system: str, code: str) -> None:
    resource = observation(house.world.patient, meta={"security": [{"system": system, "code": code}]})
    assert post(house, resource).status_code == 422


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://hl7.org/fhir/v3/Confidentiality", "V"),
        ("urn:oid:2.16.840.1.113883.5.25", "V"),
        ("urn:oid:2.16.840.1.113883.5.4", "42CFRPart2"),
    ],
)
def test_a_label_protects_under_its_former_name_too(house: House, system: str, code: str) -> None:
    made = created(house, observation(house.world.patient, meta={"security": [{"system": system, "code": code}]}))
    assert {"system": system, "code": code} in made["meta"]["security"]
    house.grant()
    assert house.get(f"/fhir/Observation/{made['id']}", house.ehr).status_code == 404


def test_beyond_a_granular_scope_nothing_is_there(house: House) -> None:
    system = filed("")[0]["coding"][0]["system"]
    narrow = token_with(house, f"system/Observation.cruds?category={system}|laboratory")
    other = created(house, observation(house.world.patient, category=filed("vital-signs")))
    wanted = observation(house.world.patient, category=filed("laboratory"), meta={"versionId": "1"})
    change = '[{"op": "test", "path": "/status", "value": "final"}]'
    for id in (other["id"], "unknown"):
        address = f"/fhir/Observation/{id}"
        assert put(house, wanted | {"id": id}, narrow).status_code == 405
        patched = send(house, "PATCH", address, change, narrow, Content_Type="application/json-patch+json")
        assert patched.status_code == 404
        gone = delete(house, f"Observation/{id}", narrow)
        assert (gone.status_code, gone.headers.get("etag")) == (204, None)
    assert house.get(f"/fhir/Observation/{other['id']}", house.writer).json() == other


def test_what_content_leaves_a_granular_scope_by_is_refused(house: House) -> None:
    system = filed("")[0]["coding"][0]["system"]
    narrow = token_with(house, f"system/Observation.cruds?category={system}|laboratory")
    made = created(house, observation(house.world.patient, category=filed("laboratory")), narrow)
    assert put(house, made | {"category": filed("vital-signs")}, narrow).status_code == 403
    change = '[{"op": "replace", "path": "/category/0/coding/0/code", "value": "vital-signs"}]'
    patched = send(
        house, "PATCH", f"/fhir/Observation/{made['id']}", change, narrow, Content_Type="application/json-patch+json"
    )
    assert patched.status_code == 403
    assert count(house, "Observation") == 1


def test_an_address_of_the_gateway_that_is_no_reference_stays_as_it_was_sent(house: House) -> None:
    url = "https://gateway.example/fhir/StructureDefinition/mine"
    made = created(house, observation(house.world.patient, extension=[{"url": url, "valueString": "x"}]))
    assert made["extension"][0]["url"] == url
    form = created(house, {"resourceType": "Questionnaire", "status": "draft", "url": url})
    assert form["url"] == url


def test_nothing_gives_away_what_is_more_confidential_than_itself(house: House) -> None:
    secret = created(house, observation(house.world.patient, meta=security("V")))
    address = f"Observation/{secret['id']}"
    assert labels(created(house, told(address))) == {"V", "MH"}
    binary = {"resourceType": "Binary", "contentType": "text/plain", "securityContext": {"reference": address}}
    assert labels(created(house, binary)) == {"V", "MH"}


def test_an_attachment_that_is_more_confidential_than_its_document_stays_so(house: House) -> None:
    content = {"resourceType": "Binary", "contentType": "text/plain", "data": "U2xlcHQu"}
    opened = created(house, content)["id"]
    closed = created(house, content | {"meta": security("V")})["id"]
    attached = [{"attachment": {"contentType": "text/plain", "url": f"Binary/{id}"}} for id in (opened, closed)]
    created(house, note(house.world.patient, content=attached[:1]))
    assert labels(created(house, note(house.world.patient, content=attached))) == {"V"}
    house.grant()
    assert [house.get(f"/fhir/Binary/{id}", house.ehr).status_code for id in (opened, closed)] == [200, 404]
    assert [house.get(f"/fhir/Binary/{id}", house.own_ehr).status_code for id in (opened, closed)] == [200, 200]
