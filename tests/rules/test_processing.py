"""Whether a machine may process what a patient says: a consent of its own; what silence means, the custodian says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.rules.access import Visibility
from gateway.rules.consent import Basis, Decision, decide_processing
from tests.rules.consent_oracle_content import World
from tests.rules.consent_worlds import AI_PROCESSING, coding, reference
from tests.rules.deciding import CUSTODIAN, compiled

NOON = datetime(2026, 9, 2, 12, tzinfo=UTC)
SENT = Visibility(CUSTODIAN, "TREAT", NOON, device_id="d1")


def consent(type: str, id: str = "c1", *, about: Any = AI_PROCESSING, **provision: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": id,
        "status": "active",
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}, {"coding": [about]}],
        "patient": reference("Patient/p1"),
        "dateTime": "2026-01-01",
        "provision": {"type": type, **provision},
    }


def decided(*consents: dict[str, Any], is_opt_in: bool = False, sent: Visibility = SENT) -> Decision:
    return decide_processing(sent, compiled(World(list(consents), {}, {}), "p1"), is_opt_in=is_opt_in)


@pytest.mark.parametrize(("is_opt_in", "basis"), [(False, Basis.OWN_USE), (True, Basis.SILENCE)])
def test_silence_means_what_the_custodian_says(is_opt_in: bool, basis: Basis) -> None:
    told = decided(is_opt_in=is_opt_in)
    assert (told.permits, told.basis) == (not is_opt_in, basis)
    about_disclosure = consent("deny", about=coding("v3-ActCode", "IDSCL"))
    assert decided(about_disclosure, is_opt_in=is_opt_in) == told


@pytest.mark.parametrize("is_opt_in", [False, True])
def test_what_the_patient_says_stands_whatever_the_custodian_says(is_opt_in: bool) -> None:
    assert not decided(consent("deny"), is_opt_in=is_opt_in).permits
    allowed = decided(consent("permit"), is_opt_in=is_opt_in)
    assert allowed.permits and [str(reason) for reason in allowed.reasons] == ["Consent/c1/_history/1#provision"]
    assert not decided(consent("permit"), consent("deny", "c2"), is_opt_in=is_opt_in).permits


def test_a_refusal_may_be_of_one_machine_only_and_for_a_time() -> None:
    role = {"coding": [coding("v3-ParticipationType", "IRCP")]}
    of_one = [{"type": "deny", "actor": [{"role": role, "reference": reference("Device/d1")}]}]
    refused = consent("permit", provision=of_one)
    assert not decided(refused).permits
    assert decided(refused, sent=Visibility(CUSTODIAN, "TREAT", NOON, device_id="d2")).permits
    assert decided(consent("deny", period={"end": "2026-09-01"})).permits
    assert not decided(consent("deny", period={"end": "2026-09-02"})).permits
