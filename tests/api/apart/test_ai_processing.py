"""AI processing is a patient's own decision: of what is refused, nothing stays but the record of the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.usecases import replay
from gateway.usecases.processing import ProcessingRefused
from tests.api.apart.people import decided
from tests.house import Cast, House, opened

RECORDS = {"audit", "assertion", "token"}  # what every call leaves, whoever calls


def refuse(house: House, *recipients: str) -> str:
    return decided(house, kind="ai-processing", type="deny", recipients=list(recipients) or ["*"], purposes=[])


def allow(house: House, *recipients: str, **form: Any) -> str:
    return decided(house, kind="ai-processing", recipients=list(recipients) or ["*"], purposes=[], **form)


def content(house: House) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows for name, rows in house.tables().items() if name not in RECORDS}


def submissions(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT outcome, patient_id, detail FROM audit WHERE act = 'submit' ORDER BY pk")


@pytest.fixture
def asking(cast: Cast, tmp_path: Path) -> Iterator[House]:
    """A house whose custodian lets AI process only what a patient permits."""
    with opened(cast, tmp_path / "asking", ai_needs_consent=True) as house:
        yield house


def test_silence_lets_it_happen_where_the_custodian_says_so(house: House) -> None:
    assert house.submit().status_code == 201


def test_what_a_patient_refused_is_refused_and_not_a_byte_is_kept(house: House) -> None:
    consent = refuse(house)
    before = content(house)
    answer = house.submit()
    assert answer.status_code == 403
    assert "does not permit that AI processes" in answer.text
    assert content(house) == before
    [(outcome, patient, detail)] = submissions(house)
    assert (outcome, patient) == ("8", house.world.patient)
    assert f"Consent/{consent}/_history/1" in bytes(detail).decode()


@pytest.mark.parametrize(
    "faulty",
    [{"summary": {"nothing": "known"}}, {"model": {"name": "Scribe"}}, {"summary": None, "transcript": None}],
    ids=["the mapping does not know it", "the context has faults", "there is no content"],
)
def test_what_does_not_fit_is_not_kept_for_later_either(house: House, faulty: dict[str, Any]) -> None:
    refuse(house)
    before = content(house)
    assert house.submit(**faulty).status_code == 403
    assert content(house) == before


def test_the_refusal_of_one_patient_is_not_that_of_another(house: House) -> None:
    refuse(house)
    assert house.submit(patient=house.cast.neighbour).status_code == 201


def test_from_the_refusal_on_nothing_is_taken_and_what_was_taken_stays_the_clinicians(house: House) -> None:
    draft = house.draft()
    refuse(house)
    assert house.submit().status_code == 403, "the same again"
    assert house.submit("s-2").status_code == 403, "another session"
    assert house.approve(draft)["DocumentReference"]


def test_a_refusal_that_is_taken_back_lets_it_happen_with_the_next_request(house: House) -> None:
    consent = refuse(house)
    assert house.submit().status_code == 403
    house.revoke(consent)
    assert house.submit().status_code == 201


def test_trying_a_refused_submission_again_asks_the_patient_first_and_forgets_it(house: House) -> None:
    assert house.submit(model={"name": "Scribe"}).status_code == 422
    [(kept,)] = house.rows("SELECT id FROM submission")
    refuse(house)
    operator = house.world.asked("consent", "review", client="command-line")
    with pytest.raises(ProcessingRefused):
        replay.replay(house.world.services, operator, kept)
    assert house.rows("SELECT count(*) FROM submission") == [(0,)]
    assert house.rows("SELECT count(*) FROM submission_part") == [(0,)]


def test_one_model_may_be_refused_and_another_not(house: House) -> None:
    house.approve(house.draft())
    [device] = [found["id"] for found in house.found("/fhir/Device", house.own_ehr)]
    refuse(house, f"Device/{device}")
    assert house.submit("s-2").status_code == 403
    other = {"name": "Scribe", "version": "9.0.0", "manufacturer": "Example Ltd"}
    assert house.submit("s-3", model=other).status_code == 201


def test_such_a_consent_opens_and_closes_nothing_else(house: House) -> None:
    ids = house.approve(house.draft())
    path = f"/fhir/DocumentReference/{ids['DocumentReference']}"
    allow(house, f"Organization/{house.world.other}")
    assert house.get(path, house.ehr).status_code == 404
    house.grant()
    refuse(house, f"Organization/{house.world.other}")
    assert house.get(path, house.ehr).status_code == 200


def test_where_silence_forbids_a_session_is_taken_only_from_whom_the_patient_named(asking: House) -> None:
    before = content(asking)
    assert asking.submit().status_code == 403
    assert content(asking) == before
    allow(asking, f"Organization/{asking.world.clinic}")
    assert asking.submit().status_code == 201


def test_where_silence_forbids_a_permit_of_the_past_is_silence(asking: House) -> None:
    allow(asking, period={"start": "2020-01-01", "end": "2020-12-31"})
    assert asking.submit().status_code == 403


def test_where_silence_forbids_nothing_is_kept_of_whom_nobody_knows(asking: House) -> None:
    before = content(asking)
    assert asking.submit(patient="nobody").status_code == 422
    assert content(asking) == before
