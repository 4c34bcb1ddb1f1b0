"""Law 10: what carries patient content is recorded durably before it leaves; no log line carries content.

Everything here is asked of a real server process: it is killed, its log is read, its files are searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.logs import redact
from gateway.usecases import register
from tests.house import Cast, House
from tests.server import Server, serving
from tests.world import SUMMARY, TRANSCRIPT

CANARY = "Kanarienvogel"


@pytest.fixture
def running(cast: Cast, tmp_path: Path) -> Iterator[tuple[Server, House]]:
    with serving(cast, tmp_path / "home") as (only,):
        yield only


def recorded(house: House, request_id: str) -> list[tuple[str, str, str | None]]:
    """What another process finds on the disk about a request."""
    query = "SELECT act, outcome, patient_id FROM audit WHERE request_id = ? ORDER BY pk"
    return [(act, outcome, patient) for act, outcome, patient in house.rows(query, request_id)]


@pytest.mark.spec("A-001")
def test_the_row_is_on_the_disk_when_the_answer_has_come(running: tuple[Server, House]) -> None:
    server, house = running
    draft, second = house.draft(), house.draft("s-2")
    document = house.approve(draft)["DocumentReference"]
    house.grant()
    patient = house.world.patient
    asked = [
        (f"/fhir/DocumentReference/{document}", house.ehr, "read"),
        (f"/fhir/DocumentReference/{document}/_history/1", house.ehr, "vread"),
        (f"/fhir/DocumentReference/{document}/_history", house.ehr, "history"),
        ("/fhir/DocumentReference?type=34904-3&_revinclude=Provenance:target", house.ehr, "search"),
        (f"/fhir/Patient/{patient}?_elements=id", house.own_ehr, "read"),
        (f"/reviews/{second}", house.clinician, "review-read"),
        ("/reviews", house.clinician, "review-read"),
        (f"/consents?patient={patient}", house.clinician, "search"),
        (f"/lineage/DocumentReference/{document}", house.auditor, "lineage"),
        (f"/fhir/DocumentReference/{document}", house.own_ehr, "read"),
    ]
    for number, (path, token, act) in enumerate(asked):
        assert house.get(path, token, x_request_id=f"asked-{number}").status_code == 200, path
        assert (act, "0", patient) in recorded(house, f"asked-{number}"), path
    head = house.ask("HEAD", f"/fhir/DocumentReference/{document}", house.ehr, headers={"X-Request-ID": "asked-head"})
    assert (head.status_code, recorded(house, "asked-head")) == (200, [("read", "0", patient)])
    digest = house.view(second).headers["etag"]
    approval = house.step(second, "approval", digest=digest)
    last = house.get(f"/fhir/DocumentReference/{document}", house.ehr, x_request_id="the-last")
    server.kill()
    assert (approval.status_code, last.status_code) == (200, 200)
    assert recorded(house, "the-last") == [("read", "0", patient)]
    published = {
        f"{kind}/{id}" for kind, id in house.rows("SELECT type, id FROM publication WHERE draft_id = ?", second)
    }
    assert published == set(approval.json()["published"])
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'approve'") == [(2,)]


def marked(value: Any) -> Any:
    """The same, with the canary in everything anybody wrote or said."""
    if isinstance(value, dict):
        spoken = {"SummarizedSegment", "Content", "SectionName"}
        return {key: f"{CANARY} {item}" if key in spoken else marked(item) for key, item in value.items()}
    return [marked(item) for item in value] if isinstance(value, list) else value


def walk(house: House) -> list[str]:
    """The whole road and every wrong turn of it, all with the canary in it; the bodies of all that was refused."""
    services, world = house.world.services, house.world
    operator = world.asked("consent")
    mrn = [("urn:example:mrn", f"{CANARY}-1")]
    patient = register.patient(services, operator, world.clinic, CANARY, [CANARY], "other", None, mrn).id
    prompt = {"text": f"{CANARY} prompt", "version": "1"}
    sent = {"patient": patient, "summary": marked(SUMMARY), "transcript": marked(TRANSCRIPT), "prompt": prompt}
    draft = house.draft(f"{CANARY}-session", **sent)
    assert CANARY in house.view(draft).text
    house.rewrite(draft, f"{CANARY} in her own words.")
    returned = house.draft("s-2", **sent)
    house.step(returned, "return", body={"reason": f"{CANARY} was not what was said."})
    document = house.approve(draft)["DocumentReference"]
    consent = house.grant(patient=patient)
    for path in (f"DocumentReference/{document}", "Composition", "Patient", "_history", f"Patient?name={CANARY}"):
        assert house.get(f"/fhir/{path}", house.ehr).status_code == 200
    house.get(f"/lineage/DocumentReference/{document}", house.auditor)
    cookie = {"Cookie": f"gateway={house.clinician}"}
    assert CANARY in house.http.get(f"/pages/reviews/{draft}", headers=cookie).text
    house.revoke(consent)
    return [answer for answer in wrong_turns(house, draft, patient) if answer]


def wrong_turns(house: House, draft: str, patient: str) -> Iterator[str]:
    broken = {CANARY: CANARY, "ClinicalDocumentation": {"Sections": [{CANARY: 1, "SectionName": [CANARY]}]}}
    yield house.submit("s-3", patient=patient, summary=broken).text
    yield house.submit("s-4", patient="no-" + CANARY).text
    yield house.submit("s-5", model={"name": CANARY * 90, "version": CANARY, CANARY: 1}).text
    for body in (f'{{"{CANARY}": NaN}}', f'{{"a": "{CANARY}", "a": 1}}', f'["{CANARY}"', "[" * 100 + CANARY):
        files = {"context": ("c", json.dumps(house.world.context()), "application/json"), "summary": ("s", body, "a/b")}
        yield house.ask("POST", "/submissions/aws-healthscribe", house.scribe, files=files).text
    asked = (
        "Patient?_page=",
        f"Patient/{patient}?_elements=",
        "_history?_since=",
        "Patient?unknown=",
        "Patient?_sort=",
    )
    for path in ("", "Patient/", "Patient?birthdate=", "Patient?patient.name=", *asked):
        yield house.get(f"/fhir/{path}{CANARY}", house.own_ehr).text
    yield house.get("/fhir/Patient", CANARY).text
    wrong = {"statements": [{"id": CANARY, "section": CANARY, "text": CANARY}], "extra": CANARY}
    yield house.step(draft, "amendment", body=wrong).text
    yield house.step(draft, "amendment", body={"statements": wrong["statements"]}).text
    yield house.step(draft, "return", body={"reason": CANARY}).text
    yield house.ask("POST", "/consents", house.clinician, json={"patient": CANARY, "purpose": CANARY}).text
    yield house.get(f"/reviews?state={CANARY}", house.clinician).text
    form = {"grant_type": CANARY, "scope": CANARY, "client_assertion": CANARY, "client_assertion_type": CANARY}
    yield house.http.post("/oauth/token", data=form).text
    house.sabotage("BEFORE INSERT ON resource", "BEFORE INSERT ON submission", "BEFORE UPDATE ON draft")
    second = house.rows("SELECT id FROM draft WHERE state = 'returned'")[0][0]
    yield house.submit("s-6", patient=patient, summary=marked(SUMMARY)).text
    yield house.step(second, "rejection", body={"reason": CANARY}).text
    house.mend(3)


@pytest.mark.spec("A-010")
def test_content_is_in_no_log_no_refusal_and_no_file(running: tuple[Server, House]) -> None:
    server, house = running
    refusals = walk(house)
    assert len(refusals) > 20
    assert [body for body in refusals if CANARY in body] == []
    log = server.log.read_text()
    assert log.count("request.answered") > 40
    assert log.count("request.failed") == 2
    assert CANARY not in log
    assert house.world.patient not in log
    folder = server.log.parent
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("gateway.db") for path in files)
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []
    assert [path.name for path in (folder / "tmp").rglob("*")] == [], "nothing is put aside in a temporary file"


def test_the_vault_seals_what_was_sent_even_inside_the_database(house: House) -> None:
    house.draft(summary=marked(SUMMARY), transcript=marked(TRANSCRIPT))
    sealed = [
        bytes(row[0]) for row in house.rows("SELECT sealed FROM submission_part UNION SELECT sealed FROM transcript")
    ]
    assert len(sealed) == 4
    assert not any(CANARY.encode() in text for text in sealed)


def test_what_nobody_has_allowed_is_cut_from_a_log_line() -> None:
    """An exception keeps its type and place only: its message may quote what it failed on."""
    try:
        raise ValueError(CANARY)
    except ValueError as failure:
        line = redact(None, "", {"event": "x", "status": 200, "patient": CANARY, "exc_info": failure})
    assert CANARY not in str(line)
    assert (line["event"], line["status"], line["error"], line["patient"]) == ("x", 200, "ValueError", "[cut]")
