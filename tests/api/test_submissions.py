"""POST /submissions/{mapping} as a producer meets it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import House

MULTIPART = {"content-type": "multipart/form-data; boundary=x"}


def test_an_accepted_submission_is_created_and_can_be_asked_for(house: House) -> None:
    answer = house.submit()
    assert (answer.status_code, answer.json()["state"], answer.json()["segments"]) == (201, "accepted", 4)
    state = house.http.get(answer.headers["location"].removeprefix("https://gateway.example"), headers=house.scribe)
    assert (state.json()["review"], state.json()["mapping"]) == ("pending", "aws-healthscribe")


def test_the_same_again_is_answered_200_with_the_first_answer(house: House) -> None:
    first, again = house.submit(), house.submit()
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.content, first.headers["location"]) == (again.content, again.headers["location"])


def test_an_idempotency_key_used_with_other_content_is_a_conflict(house: House) -> None:
    key = {"idempotency-key": "k1"}
    assert house.submit(headers=key).status_code == 201
    assert house.submit(headers=key, transcript=None).status_code == 409


def test_an_unknown_mapping_is_not_found(house: House) -> None:
    assert house.submit("nothing").status_code == 404


def test_without_a_token_nothing_is_taken(house: House) -> None:
    assert house.http.post("/submissions/aws-healthscribe").status_code == 401
    assert house.world.rows("submission") == 0


def test_another_scope_does_not_submit(house: House) -> None:
    answer = house.http.post("/submissions/aws-healthscribe", headers=house.headers("review"))
    assert answer.status_code == 403


def test_faults_are_an_operation_outcome_with_each_place_and_no_content(house: House) -> None:
    context = house.world.context() | {"model": {"name": "Scribe", "version": 3}}
    answer = house.submit(context=context)
    issues = answer.json()["issue"]
    assert (answer.status_code, answer.json()["resourceType"]) == (422, "OperationOutcome")
    assert {issue["expression"][0] for issue in issues} == {"context.model.version", "context.model.manufacturer"}
    assert "Sleeps" not in answer.text


def test_a_refused_payload_is_kept_but_none_that_is_too_large(house: House) -> None:
    assert house.submit(context={}).status_code == 422
    assert house.world.rows("submission") == 1
    assert house.submit(summary={"text": "x" * 11_000_000}).status_code == 413
    assert house.world.rows("submission") == 1


@pytest.mark.spec("F-042")
def test_a_body_that_hides_its_length_is_stopped_at_the_limit(house: House) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="summary"\r\n\r\n'
        for _ in range(400):
            sent += 1
            yield b"x" * 65536

    answer = house.http.post("/submissions/aws-healthscribe", headers=house.scribe | MULTIPART, content=endless())
    assert answer.status_code == 413


def test_no_plaintext_ever_reaches_a_temporary_file(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a temporary file was asked for")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, never)
    summary = {"ClinicalDocumentation": {"Sections": []}, "Padding": "x" * 3_000_000}
    assert house.submit(summary=summary).status_code in (201, 422)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no multipart at all",
        b'--x\r\nContent-Disposition: form-data; name="summary"\r\n\r\n{}',
        b'--x\r\nContent-Disposition: form-data; name="../up"\r\n\r\n{}\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data\r\n\r\n{}\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n{}\r\n' * 2 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n{}\r\n' % 1 * 20 + b"--x--\r\n",
    ],
)
def test_what_is_not_well_formed_multipart_is_a_bad_request(house: House, body: bytes) -> None:
    answer = house.http.post("/submissions/aws-healthscribe", headers=house.scribe | MULTIPART, content=body)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_a_body_that_cannot_be_taken_leaves_a_record_of_the_refusal(house: House) -> None:
    producer = house.scribe
    before = house.world.rows("audit")
    assert house.http.post("/submissions/aws-healthscribe", headers=producer, json={}).status_code == 415
    assert house.world.rows("audit") == before + 1


def test_another_media_type_is_not_supported(house: House) -> None:
    answer = house.http.post("/submissions/aws-healthscribe", headers=house.scribe, json={})
    assert answer.status_code == 415


def test_another_client_does_not_learn_of_a_submission(house: House) -> None:
    address = f"/submissions/{house.submit().json()['submission']}"
    other = house.headers("submission.write", client="another")
    assert house.http.get(address, headers=other).status_code == 404
