"""The review API as a clinician's client meets it."""

from __future__ import annotations

import pytest

from tests.api.conftest import House


def amendment(house: House, address: str, headers: dict[str, str]) -> list[dict[str, str]]:
    """The statements as they are, ready to be sent back."""
    view = house.http.get(address, headers=headers).json()
    return [{key: each[key] for key in ("id", "section", "text")} for each in view["statements"]]


def test_the_inbox_lists_what_waits(house: House) -> None:
    address, grace = house.draft()
    [entry] = house.http.get("/reviews", headers=grace).json()
    assert address.endswith(entry["id"])
    assert (entry["patient"], entry["model"], entry["state"]) == ("Sam Rivers", "Scribe 2.3.1", "pending")
    assert house.http.get("/reviews?state=approved", headers=grace).json() == []


def test_a_draft_is_shown_beside_its_evidence_with_its_digest_as_etag(house: House) -> None:
    address, grace = house.draft()
    answer = house.http.get(address, headers=grace)
    assert answer.headers["etag"] == f'"{answer.json()["digest"]}"' == grace["if-match"]
    first = answer.json()["statements"][0]
    assert (first["origin"], first["machineText"]) == ("machine", "Sleeps five hours a night.")
    assert first["evidence"][0]["text"] == "Spoken words of a1."
    assert answer.json()["sections"] == [{"id": "c1", "title": "Behavior"}, {"id": "c2", "title": "Plan"}]


def test_approval_needs_the_digest_that_was_read(house: House) -> None:
    address, grace = house.draft()
    without = {name: value for name, value in grace.items() if name != "if-match"}
    assert house.http.post(f"{address}/approval", headers=without).status_code == 428
    wrong = grace | {"if-match": '"' + "0" * 64 + '"'}
    assert house.http.post(f"{address}/approval", headers=wrong).status_code == 412
    assert house.http.post(f"{address}/approval", headers=wrong | {"if-match": "*"}).status_code == 412
    assert house.world.published() == []


@pytest.mark.parametrize(
    ("step", "act"),
    [("approval", "approve"), ("amendment", "amend"), ("return", "return"), ("rejection", "reject")],
)
def test_a_step_without_the_digest_is_refused_and_recorded(house: House, step: str, act: str) -> None:
    address, grace = house.draft()
    del grace["if-match"]
    body: dict[str, object] = {"statements": []} if step == "amendment" else {"reason": "Wrong session."}
    assert house.http.post(f"{address}/{step}", headers=grace, json=body).status_code == 428
    assert house.world.audited(act) == [("4", {"reason": "required"})]


def test_approval_publishes_and_may_be_sent_again(house: House) -> None:
    address, grace = house.draft()
    first, again = (house.http.post(f"{address}/approval", headers=grace) for _ in range(2))
    assert (first.status_code, first.json()["state"], first.json()) == (200, "approved", again.json())
    assert len(first.json()["published"]) == len(house.world.published())


def test_the_second_clinician_comes_too_late(house: House) -> None:
    address, grace = house.draft()
    ann = house.headers("review", person=house.world.ann) | {"if-match": grace["if-match"]}
    assert house.http.post(f"{address}/approval", headers=grace).status_code == 200
    assert house.http.post(f"{address}/approval", headers=ann).status_code == 412


def test_an_amendment_is_answered_with_the_digest_to_approve(house: House) -> None:
    address, grace = house.draft()
    statements = amendment(house, address, grace)
    statements[0]["text"] = "Sleeps about five hours."
    answer = house.http.post(f"{address}/amendment", headers=grace, json={"statements": statements})
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    view = house.http.get(address, headers=grace).json()
    assert view["edits"][0]["changes"][0]["after"] == "Sleeps about five hours."
    assert [each["origin"] for each in view["statements"]] == ["revision", "machine", "machine"]
    newer = grace | {"if-match": answer.headers["etag"]}
    assert house.http.post(f"{address}/approval", headers=newer).status_code == 200


def test_who_reviews_is_taken_from_the_token_and_never_from_the_body(house: House) -> None:
    address, grace = house.draft()
    forged = {"statements": amendment(house, address, grace), "by": f"Practitioner/{house.world.ann}"}
    assert house.http.post(f"{address}/amendment", headers=grace, json=forged).status_code == 422
    done = house.http.post(f"{address}/approval", headers=grace, json={"by": house.world.ann})
    assert done.json()["by"] == house.world.grace


@pytest.mark.spec("X-042")
def test_a_body_that_two_readers_could_read_differently_is_refused(house: House) -> None:
    address, grace = house.draft()
    twice = b'{"reason": "Wrong session.", "reason": "Wrong patient."}'
    answer = house.http.post(f"{address}/return", headers=grace | {"content-type": "application/json"}, content=twice)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert house.http.get(address, headers=grace).json()["state"] == "pending"


def test_return_and_rejection_need_a_reason(house: House) -> None:
    address, grace = house.draft()
    assert house.http.post(f"{address}/return", headers=grace, json={"reason": " "}).status_code == 422
    returned = house.http.post(f"{address}/return", headers=grace, json={"reason": "Wrong session."})
    assert returned.json()["state"] == "returned"
    rejected = house.http.post(f"{address}/rejection", headers=grace, json={"reason": "Wrong patient."})
    assert rejected.json()["state"] == "rejected"
    assert house.http.post(f"{address}/approval", headers=grace).status_code == 409


def test_a_machine_with_the_review_scope_is_still_no_clinician(house: House) -> None:
    address, grace = house.draft()
    machine = house.headers("review") | {"if-match": grace["if-match"]}
    assert house.http.get(address, headers=machine).status_code == 403
    assert house.http.post(f"{address}/approval", headers=machine).status_code == 403


def test_other_organizations_and_scopes_see_no_draft(house: House) -> None:
    address, grace = house.draft()
    outsider = house.headers("review", person=house.world.ann, at=house.world.other)
    outsider |= {"if-match": grace["if-match"], "x-request-id": "one"}
    absent = house.http.get("/reviews/nothing", headers=outsider)
    there = house.http.get(address, headers=outsider)
    assert (there.status_code, there.json()) == (404, absent.json())
    assert house.http.post(f"{address}/approval", headers=outsider).status_code == 404
    assert house.http.get(address, headers=house.scribe).status_code == 403
