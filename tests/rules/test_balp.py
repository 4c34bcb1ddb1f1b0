"""Audit rows as AuditEvents: which act is told how, and that the profiles hold."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.fhir.check import check
from gateway.fhir.profiles import Profiles, load
from gateway.rules.audit import Act, Outcome
from gateway.rules.balp import PATTERNS, render
from gateway.rules.balp_parts import Recorded
from tests.world import SHARED

BASE = "https://gateway.example/fhir"
PACKAGES = SHARED / "packages"
ROW = Recorded(
    id="e1",
    at=datetime(2026, 9, 2, 12, tzinfo=UTC),
    act=Act.READ,
    outcome=Outcome.DONE,
    patient_id="p1",
    target="Composition/c1/_history/2",
    client_id="ehr",
    organization_id="o1",
    practitioner_id="dr",
    token_id="t1",
    purpose="TREAT",
    request_id="r1",
    address="203.0.113.5",
    detail={"consents": ["Consent/c/_history/1"]},
)
SEARCHED = replace(ROW, act=Act.SEARCH, target="Composition", detail={"query": "Composition?patient=p1"})


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    if not PACKAGES.exists():
        pytest.skip("the BALP profiles are not beside this checkout (../shared/packages)")
    return load(PACKAGES)


def test_every_act_has_a_pattern() -> None:
    assert set(PATTERNS) == set(Act) - {Act.DECIDE}  # which has a rendering of its own


@pytest.mark.spec("X-100")
@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_event_passes_the_door_check(act: Act, outcome: Outcome) -> None:
    bare = Recorded("e2", ROW.at, act, outcome)
    for row in (replace(ROW, act=act, outcome=outcome), bare, replace(bare, detail={"reason": "not-found"})):
        assert check(render(row, BASE)) == []


@pytest.mark.spec("X-100")
@pytest.mark.parametrize(
    "row",
    [
        ROW,
        SEARCHED,
        replace(ROW, patient_id=None),
        replace(SEARCHED, patient_id=None, practitioner_id=None, address=None),
        replace(ROW, act=Act.CREATE),
        replace(ROW, act=Act.UPDATE),
    ],
)
def test_an_event_that_names_a_profile_holds_it(row: Recorded, profiles: Profiles) -> None:
    event = render(row, BASE)
    assert event["meta"]["profile"]
    assert check(event, profiles=profiles) == []


@pytest.mark.spec("X-100")
def test_the_roles_flip_between_reading_and_asking() -> None:
    def roles(row: Recorded) -> list[str]:
        return [agent["type"]["coding"][0]["code"] for agent in render(row, BASE)["agent"][:2]]

    assert roles(ROW) == ["110152", "110153"]
    for act in (Act.SEARCH, Act.CREATE, Act.UPDATE):
        assert roles(replace(ROW, act=act)) == ["110153", "110152"]
    assert roles(replace(ROW, act=Act.DELETE)) == ["110150", "custodian"]


@pytest.mark.spec("X-100")
def test_a_query_is_kept_as_it_was_asked() -> None:
    query = next(entity for entity in render(SEARCHED, BASE)["entity"] if "query" in entity)
    assert b64decode(query["query"]) == b"Composition?patient=p1"


@pytest.mark.spec("X-104")
@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.DENIED, Outcome.FAILED])
def test_what_did_not_succeed_claims_no_profile(outcome: Outcome) -> None:
    assert "profile" not in render(replace(ROW, outcome=outcome), BASE)["meta"]


def test_an_act_without_a_client_came_from_the_command_line() -> None:
    event = render(Recorded("e3", ROW.at, Act.REGISTER, Outcome.DONE), BASE)
    assert event["agent"][0]["who"] == {"display": "Command line of the gateway"}
    assert event["agent"][0]["requestor"] is True
