"""Entries of a transaction that refer to each other, and to what a search finds. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

import pytest

from tests.bundles import ANN, EVA, about, answers, entry, kept, patient, places, post_bundle
from tests.house import House
from tests.writers import count, created, note, observation, practitioner

FILE = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f03"
NOTE = "urn:oid:1.2.3.4"


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
