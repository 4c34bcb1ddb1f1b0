"""Law 3: the act, its Provenance, its index rows and its audit entry are one transaction; a refusal has its own.

The fault comes at every single statement that is told to the store, one after the other, until the act gets through.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from gateway.store.database import Writer
from gateway.usecases import replay
from tests.house import House

ONE_SENTENCE = {
    "ClinicalDocumentation": {
        "Sections": [
            {
                "SectionName": "PLAN",
                "Summary": [{"SummarizedSegment": "Will ride one stop.", "EvidenceLinks": [{"SegmentId": "a4"}]}],
            }
        ]
    }
}


class Fault(Exception):
    """The machine stops here."""


@contextmanager
def fault_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Units of work fail before their statement of this number, or, with the last, before they commit."""
    told = [0]
    note, check = Writer.note, Writer.check

    def count() -> None:
        told[0] += 1
        if told[0] == number:
            raise Fault

    def noted(writer: Writer, is_write: bool, is_record: bool) -> None:
        count()
        note(writer, is_write, is_record)

    def checked(writer: Writer) -> None:
        check(writer)
        count()

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "note", noted)
        patch.setattr(Writer, "check", checked)
        yield told


def faults_until_done(house: House, monkeypatch: pytest.MonkeyPatch, act: Callable[[], httpx.Response]) -> int:
    """Try the act with a fault at each step; after each, nothing at all has changed. How many steps there were."""
    before = house.tables()
    for number in range(1, 500):
        with fault_at(number, monkeypatch) as told:
            answer = act()
        if told[0] < number:
            assert answer.is_success, answer.text
            return told[0]
        assert answer.status_code == 500
        assert house.tables() == before, f"something stayed of the act that failed at its statement {number}"
    raise AssertionError("the act never got through")


def test_a_submission_is_stored_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = faults_until_done(house, monkeypatch, lambda: house.submit(summary=ONE_SENTENCE))
    assert steps > 8
    assert house.rows("SELECT act, outcome FROM audit WHERE act = 'submit'") == [("submit", "0")]
    for table, count in (("submission", 1), ("submission_part", 3), ("transcript", 1), ("draft", 1)):
        assert house.rows(f"SELECT count(*) FROM {table}") == [(count,)]


def test_an_approval_is_stored_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = house.draft(summary=ONE_SENTENCE)
    digest = house.view(draft).headers["etag"]
    steps = faults_until_done(house, monkeypatch, lambda: house.step(draft, "approval", digest=digest))
    assert steps > 20
    kinds = [kind for (kind,) in house.rows("SELECT type FROM resource WHERE patient_id IS NOT NULL ORDER BY type")]
    assert kinds.count("Provenance") == 3
    assert kinds.count("Composition") == kinds.count("DocumentReference") == 1
    assert house.rows("SELECT outcome FROM audit WHERE act = 'approve'") == [("0",)]


def test_a_consent_is_granted_and_revoked_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    recipients = [f"Organization/{house.world.other}"]
    form = {"patient": house.world.patient, "recipients": recipients, "purposes": ["TREAT"]}
    granting = faults_until_done(house, monkeypatch, lambda: house.ask("POST", "/consents", house.clinician, json=form))
    ((consent,),) = house.rows("SELECT id FROM resource WHERE type = 'Consent'")
    revoking = faults_until_done(
        house, monkeypatch, lambda: house.ask("POST", f"/consents/{consent}/revocation", house.clinician)
    )
    assert min(granting, revoking) > 5


def test_a_failing_table_leaves_nothing_of_an_approval(house: House) -> None:
    """The same with the database itself as the one that fails."""
    draft = house.draft(summary=ONE_SENTENCE)
    digest = house.view(draft).headers["etag"]
    before = house.tables()
    for trigger in (
        "BEFORE INSERT ON audit",
        "BEFORE INSERT ON publication",
        "BEFORE INSERT ON ix_token",
        "BEFORE INSERT ON resource WHEN new.type = 'Provenance'",
        "BEFORE UPDATE ON draft",
    ):
        house.sabotage(trigger)
        assert house.step(draft, "approval", digest=digest).status_code == 500, trigger
        house.mend()
        assert house.tables() == before, trigger
    assert house.step(draft, "approval", digest=digest).status_code == 200


def refusals(house: House) -> list[tuple[str, str]]:
    return [
        (str(act), str(json.loads(detail)["reason"]))
        for act, detail in house.rows("SELECT act, detail FROM audit WHERE outcome IN ('4', '8') ORDER BY pk")
    ]


def test_a_refused_step_is_recorded_alone(house: House) -> None:
    draft = house.draft()
    before = house.tables()
    assert house.step(draft, "approval", digest='"another"').status_code == 412
    after = house.tables()
    assert refusals(house) == [("approve", "conflict")]
    assert {name: len(rows) - len(before[name]) for name, rows in after.items() if rows != before[name]} == {"audit": 1}


def test_a_refused_submission_is_recorded_and_its_bytes_are_kept(house: House) -> None:
    assert house.submit(summary={"ClinicalDocumentation": "nothing"}).status_code == 422
    assert refusals(house) == [("submit", "processing")]
    assert [house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("submission", "submission_part")] == [1, 3]
    assert house.rows("SELECT count(*) FROM draft") == [(0,)]
    asked = house.world.asked("review")
    assert [found.status for found in replay.refused(house.world.services, asked)] == [422]


@pytest.mark.parametrize(
    ("method", "path", "act"),
    [
        ("GET", "/fhir/DocumentReference/unknown", "read"),
        ("GET", "/fhir/DocumentReference/unknown/_history/1", "vread"),
        ("GET", "/fhir/DocumentReference?unknown=1", "search"),
        ("GET", "/fhir/DocumentReference/unknown/_history", "history"),
        ("GET", "/reviews/unknown", "review-read"),
        ("POST", "/reviews/unknown/approval", "approve"),
        ("POST", "/consents/unknown/revocation", "revoke"),
        ("GET", "/consents?patient=unknown", "search"),
        ("GET", "/lineage/DocumentReference/unknown", "lineage"),
    ],
)
def test_what_a_known_caller_may_not_is_recorded(house: House, method: str, path: str, act: str) -> None:
    answer = house.ask(method, path, house.clinician, headers={"If-Match": '"x"', "X-Request-ID": "the-refused-one"})
    assert answer.status_code in (400, 404)
    query = "SELECT act, outcome, patient_id FROM audit WHERE request_id = ?"
    assert house.rows(query, "the-refused-one") == [(act, "4", None)]


@pytest.mark.parametrize("path", ["/reviews", "/reviews/unknown", "/consents?patient=x", "/lineage/Composition/x"])
def test_a_scope_that_is_missing_is_recorded(house: House, path: str) -> None:
    assert house.get(path, house.ehr, x_request_id="the-refused-one").status_code == 403
    assert house.rows("SELECT outcome, organization_id FROM audit WHERE request_id = ?", "the-refused-one") == [
        ("8", house.world.other)
    ]


def test_a_page_that_is_not_for_her_is_recorded(house: House) -> None:
    headers = {"Cookie": f"__Host-gateway={house.auditor}", "X-Request-ID": "the-refused-one"}
    assert house.http.get("/pages/reviews", headers=headers).status_code == 403
    query = "SELECT outcome, practitioner_id FROM audit WHERE request_id = ?"
    assert house.rows(query, "the-refused-one") == [("8", house.world.ann)]
