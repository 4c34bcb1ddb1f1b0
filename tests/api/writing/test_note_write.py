"""Clinical notes written by an EHR: https://hl7.org/fhir/us/core/writing-clinical-notes.html"""

from __future__ import annotations

from base64 import b64encode

import pytest

from gateway.errors import Forbidden, NotSupported
from gateway.fhir.json import dump
from gateway.usecases import create, update
from tests.house import House
from tests.writers import CATEGORIES, count, created, labels, note, post, put

# The ten types of US Core's common clinical notes, with their LOINC codes.
COMMON = ("11488-4", "18842-5", "34117-2", "11506-3", "28570-0", "18748-4", "11502-2", "11505-5", "34111-5", "34133-9")
MEGABYTE = 1024 * 1024


@pytest.mark.spec("F-180", "F-185")
@pytest.mark.parametrize("code", COMMON)
def test_a_note_is_there_at_once_and_found(house: House, code: str) -> None:
    kind = {"coding": [{"system": "http://loinc.org", "code": code}]}
    answer = post(house, note(house.world.patient, type=kind))
    assert answer.status_code == 201
    query = f"patient={house.world.patient}&category={CATEGORIES}|clinical-note&type=http://loinc.org|{code}"
    assert house.found(f"/fhir/DocumentReference?{query}", house.own_ehr) == [answer.json()]


@pytest.mark.spec("F-180")
def test_a_note_of_the_patient_says_so(house: House) -> None:
    patient = {"reference": f"Patient/{house.world.patient}"}
    assert "PATAST" in labels(created(house, note(house.world.patient, author=[patient])))
    colleague = {"reference": f"Practitioner/{house.world.grace}"}
    assert "PATAST" not in labels(created(house, note(house.world.patient, author=[patient, colleague])))


@pytest.mark.spec("F-181")
def test_a_note_sent_twice_is_kept_once(house: House) -> None:
    sent = note(house.world.patient, identifier=[{"system": "urn:note", "value": "1"}])
    first, again = (post(house, sent, If_None_Exist="identifier=urn:note|1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert count(house, "DocumentReference") == 1


@pytest.mark.spec("F-182")
@pytest.mark.parametrize("media", ["text/plain", "text/plain;charset=utf-8", "application/pdf"])
def test_five_megabytes_fit_in_a_note(house: House, media: str) -> None:
    data = b64encode(b"%PDF" + b"x" * 5 * MEGABYTE).decode()
    made = created(house, note(house.world.patient, data, media))
    read = house.get(f"/fhir/DocumentReference/{made['id']}", house.own_ehr).json()
    assert read["content"][0]["attachment"] == {"contentType": media, "data": data}


@pytest.mark.spec("F-184")
def test_authors_and_encounters_need_not_be_known_here(house: House) -> None:
    context = {"encounter": [{"reference": "Encounter/unknown"}]}
    elsewhere = [
        {"reference": "https://ehr.example/fhir/Practitioner/7"},
        {"identifier": {"system": "urn:npi", "value": "1"}},
    ]
    contained = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Bell"}]}
    for author in ([{"reference": "Practitioner/unknown"}], elsewhere, [{"reference": "#p"}]):
        sent = note(house.world.patient, author=author, context=context)
        if author == [{"reference": "#p"}]:
            sent["contained"] = [contained]
        assert post(house, sent).status_code == 201


@pytest.mark.spec("F-185")
def test_a_note_that_replaces_another_supersedes_it(house: House) -> None:
    former = created(house, note(house.world.patient))
    target = f"DocumentReference/{former['id']}"
    relation = [{"code": "replaces", "target": {"reference": target}}]
    latter = created(house, note(house.world.patient, relatesTo=relation))
    now = house.get(f"/fhir/{target}", house.own_ehr).json()
    assert (now["status"], now["meta"]["versionId"]) == ("superseded", "2")
    assert now["content"] == former["content"]
    assert house.found("/fhir/DocumentReference?status=current", house.own_ehr) == [latter]
    acts = "SELECT act, target_version FROM audit WHERE target_id = ? AND act <> 'read' ORDER BY pk"
    assert house.rows(acts, former["id"]) == [("create", "1"), ("update", "2")]


@pytest.mark.spec("F-185")
@pytest.mark.parametrize("code", ["appends", "signs", "transforms"])
def test_other_relations_supersede_nothing(house: House, code: str) -> None:
    target = f"DocumentReference/{created(house, note(house.world.patient))['id']}"
    created(house, note(house.world.patient, relatesTo=[{"code": code, "target": {"reference": target}}]))
    assert house.get(f"/fhir/{target}", house.own_ehr).json()["status"] == "current"


@pytest.mark.spec("F-185", "X-005")
def test_a_note_supersedes_only_what_its_writer_may_update(house: House) -> None:
    """Neither a note of another patient, nor what came of a submission, nor beyond the scopes."""
    document = house.approve(house.draft())["DocumentReference"]
    elsewhere = created(house, note(house.cast.neighbour))["id"]
    mine = created(house, note(house.world.patient))["id"]
    for id in (document, elsewhere, "unknown"):
        relation = [{"code": "replaces", "target": {"reference": f"DocumentReference/{id}"}}]
        created(house, note(house.world.patient, relatesTo=relation))
    creator = house.world.asked("system/DocumentReference.c")
    relation = [{"code": "replaces", "target": {"reference": f"DocumentReference/{mine}"}}]
    body = dump(note(house.world.patient, relatesTo=relation))
    assert create.create(house.world.services, creator, "DocumentReference", body).created
    for id in (document, elsewhere, mine):
        assert house.get(f"/fhir/DocumentReference/{id}", house.own_ehr).json()["status"] == "current"


@pytest.mark.spec("F-185")
def test_a_note_is_withdrawn_by_its_status(house: House) -> None:
    made = created(house, note(house.world.patient))
    answer = put(house, made | {"status": "entered-in-error"})
    assert (answer.status_code, answer.json()["status"]) == (200, "entered-in-error")
    assert house.found("/fhir/DocumentReference?status=current", house.own_ehr) == []


@pytest.mark.spec("F-186")
def test_a_scope_may_be_for_clinical_notes_alone(house: House) -> None:
    services = house.world.services
    asked = house.world.asked(f"system/DocumentReference.cu?category={CATEGORIES}|clinical-note")
    written = create.create(services, asked, "DocumentReference", dump(note(house.world.patient)))
    assert written.created
    other = note(house.world.patient, category=[{"coding": [{"system": CATEGORIES, "code": "other"}]}])
    with pytest.raises(Forbidden):
        create.create(services, asked, "DocumentReference", dump(other))
    assert written.stored is not None
    moved = dump(other | {"id": written.stored.id})
    with pytest.raises(Forbidden):
        update.update(services, asked, "DocumentReference", written.stored.id, moved, if_match='W/"1"')
    letter = post(house, other).json()
    claimed = dump(note(house.world.patient, id=letter["id"]))
    with pytest.raises(NotSupported):  # as for an id that is unknown
        update.update(services, asked, "DocumentReference", letter["id"], claimed, if_match='W/"1"')
