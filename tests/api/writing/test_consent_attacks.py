"""Ways around a consent by writing: what a deny names is taken away, signed otherwise, or told of by something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.fhir.labels import INLINE_LABEL
from gateway.rules.consent_form import consent_of, permit
from gateway.usecases import clients
from tests.house import Backend, House
from tests.writers import CONFIDENTIALITY, created, delete, labels, note, observation, put, send

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
ELSEWHERE = "https://ehr.example/fhir/Observation/1"


def ref(text: str) -> dict[str, str]:
    return {"reference": text}


def name(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def subject(house: House) -> dict[str, str]:
    return ref(f"Patient/{house.world.patient}")


def sees(house: House, resource: dict[str, Any], token: str = "") -> bool:
    return house.get(f"/fhir/{name(resource)}", token or house.ehr).status_code == 200


def recipients(house: House, *references: str) -> list[dict[str, Any]]:
    (one,) = _consent(house)["provision"]["actor"]
    return [one | {"reference": ref(text)} for text in references]


def _consent(house: House) -> dict[str, Any]:
    form = permit(house.world.patient, house.world.other, "TREAT", "2020-01-01")
    made = consent_of(form, "unused", house.world.clinic, house.world.asked().at)
    return {name: value for name, value in made.items() if name != "id"}


def permitted_but(house: House, **exception: Any) -> dict[str, Any]:
    """A Consent of the patient: the other organization may see all, but this."""
    actor = recipients(house, f"Organization/{house.world.other}")
    root = {"type": "permit", "actor": actor, "provision": [{"type": "deny", **exception}]}
    return created(house, _consent(house) | {"provision": root})


def decide(house: House, *named: str, **clause: Any) -> str:
    form = {"patient": house.world.patient, "recipients": list(named), "purposes": []} | clause
    response = house.ask("POST", "/consents", house.clinician, json=form)
    assert response.status_code == 201, response.text
    return f"Consent/{response.json()['id']}"


def provenance(house: House, *targets: str) -> dict[str, Any]:
    agent = [{"who": ref(f"Practitioner/{house.world.grace}")}]
    made = {"resourceType": "Provenance", "target": [ref(text) for text in targets], "agent": agent}
    return created(house, made | {"recorded": "2026-01-01T00:00:00Z"})


def noor(house: House) -> str:
    return f"Practitioner/{house.world.noor}"


def collectives(house: House) -> list[dict[str, Any]]:
    there = {"practitioner": ref(noor(house)), "organization": ref(f"Organization/{house.world.other}")}
    member = {"participant": [{"member": ref(noor(house))}]}
    return [
        {"resourceType": "CareTeam", "status": "active", "subject": subject(house), **member},
        {"resourceType": "Group", "type": "practitioner", "actual": True, "member": [{"entity": ref(noor(house))}]},
        {"resourceType": "PractitionerRole", **there},
    ]


def test_whom_an_exception_refuses_cannot_be_deleted(house: House) -> None:
    found = created(house, observation(house.world.patient))
    for each in collectives(house):
        group = created(house, each)
        consent = permitted_but(house, actor=recipients(house, name(group)))
        assert delete(house, name(group)).status_code == 409
        assert not sees(house, found, house.emergency) and sees(house, found)
        assert put(house, consent | {"status": "inactive"}).status_code == 200
        assert delete(house, name(group)).status_code == 204


def test_what_an_encounter_led_to_stays_refused_when_the_encounter_is_deleted(house: House) -> None:
    condition = created(house, {"resourceType": "Condition", "subject": subject(house), "code": {"text": "x"}})
    encounter = {"resourceType": "Encounter", "status": "finished", "subject": subject(house)}
    led_to = {"class": {"system": ACT_CODE, "code": "AMB"}, "diagnosis": [{"condition": ref(name(condition))}]}
    visit = created(house, encounter | led_to)
    permitted_but(house, data=[{"meaning": "related", "reference": ref(name(visit))}])
    assert not sees(house, condition)
    assert delete(house, name(visit)).status_code == 204
    assert not sees(house, condition)
    decide(house, "*", type="deny", codes=[{"system": "urn:example", "code": "another"}])  # classifies all anew
    assert not sees(house, condition)


def test_what_tells_of_a_consent_is_for_nobody_else_either(house: House) -> None:
    decide(house, f"Organization/{house.world.other}", type="permit")
    consent = decide(house, noor(house), type="permit")
    secured = {"resourceType": "Binary", "contentType": "text/plain", "data": "eHh4", "securityContext": ref(consent)}
    for record in (provenance(house, consent), created(house, secured)):
        assert not sees(house, record)
        assert sees(house, record, house.own_ehr)
    assert house.found("/fhir/Provenance", house.ehr) == []


def test_what_tells_of_something_unknown_is_kept_from_whom_the_patient_excludes(house: House) -> None:
    record = provenance(house, f"Patient/{house.world.patient}", ELSEWHERE)
    assert sees(house, record, house.colleague)
    decide(house, f"Practitioner/{house.world.lee}", type="deny")
    assert not sees(house, record, house.colleague)
    assert house.found("/fhir/Provenance", house.colleague) == []
    assert sees(house, record, house.clinician)


def signed(house: House, by: str) -> list[dict[str, Any]]:
    """Content in which somebody had a hand, each in another way."""
    who, about = ref(by), {"subject": subject(house)}
    text = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    author = {"author": [ref(f"Practitioner/{house.world.grace}")]}
    composed = {"status": "final", "type": {"text": "x"}, "date": "2026-01-01", "title": "x", **about, **author}
    report = {"status": "final", "code": {"text": "x"}, "resultsInterpreter": [who]}
    return [
        observation(house.world.patient, performer=[who]),
        observation(house.world.patient, note=[{"authorReference": who, "text": "x"}]),
        {"resourceType": "DiagnosticReport", **report, **about},
        {"resourceType": "CarePlan", "status": "active", "intent": "plan", "contributor": [who], **about},
        {"resourceType": "ClinicalImpression", "status": "completed", "assessor": who, **about},
        {"resourceType": "Composition", "section": [{"title": "x", "author": [who], "text": text}], **composed},
    ]


def test_a_refusal_of_what_somebody_made_reaches_all_that_they_had_a_hand_in(house: House) -> None:
    made = [created(house, each) for each in signed(house, noor(house))]
    decide(house, f"Organization/{house.world.other}", type="permit")
    assert all(sees(house, each) for each in made)
    decide(house, "*", type="deny", data=[{"meaning": "authoredby", "reference": noor(house)}])
    assert [name(each) for each in made if sees(house, each)] == []


def role(house: House, practitioner: str, **elements: Any) -> dict[str, Any]:
    place = ref(f"Organization/{house.world.clinic}")
    held = {"resourceType": "PractitionerRole", "practitioner": ref(practitioner), "organization": place}
    return created(house, held | elements)


def test_a_refusal_of_what_somebody_made_reaches_what_was_signed_in_a_role(house: House) -> None:
    decide(house, f"Organization/{house.world.other}", type="permit")
    decide(house, "*", type="deny", data=[{"meaning": "authoredby", "reference": noor(house)}])
    by_others = created(house, observation(house.world.patient, performer=[ref(f"Practitioner/{house.world.grace}")]))
    for held in (role(house, noor(house)), role(house, noor(house), active=False)):
        assert not sees(house, created(house, observation(house.world.patient, performer=[ref(name(held))])))
    assert sees(house, by_others)


def test_a_role_that_becomes_somebodys_takes_what_was_signed_in_it_along(house: House) -> None:
    held = role(house, f"Practitioner/{house.world.grace}")
    made = created(house, observation(house.world.patient, performer=[ref(name(held))]))
    decide(house, f"Organization/{house.world.other}", type="permit")
    decide(house, "*", type="deny", data=[{"meaning": "authoredby", "reference": noor(house)}])
    assert sees(house, made)
    assert put(house, held | {"practitioner": ref(noor(house))}).status_code == 200
    assert not sees(house, made)


def test_what_a_team_made_stays_refused_when_the_team_ends(house: House) -> None:
    made = created(house, observation(house.world.patient, performer=[ref(noor(house))]))
    decide(house, f"Organization/{house.world.other}", type="permit")
    for each in collectives(house):
        ended = {"status": "inactive"} if each["resourceType"] == "CareTeam" else {"active": False}
        group = created(house, each)
        consent = decide(house, "*", type="deny", data=[{"meaning": "authoredby", "reference": name(group)}])
        assert not sees(house, made)
        assert put(house, group | ended).status_code == 200
        assert not sees(house, made)
        house.revoke(consent.partition("/")[2])
        assert sees(house, made)


def entry(resource: dict[str, Any], url: str = "urn:uuid:6ba7b811-9dad-41d1-80b4-00c04fd430c8") -> dict[str, Any]:
    return {"fullUrl": url, "resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}}


@pytest.mark.parametrize("is_first", [True, False])
def test_what_lists_an_entry_of_the_same_transaction_carries_its_labels(house: House, is_first: bool) -> None:
    held = "urn:uuid:6ba7b810-9dad-41d1-80b4-00c04fd430c8"
    security = [{"system": CONFIDENTIALITY, "code": "V"}, {"system": ACT_CODE, "code": "HIV"}]
    secret = entry(observation(house.world.patient, meta={"security": security}), held)
    listing = {"resourceType": "List", "status": "current", "mode": "working", "subject": subject(house)}
    lists = entry(listing | {"entry": [{"item": ref(held)}]})
    entries = [lists, secret] if is_first else [secret, lists]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    assert send(house, "POST", "/fhir", bundle).status_code == 200
    (found,) = house.found("/fhir/List?_security=HIV", house.writer)
    assert {"V", "HIV"} <= labels(found)


def crowd(house: House, size: int) -> dict[str, Any]:
    members = [{"entity": ref(f"Device/d{number}")} for number in range(size)]
    return {"resourceType": "Group", "type": "device", "actual": True, "member": members}


def test_consents_of_more_than_can_be_kept_in_force_are_refused_and_those_that_stand_still_do(house: House) -> None:
    found = created(house, observation(house.world.patient))
    group = created(house, crowd(house, 10))
    permitted_but(house, actor=recipients(house, name(group)), purpose=_consent(house)["provision"]["purpose"])
    standing = house.rows("SELECT * FROM consent_rule")
    grown = put(house, group | {"member": crowd(house, 10_001)["member"]})
    codes = [{"system": "urn:example", "code": f"c{number}"} for number in range(1_001)]
    described = _consent(house) | {"provision": {"type": "deny", "code": [{"coding": codes}]}}
    for response in (grown, send(house, "POST", "/fhir/Consent", described)):
        assert response.status_code == 422
        assert [each["code"] for each in response.json()["issue"]] == ["too-costly"]
    assert house.rows("SELECT * FROM consent_rule") == standing
    assert sees(house, found)
    assert house.get(f"/fhir/{name(group)}", house.writer).json()["meta"]["versionId"] == "1"


def billing(house: House) -> str:
    """A writing client of the clinic for a purpose that takes a consent."""
    backend, scope = house.cast.writer, "system/*.cruds"
    keys = {"keys": [backend.key.as_dict(private=False)]}
    known = clients.add(
        house.world.services, "Billing", house.world.clinic, jwks=keys, scopes=[scope], purpose="HPAYMT"
    )
    return Backend(known.id, backend.key, scope).token(house.http)


def test_what_was_given_out_without_some_of_its_parts_is_not_written_over_them(house: House) -> None:
    inline = [{"url": INLINE_LABEL, "valueCoding": {"system": CONFIDENTIALITY, "code": "V"}}]
    marks = {"security": [{"system": ACT_CODE, "code": "PROCESSINLINELABEL"}]}
    parts: dict[str, Any] = {"description": "seen by all", "_description": {"extension": inline}}
    whole = created(house, note(house.world.patient, meta=marks, **parts))
    decide(house, "*", type="permit", purposes=["HPAYMT"], labels=["R", "REDACT"])
    token = billing(house)
    shown = house.get(f"/fhir/{name(whole)}", token)
    assert shown.status_code == 200 and "description" not in shown.json()
    patch = [{"op": "replace", "path": "/docStatus", "value": "amended"}]
    json_patch = {"Content_Type": "application/json-patch+json"}
    newer = note(house.world.patient, relatesTo=[{"code": "replaces", "target": ref(name(whole))}])
    assert put(house, shown.json() | {"docStatus": "amended"}, token).status_code == 403
    assert send(house, "PATCH", f"/fhir/{name(whole)}", json.dumps(patch), token, **json_patch).status_code == 403
    assert delete(house, name(whole), token).status_code == 403
    newer = created(house, newer, token)
    assert house.get(f"/fhir/{name(whole)}", house.writer).json() == whole
    assert [delete(house, name(each)).status_code for each in (newer, whole)] == [204, 204]
    assert put(house, shown.json(), token, If_Match='W/"2"').status_code == 403


def test_what_tells_of_something_is_about_whom_that_is_about_later(house: House) -> None:
    made = created(house, observation(house.world.patient))
    secured = {"resourceType": "Binary", "contentType": "text/plain", "data": "eHh4"}
    binary = created(house, secured | {"securityContext": ref(name(made))})
    record, earlier = provenance(house, name(made)), provenance(house, f"{name(made)}/_history/1")
    of_record = provenance(house, name(record))
    house.grant()
    assert all(sees(house, each) for each in (made, binary, record, of_record, earlier))
    both = [ref(f"Patient/{house.cast.neighbour}")]
    assert put(house, made | {"focus": both}).status_code == 200
    assert [sees(house, each) for each in (made, binary, record, of_record, earlier)] == [False] * 4 + [True]
    house.grant(patient=house.cast.neighbour)
    assert all(sees(house, each) for each in (made, binary, record, of_record, earlier))


def test_a_long_row_of_records_that_tell_of_each_other_closes_as_a_whole(house: House) -> None:
    made = created(house, observation(house.world.patient))
    records = [provenance(house, name(made))]
    for _ in range(12):
        records.append(provenance(house, name(records[-1])))
    house.grant()
    assert all(sees(house, each) for each in records)
    secret = {"meta": made["meta"] | {"security": [{"system": CONFIDENTIALITY, "code": "V"}]}}
    assert put(house, made | secret).status_code == 200
    assert [each for each in records if sees(house, each)] == []


@pytest.mark.parametrize("is_first", [True, False])
def test_a_consent_refuses_what_comes_with_it_in_one_transaction(house: House, is_first: bool) -> None:
    urls = [f"urn:uuid:6ba7b81{number}-9dad-41d1-80b4-00c04fd430c8" for number in range(3)]
    agent = [{"who": ref(f"Practitioner/{house.world.grace}")}]
    told = {"resourceType": "Provenance", "target": [ref(urls[0])], "agent": agent, "recorded": "2026-01-01T00:00:00Z"}
    refusal = {"type": "deny", "data": [{"meaning": "instance", "reference": ref(urls[0])}]}
    root = _consent(house)["provision"] | {"provision": [refusal]}
    made = [observation(house.world.patient), told, _consent(house) | {"provision": root}]
    entries = [entry(each, url) for each, url in zip(made, urls, strict=True)]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries[::-1] if is_first else entries}
    assert send(house, "POST", "/fhir", bundle).status_code == 200
    assert house.found("/fhir/Observation", house.ehr) == house.found("/fhir/Provenance", house.ehr) == []
    assert sees(house, created(house, observation(house.world.patient)))
