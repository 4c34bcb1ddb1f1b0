"""Psychotherapy notes: their author's alone, whatever the record and the scopes of others open."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store.vault import Vault, VaultFault
from tests.api.apart.people import NOTES, token
from tests.house import House

THOUGHT = "I wonder whether her silence is about me."


def keep(house: House, text: str = THOUGHT, **changes: Any) -> Any:
    note = {"patient": house.world.patient, "text": text, "session": "2026-09-01T14:00:00Z"} | changes
    return house.ask("POST", "/psychotherapy-notes", house.clinician, json=note)


def kept(house: House, text: str = THOUGHT) -> str:
    answer = keep(house, text)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def told(answer: Any) -> list[tuple[str, str]]:
    """What a refusal says, but for the id of the request."""
    return [(issue["code"], issue["diagnostics"].partition(" (request")[0]) for issue in answer.json()["issue"]]


def rewrite(house: House, id: str, version: int, text: str, who: str = "") -> Any:
    headers = {"If-Match": f'W/"{version}"'}
    note = {"patient": house.world.patient, "text": text}
    return house.ask("PUT", f"/psychotherapy-notes/{id}", who or house.clinician, headers=headers, json=note)


@pytest.mark.spec("X-084")
def test_the_author_writes_and_reads_her_notes(house: House) -> None:
    id = kept(house)
    read = house.get(f"/psychotherapy-notes/{id}", house.clinician)
    assert (read.json()["text"], read.json()["author"]) == (THOUGHT, f"Practitioner/{house.world.grace}")
    listed = house.get(f"/psychotherapy-notes?patient={house.world.patient}", house.clinician).json()
    assert [one["id"] for one in listed] == [id]


def test_writing_it_again_keeps_what_was_written_before(house: House) -> None:
    id = kept(house)
    assert rewrite(house, id, 1, "It is not about me.").json()["version"] == 2
    versions = house.get(f"/psychotherapy-notes/{id}/history", house.clinician).json()
    assert [(one["version"], one["text"]) for one in versions] == [(2, "It is not about me."), (1, THOUGHT)]
    assert versions[0]["session"] == versions[1]["session"]


def test_nobody_writes_over_what_she_has_not_read(house: House) -> None:
    id = kept(house)
    assert rewrite(house, id, 1, "Second thoughts.").status_code == 200
    assert rewrite(house, id, 1, "From an old window.").status_code == 412
    without = house.ask(
        "PUT", f"/psychotherapy-notes/{id}", house.clinician, json={"patient": house.world.patient, "text": "x"}
    )
    assert without.status_code == 428


@pytest.mark.spec("X-084")
@pytest.mark.parametrize("purpose", ["TREAT", "HOPERAT", "BTG"])
def test_a_colleague_with_the_scope_finds_no_notes_of_another(house: House, purpose: str) -> None:
    id = kept(house)
    colleague = token(house, "colleague", NOTES, "user/*.cruds", "audit", purpose=purpose)
    absent, hidden = (house.get(f"/psychotherapy-notes/{each}", colleague) for each in ("none", id))
    assert (hidden.status_code, told(hidden)) == (404, told(absent))
    assert house.get(f"/psychotherapy-notes/{id}/history", colleague).status_code == 404
    assert house.get(f"/psychotherapy-notes?patient={house.world.patient}", colleague).json() == []
    assert rewrite(house, id, 1, "Mine.", colleague).status_code == 404


@pytest.mark.spec("X-084")
def test_an_author_who_breaks_the_glass_reads_no_note(house: House) -> None:
    id = kept(house)
    breaking = token(house, "breaking", NOTES, practitioner=house.world.grace, purpose="BTG")
    assert house.get(f"/psychotherapy-notes/{id}", breaking).status_code == 404


@pytest.mark.spec("X-084")
def test_no_other_scope_leads_to_them(house: House) -> None:
    id = kept(house)
    scopes = ("review", "consent", "lineage", "audit", "transcripts", "submission.write", "user/*.cruds")
    everything_else = token(house, "everything-else", *scopes, practitioner=house.world.grace)
    for method, path in (("GET", f"/psychotherapy-notes/{id}"), ("GET", "/psychotherapy-notes?patient=x")):
        assert house.ask(method, path, everything_else).status_code == 403
    body = {"patient": house.world.patient, "text": "x"}
    assert house.ask("POST", "/psychotherapy-notes", everything_else, json=body).status_code == 403


@pytest.mark.spec("X-084")
def test_no_search_export_or_log_shows_a_word_of_them(house: House) -> None:
    kept(house)
    patient = f"Patient/{house.world.patient}"
    auditor = token(house, "auditing", "audit", "user/*.rs", purpose="HOPERAT")
    for path in (f"/fhir/{patient}/$everything?_count=500", f"/fhir/{patient}/$summary", "/fhir/DocumentReference"):
        assert THOUGHT not in house.get(path, house.own_ehr).text
    events = house.get(f"/fhir/AuditEvent?patient={house.world.patient}", auditor)
    assert THOUGHT not in events.text
    assert '"note-write"' in events.text


@pytest.mark.spec("X-084")
def test_they_lie_in_a_table_of_their_own_under_a_key_of_their_own(house: House) -> None:
    id = kept(house)
    holding = [
        name
        for name, rows in house.tables().items()
        if any(THOUGHT.encode() in bytes(cell) for row in rows for cell in row if isinstance(cell, bytes | memoryview))
    ]
    assert holding == []
    [(sealed,)] = house.rows("SELECT sealed FROM psychotherapy_note WHERE id = ?", id)
    place = f"psychotherapy_note/{id}/1"
    assert house.world.services.notes.open(sealed, place=place).decode() == THOUGHT
    with pytest.raises(VaultFault):
        house.world.services.vault.open(sealed, place=place)
    assert isinstance(house.world.services.vault, Vault)


def test_a_machine_writes_none(house: House) -> None:
    with_scope = house.cast.writer.token(house.http)
    assert keep(house).status_code == 201
    body = {"patient": house.world.patient, "text": "x"}
    assert house.ask("POST", "/psychotherapy-notes", with_scope, json=body).status_code == 403


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"patient": "nobody"}, "patient"),
        ({"session": "2999-01-01T00:00:00Z"}, "session"),
        ({"session": "0001-01-01T00:00:00Z"}, "session"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(house: House, changes: dict[str, str], place: str) -> None:
    answer = keep(house, **changes)
    assert answer.status_code == 422
    assert [issue["expression"] for issue in answer.json()["issue"]] == [[place]]
    assert house.rows("SELECT count(*) FROM psychotherapy_note") == [(0,)]


def test_a_note_stays_with_its_patient(house: House) -> None:
    id = kept(house)
    note = {"patient": house.cast.neighbour, "text": "x"}
    headers = {"If-Match": 'W/"1"'}
    assert (
        house.ask("PUT", f"/psychotherapy-notes/{id}", house.clinician, headers=headers, json=note).status_code == 422
    )


@pytest.mark.spec("X-084")
@pytest.mark.parametrize("code", ["PSYTHPN", "HIPAAPsyNotes"])
def test_what_is_labelled_as_one_is_not_taken_into_the_record(house: House, code: str) -> None:
    security = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": code}]
    observation = {
        "resourceType": "Observation",
        "meta": {"security": security},
        "status": "final",
        "code": {"text": "Countertransference"},
        "subject": {"reference": f"Patient/{house.world.patient}"},
    }
    headers = {"Content-Type": "application/fhir+json"}
    answer = house.ask("POST", "/fhir/Observation", house.writer, headers=headers, json=observation)
    assert answer.status_code == 422
    assert "/psychotherapy-notes" in answer.text
    assert house.rows("SELECT count(*) FROM resource WHERE type = 'Observation'") == [(0,)]
