"""A couple's or a group's session: one note about all of them, which takes the consent of each."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from tests.api.apart.people import decided
from tests.api.context.test_patient_context import ask, told
from tests.house import House
from tests.together import draft_of, together
from tests.world import transcript


def approved(house: House, draft: str) -> list[str]:
    answer = house.step(draft, "approval")
    assert answer.status_code == 200, answer.text
    published: list[str] = answer.json()["published"]
    return published


def note_of(published: list[str]) -> str:
    return next(each for each in published if each.startswith("Composition/"))


def patients(house: House) -> tuple[str, str]:
    return house.world.patient, house.cast.neighbour


def audited(house: House, act: str) -> list[str]:
    return [patient for (patient,) in house.rows("SELECT patient_id FROM audit WHERE act = ? ORDER BY pk", act)]


def test_it_waits_once_in_the_inbox_and_names_all(house: House) -> None:
    draft = draft_of(together(house))
    [waiting] = house.get("/reviews", house.clinician).json()
    assert waiting["patientIds"] == sorted(patients(house))
    assert (waiting["id"], set(waiting["patient"].split(", "))) == (draft, {"Sam Rivers", "Kim Stone"})


def test_it_becomes_one_document_with_an_entry_for_each(house: House) -> None:
    published = approved(house, draft_of(together(house)))
    composition = house.get(f"/fhir/{note_of(published)}", house.own_ehr).json()
    [group] = composition["contained"]
    assert composition["subject"] == {"reference": "#patients"}
    assert [member["entity"]["reference"].split("/")[1] for member in group["member"]] == list(patients(house))
    for patient in patients(house):
        [entry] = house.found(f"/fhir/DocumentReference?patient={patient}", house.own_ehr)
        assert entry["identifier"] == [composition["identifier"]]
        text = b64decode(entry["content"][0]["attachment"]["data"]).decode()
        assert "Patients: Sam Rivers, born 1990-01-02; Kim Stone, born 1980-03-04" in text
        [other] = entry["context"]["related"]
        assert {other["reference"], entry["subject"]["reference"]} == {f"Patient/{id}" for id in patients(house)}


def test_it_belongs_to_the_record_of_each(house: House) -> None:
    note = note_of(approved(house, draft_of(together(house))))
    for patient in patients(house):
        found = house.found(f"/fhir/Patient/{patient}/$everything?_type=Composition", house.own_ehr)
        assert [f"Composition/{each['id']}" for each in found] == [note]


def test_who_gets_it_needs_the_consent_of_each_of_them(house: House) -> None:
    published = approved(house, draft_of(together(house)))
    content = [each for each in published if not each.startswith("Provenance/")]
    sam, kim = patients(house)

    def seen() -> set[int]:
        return {house.get(f"/fhir/{each}", house.ehr).status_code for each in published}

    assert seen() == {404}
    consent = house.grant(patient=sam)
    assert seen() == {404}
    assert house.found(f"/fhir/DocumentReference?patient={sam}", house.ehr) == []
    house.grant(patient=kim)
    assert seen() == {200}
    assert len(content) == 3
    house.revoke(consent)
    assert seen() == {404}


def test_one_of_them_who_refuses_ai_refuses_the_session(house: House) -> None:
    decided(house, patient=house.cast.neighbour, kind="ai-processing", type="deny", recipients=["*"], purposes=[])
    answer = together(house)
    assert answer.status_code == 403
    assert house.rows("SELECT count(*) FROM submission") == [(0,)]
    assert audited(house, "submit") == [house.cast.neighbour]


@pytest.mark.parametrize("who", ["patient", "neighbour"])
def test_whom_one_of_them_excludes_sees_nothing_of_it(house: House, who: str) -> None:
    draft = draft_of(together(house))
    refusing = house.world.patient if who == "patient" else house.cast.neighbour
    lee = f"Practitioner/{house.world.lee}"
    consent = decided(house, patient=refusing, type="deny", recipients=[lee], purposes=[])
    assert house.get(f"/reviews/{draft}", house.colleague).status_code == 404
    assert house.get("/reviews", house.colleague).json() == []
    house.revoke(consent)
    assert house.get(f"/reviews/{draft}", house.colleague).status_code == 200


def test_every_act_is_recorded_for_each_of_them(house: House) -> None:
    draft = draft_of(together(house))
    published = approved(house, draft)
    house.get(f"/lineage/{note_of(published)}", house.auditor)
    for act in ("submit", "review-read", "approve", "lineage"):
        assert sorted(audited(house, act)) == sorted(patients(house)), act


def test_the_lineage_of_the_entry_of_each_shows_the_note_and_all_it_is_about(house: House) -> None:
    published = approved(house, draft_of(together(house)))
    consent = house.grant(patient=house.cast.neighbour)
    for entry in (each for each in published if each.startswith("DocumentReference/")):
        lineage = house.get(f"/lineage/{entry}", house.auditor).json()
        assert lineage["patients"] == [f"Patient/{id}" for id in sorted(patients(house))]
        assert note_of(published) in lineage["published"]
        assert [each["consent"] for each in lineage["consents"]] == [f"Consent/{consent}/_history/1"]


def test_what_was_read_of_it_is_listed_once(house: House) -> None:
    note = note_of(approved(house, draft_of(together(house))))
    house.get(f"/fhir/{note}", house.own_ehr)
    reads = house.get(f"/lineage/{note}", house.auditor).json()["reads"]
    assert [read["act"] for read in reads].count("read") == 1


def test_sessions_of_different_couples_are_not_mixed_up_by_their_name(house: House) -> None:
    kim = {"reference": f"Patient/{house.cast.neighbour}"}
    sam = {"reference": f"Patient/{house.world.patient}"}
    alone = house.draft(transcript=transcript("a1"))
    couple = draft_of(together(house, sam, kim))
    again = draft_of(together(house, kim, sam, spoken=transcript("a1", "a2", "a3", "a4", "a5")))
    session = dict(house.rows("SELECT id, session_id FROM draft"))
    assert session[alone] != session[couple]
    assert session[couple] == session[again]


def test_an_amended_note_stays_about_all_of_them(house: House) -> None:
    draft = draft_of(together(house))
    house.rewrite(draft, "Sleeps six hours a night.")
    composition = house.get(f"/fhir/{note_of(approved(house, draft))}", house.own_ehr).json()
    assert len(composition["contained"][0]["member"]) == 2
    assert "Sleeps six hours a night." in json.dumps(composition)


def test_who_is_named_twice_or_unknown_is_told_by_place(house: House) -> None:
    sam = {"reference": f"Patient/{house.world.patient}"}
    twice = together(house, sam, {"identifier": {"system": "urn:example:mrn", "value": "77"}})
    assert (twice.status_code, twice.json()["issue"][0]["expression"]) == (422, ["context.patients[1]"])
    unknown = together(house, sam, {"reference": "Patient/nobody"}, session="s-2")
    assert (unknown.status_code, unknown.json()["issue"][0]["expression"]) == (422, ["context.patients[1].reference"])


def test_an_ai_that_goes_on_with_one_is_told_of_it_while_the_other_permits_ai(house: House) -> None:
    approved(house, draft_of(together(house)))
    assert [item["kind"] for item in told(house)] == ["note"]
    before = audited(house, "operation")
    assert sorted(before[-2:]) == sorted(patients(house))
    decided(house, patient=house.cast.neighbour, kind="ai-processing", type="deny", recipients=["*"], purposes=[])
    assert told(house) == []
    assert ask(house, patient=house.cast.neighbour).status_code == 403
