"""A psychotherapy note and the consents that name such notes: they alone open it to anybody but its author."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.apart.people import NOTES, decided, token
from tests.api.apart.test_psychotherapy_notes import kept
from tests.house import House


def status(house: House, id: str, who: str) -> int:
    return house.get(f"/psychotherapy-notes/{id}", who).status_code


def colleague(house: House) -> str:
    return token(house, "colleague", NOTES)


def stranger(house: House, purpose: str = "TREAT") -> str:
    return token(house, f"stranger-{purpose}".lower(), NOTES, purpose=purpose, at=house.world.other)


@pytest.mark.spec("X-084")
@pytest.mark.parametrize("label", ["PSYTHPN", "HIPAAPsyNotes"])
def test_a_consent_that_names_them_opens_them_and_is_named_in_the_record(house: House, label: str) -> None:
    id = kept(house)
    who = stranger(house)
    assert status(house, id, who) == 404
    consent = decided(house, recipients=[f"Organization/{house.world.other}"], purposes=["TREAT"], labels=[label])
    answer = house.get(f"/psychotherapy-notes/{id}", who)
    assert answer.status_code == 200
    assert [one.partition("#")[0] for one in answer.json()["consents"]] == [f"Consent/{consent}/_history/1"]
    [(detail,)] = house.rows("SELECT detail FROM audit WHERE act = 'note-read' AND outcome = '0'")
    assert json.loads(bytes(detail))["consents"] == answer.json()["consents"]
    assert house.get(f"/psychotherapy-notes?patient={house.world.patient}", who).json()[0]["id"] == id


@pytest.mark.spec("X-084")
@pytest.mark.parametrize("labels", [[], ["R"], ["V"], ["MH"], ["PSY"], ["V", "BH"], ["42CFRPart2"]])
def test_a_consent_to_anything_else_opens_none(house: House, labels: list[str]) -> None:
    id = kept(house)
    decided(house, recipients=["*"], purposes=["TREAT"], labels=labels)
    assert status(house, id, stranger(house)) == 404
    assert status(house, id, colleague(house)) == 404


@pytest.mark.spec("X-084")
def test_the_custodians_own_staff_needs_it_just_as_much(house: House) -> None:
    id = kept(house)
    who = colleague(house)
    assert status(house, id, who) == 404
    decided(house, recipients=[f"Practitioner/{house.world.ann}"], purposes=["TREAT"], labels=["PSYTHPN"])
    assert status(house, id, who) == 200


@pytest.mark.spec("X-084")
def test_revoking_it_closes_them_with_the_next_request(house: House) -> None:
    id = kept(house)
    who = stranger(house)
    consent = decided(house, recipients=["*"], purposes=["TREAT"], labels=["PSYTHPN"])
    assert status(house, id, who) == 200
    house.revoke(consent)
    assert status(house, id, who) == 404


@pytest.mark.spec("X-084")
def test_another_purpose_or_a_broken_glass_opens_none(house: House) -> None:
    id = kept(house)
    decided(house, recipients=["*"], purposes=["TREAT"], labels=["PSYTHPN"])
    for purpose in ("BTG", "HRESCH", "HPAYMT"):
        assert status(house, id, stranger(house, purpose)) == 404


@pytest.mark.parametrize(
    ("what", "opened"),
    [
        ({"dates": {"start": "2026-09-01", "end": "2026-09-30"}}, True),
        ({"dates": {"start": "2026-10-01"}}, False),
        ({"data": "own"}, True),
        ({"data": "others"}, False),
        ({"types": ["DocumentReference"]}, True),
        ({"types": ["Observation"]}, False),
    ],
    ids=["of that month", "of later", "of this author", "of another author", "documents", "observations"],
)
def test_what_the_consent_limits_is_limited(house: House, what: dict[str, Any], opened: bool) -> None:
    id = kept(house)
    authors = {"own": house.world.grace, "others": house.world.ann}
    if "data" in what:
        what = {"data": [{"meaning": "authoredby", "reference": f"Practitioner/{authors[what['data']]}"}]}
    decided(house, recipients=["*"], purposes=["TREAT"], labels=["PSYTHPN"], **what)
    assert status(house, id, stranger(house)) == (200 if opened else 404)


@pytest.mark.spec("X-084")
def test_a_deny_of_another_consent_overrides(house: House) -> None:
    id = kept(house)
    decided(house, recipients=["*"], purposes=["TREAT"], labels=["PSYTHPN"])
    recipients = [f"Organization/{house.world.other}"]
    decided(house, type="deny", recipients=recipients, purposes=["TREAT"], labels=["PSYTHPN"])
    assert status(house, id, stranger(house)) == 404
