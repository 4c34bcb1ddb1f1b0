"""Who belongs to a care team, a group, a role; and who may break the glass."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Forbidden, Unprocessable
from gateway.fhir.dates import BEGINNING, END, interval
from gateway.rules.access import Caller
from gateway.rules.break_glass import Reason, check_may_break, check_reason
from gateway.rules.membership import Member, belonging_to


def team(*participants: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {"resourceType": "CareTeam", "status": "active", "participant": list(participants), **elements}


def role(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "PractitionerRole", "practitioner": ref("Practitioner/p"), **elements}


def ref(text: str) -> dict[str, str]:
    return {"reference": text}


def members(resource: dict[str, Any]) -> list[Member]:
    return [one.member for one in belonging_to(resource)]


def test_a_participant_belongs_while_both_the_team_and_the_participation_last() -> None:
    inner = {"member": ref("Practitioner/p"), "period": {"start": "2026-03", "end": "2027"}}
    found = members(team(inner, period={"start": "2026", "end": "2026-06"}))
    assert found == [Member("Practitioner/p", interval("2026-03").low, interval("2026-06").high)]


def test_a_participation_outside_of_the_teams_period_is_none() -> None:
    inner = {"member": ref("Practitioner/p"), "period": {"start": "2028"}}
    assert members(team(inner, period={"end": "2026-06"})) == []


@pytest.mark.parametrize("status", ["proposed", "suspended", "inactive", "entered-in-error"])
def test_a_team_that_is_not_active_has_no_members(status: str) -> None:
    assert members(team({"member": ref("Practitioner/p")}, status=status)) == []


def test_on_behalf_of_an_organization_somebody_belongs_while_calling_for_it() -> None:
    inner = {"member": ref("Practitioner/p"), "onBehalfOf": ref("Organization/o")}
    assert members(team(inner)) == [Member("Practitioner/p@o", BEGINNING, END)]


def test_a_group_counts_its_members_that_are_not_inactive() -> None:
    entries = [
        {"entity": ref("Practitioner/p")},
        {"entity": ref("Device/d"), "period": {"end": "2026"}},
        {"entity": ref("Practitioner/q"), "inactive": True},
        {"entity": {"display": "somebody"}},
        {"entity": ref("Medication/m")},
    ]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": entries}
    found = [Member("Practitioner/p", BEGINNING, END), Member("Device/d", BEGINNING, interval("2026").high)]
    assert members(group) == found
    assert members(group | {"active": False}) == []


def test_a_role_is_its_person_at_its_organization() -> None:
    at = {"organization": ref("Organization/o"), "period": {"end": "2026"}}
    assert members(role(**at)) == [Member("Practitioner/p@o", BEGINNING, interval("2026").high)]
    assert members(role(**at, active=False)) == []


def test_a_role_that_does_not_say_where_means_nobody() -> None:
    assert members(role()) == []


CLINICIAN = Caller("t", "pages", "o", frozenset({"user/*.cruds", "review"}), "TREAT", "p", "u")


@pytest.mark.spec("X-081")
def test_a_clinician_breaks_the_glass_to_read_and_search_only() -> None:
    assert check_may_break(CLINICIAN) == {"user/*.rs"}


@pytest.mark.spec("X-081")
@pytest.mark.parametrize(
    "caller",
    [
        Caller("t", "ehr", "o", frozenset({"system/*.rs"}), "TREAT"),
        Caller("t", "ehr", "o", frozenset({"system/*.rs"}), "TREAT", "p"),
        Caller("t", "pages", "o", frozenset({"patient/*.rs"}), "PATRQT", None, "u", "x", "x"),
        Caller("t", "pages", "o", frozenset({"user/*.rs"}), "HOPERAT", "p", "u"),
        Caller("t", "pages", "o", frozenset({"review"}), "TREAT", "p", "u"),
        Caller("t", "pages", "o", frozenset({"user/*.rs"}), "BTG", "p", "u", None, "x"),
        Caller("t", "pages", "o", frozenset({"user/*.rs"}), "TREAT", "p", "u", None, "x"),
    ],
)
def test_nobody_else_breaks_it(caller: Caller) -> None:
    with pytest.raises(Forbidden):
        check_may_break(caller)


@pytest.mark.spec("X-081")
def test_another_reason_needs_words() -> None:
    check_reason(Reason.SELF_HARM, None)
    check_reason(Reason.OTHER, "Found unconscious.")
    for text in (None, "  "):
        with pytest.raises(Unprocessable):
            check_reason(Reason.OTHER, text)
