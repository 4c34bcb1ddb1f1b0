"""Which consent takes the place of which, and from when; nothing that was superseded comes back."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.consent_compile import supersedes
from tests.rules.consent_oracle import Caller
from tests.rules.consent_worlds import AI_PROCESSING, IRDSCL, coding, label, reference
from tests.rules.deciding import seen

NOTE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "note",
    "meta": {"security": [label("N")]},
    "subject": reference("Patient/p1"),
}


def consent(id: str, date: str, type: str = "permit", **changes: Any) -> dict[str, Any]:
    """For the hospital's treatment; `start`, `purpose`, `kind`, `identifier`, `status` may be others."""
    role = {"coding": [coding("v3-ParticipationType", "IRCP")]}
    kinds = [{"system": "http://loinc.org", "code": "59284-0"}, *changes.get("kind", ())]
    return {
        "resourceType": "Consent",
        "id": id,
        "identifier": [{"system": "urn:x", "value": changes["identifier"]}] if "identifier" in changes else [],
        "status": changes.get("status", "active"),
        "category": [{"coding": [kind]} for kind in kinds],
        "patient": reference("Patient/p1"),
        "dateTime": date,
        "provision": {
            "type": type,
            "period": {"start": changes.get("start", "2026-01-01")},
            "actor": [{"role": role, "reference": reference(changes.get("actor", "Organization/hospital"))}],
            "purpose": [coding("v3-ActReason", changes.get("purpose", "TREAT"))],
        },
    }


def sees(day: str, *consents: dict[str, Any]) -> bool:
    return bool(seen(consents, [NOTE], Caller("hospital", "TREAT", day)))


def test_a_newer_permit_takes_the_place_of_an_older_refusal_and_the_other_way_round() -> None:
    refused, permitted = consent("a", "2026-01-01", "deny"), consent("b", "2026-02-01")
    assert sees("2026-03-01", refused, permitted) and not sees("2026-03-01", refused)
    withdrawn = consent("c", "2026-03-01", "deny")
    assert not sees("2026-04-01", refused, permitted, withdrawn)


def test_the_older_one_stands_until_the_newer_one_starts() -> None:
    refused, later = consent("a", "2026-01-01", "deny"), consent("b", "2026-02-01", start="2026-06-01")
    assert not sees("2026-05-31", refused, later) and sees("2026-06-01", refused, later)
    permitted = consent("a", "2026-01-01")
    over = consent("b", "2026-02-01", start="2026-06-01", purpose="TREAT")
    over["provision"]["period"]["end"] = "2026-06-30"
    assert sees("2026-05-31", permitted, over)
    assert sees("2026-06-30", permitted, over) and not sees("2026-07-01", permitted, over), "the older does not return"


def test_revoking_the_newer_one_does_not_bring_the_older_one_back() -> None:
    permitted, newer = consent("a", "2026-01-01"), consent("b", "2026-02-01", status="inactive")
    assert not sees("2026-03-01", permitted, newer)


def test_what_was_entered_in_error_takes_nobodys_place() -> None:
    permitted, mistaken = consent("a", "2026-01-01"), consent("b", "2026-02-01", "deny", status="entered-in-error")
    assert sees("2026-03-01", permitted, mistaken)


def test_of_the_same_date_both_stand_and_a_refusal_wins() -> None:
    permitted, refused = consent("a", "2026-02-01T10:00:00Z"), consent("b", "2026-02-01", "deny")
    assert not sees("2026-03-01", permitted, refused)
    assert not supersedes(permitted, refused) and not supersedes(refused, permitted)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"identifier": "form-7"}, True),
        ({"purpose": "HPAYMT"}, False),
        ({"actor": "Organization/lab"}, False),
        ({"kind": [IRDSCL]}, False),
        ({"kind": [AI_PROCESSING]}, False),
    ],
)
def test_it_must_be_of_the_same_kind_for_the_same_recipients_and_purposes(
    changes: dict[str, Any], expected: bool
) -> None:
    assert supersedes(consent("b", "2026-02-01", **changes), consent("a", "2026-01-01")) is expected


def test_a_permit_of_everything_does_not_lift_the_refusal_of_one_thing() -> None:
    refused, permitted = consent("a", "2026-01-01", "deny"), consent("b", "2026-02-01")
    refused["provision"]["data"] = [{"meaning": "instance", "reference": reference("Observation/note")}]
    assert not supersedes(permitted, refused) and not sees("2026-03-01", refused, permitted)
    permitted["provision"]["data"] = refused["provision"]["data"]
    assert supersedes(permitted, refused) and sees("2026-03-01", refused, permitted)


def test_the_same_form_filled_in_anew_takes_its_own_place_whatever_it_says() -> None:
    older = consent("a", "2026-01-01", identifier="form-7")
    newer = consent("b", "2026-02-01", identifier="form-7", actor="Organization/lab", purpose="HPAYMT")
    assert supersedes(newer, older) and not supersedes(older, newer)
    assert not supersedes(newer | {"identifier": [{"system": "urn:y", "value": "form-7"}]}, older)
    assert not sees("2026-03-01", older, newer)
