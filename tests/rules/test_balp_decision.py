"""A decision on consents as an AuditEvent: for whom it was, by which provisions, and who wanted to know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import profiles
from gateway.fhir.check import check
from gateway.rules.audit import Act, Outcome
from gateway.rules.balp import render
from gateway.rules.balp_decision import PROFILE
from gateway.rules.balp_parts import Recorded
from tests.world import SHARED

BASE = "https://gateway.example/fhir"
BALP = SHARED / "packages" / "SUSHI-BUILT-ihe.iti.balp-1.1.5-current.tgz"
DETAIL = {
    "who": "Practitioner/p",
    "organization": "Organization/o",
    "for": "TREAT",
    "verdict": "deny",
    "consents": ["Consent/c/_history/2#provision", "Consent/c/_history/2#provision.provision[0]"],
}


def event(detail: dict[str, Any], **row: Any) -> dict[str, Any]:
    whole = {"outcome": Outcome.DONE, "patient_id": "p1", "client_id": "pages", "practitioner_id": "grace"} | row
    return render(Recorded("e1", datetime(2026, 9, 2, tzinfo=UTC), Act.DECIDE, detail=detail, **whole), BASE)


@pytest.mark.spec("X-103")
@pytest.mark.parametrize(("verdict", "outcome"), [("permit", Outcome.DONE), ("deny", Outcome.DENIED)])
def test_a_decision_by_consents_conforms_to_balp(verdict: str, outcome: Outcome, tmp_path: Path) -> None:
    if not BALP.is_file():
        pytest.skip("the package ihe.iti.balp is not in ../shared/packages")
    (tmp_path / BALP.name).symlink_to(BALP)
    known = profiles.load(tmp_path)
    told = event(DETAIL | {"verdict": verdict}, outcome=outcome)
    assert (told["meta"]["profile"], told["outcome"], told["outcomeDesc"]) == ([PROFILE], outcome.value, verdict)
    assert check(told, profiles=known) == []
    told["entity"].append({"what": {"reference": "Observation/o"}})
    assert check(told, profiles=known) != []  # the profile is really asked


def test_each_consent_is_named_once_with_the_provisions_that_decided() -> None:
    consent = event(DETAIL)["entity"][-1]
    assert consent["what"] == {"reference": "Consent/c/_history/2"}
    assert consent["description"] == "provision, provision.provision[0]"


def test_whose_access_was_asked_about_is_told_apart_from_who_asked() -> None:
    told = {agent["type"]["coding"][0]["code"]: agent["who"] for agent in event(DETAIL)["agent"]}
    assert told["IRCP"] == {"reference": "Practitioner/p"}
    assert told["AUT"] == {"reference": "Practitioner/grace"}
    assert told["PROV"] == {"reference": "Organization/o"}


@pytest.mark.parametrize("missing", ["consents", "organization"])
def test_what_the_profile_needs_and_a_decision_has_not_makes_an_event_without_it(missing: str) -> None:
    told = event({name: value for name, value in DETAIL.items() if name != missing})
    assert "profile" not in told["meta"]
    assert check(told) == []


def test_a_question_that_was_refused_tells_of_nobody_but_who_asked() -> None:
    told = event({"reason": "not-found"}, outcome=Outcome.REFUSED, patient_id=None)
    assert (told["outcome"], told["outcomeDesc"]) == ("4", "not-found")
    assert "entity" not in told
    assert check(told) == []
