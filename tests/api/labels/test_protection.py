"""How a draft is protected: a reviewer raises it freely and lowers it with a reason; what is published carries it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.house import House

PART_2 = {"42CFRPart2", "NORDSCLCD", "RedisclosureProhibitionMark"}


def protect(house: House, draft: str, confidentiality: str, labels: list[str], reason: str | None = None) -> Any:
    """All statements as they are, with the protection that is wanted."""
    statements = [
        {key: each[key] for key in ("id", "section", "text")} for each in house.view(draft).json()["statements"]
    ]
    wanted = {"confidentiality": confidentiality, "labels": labels} | ({"reason": reason} if reason else {})
    return house.step(draft, "amendment", body={"statements": statements, "protection": wanted})


def codes(resource: dict[str, Any]) -> set[str]:
    return {each["code"] for each in resource["meta"]["security"]}


def published(house: House, draft: str) -> dict[str, dict[str, Any]]:
    made = house.approve(draft)
    kinds = ("Composition", "DocumentReference")
    return {kind: house.get(f"/fhir/{kind}/{made[kind]}", house.own_ehr).json() for kind in kinds}


def test_a_draft_says_how_it_is_protected_and_why(house: House) -> None:
    shown = house.view(house.draft()).json()["protection"]
    assert (shown["confidentiality"], [each["code"] for each in shown["labels"]]) == ("R", ["MH"])
    assert shown["labels"][0]["because"]


def test_protection_is_raised_without_a_word_and_published_everywhere(house: House) -> None:
    draft = house.draft()
    assert protect(house, draft, "V", ["MH", "SUD", "42CFRPart2"]).status_code == 200
    found = published(house, draft)
    for resource in found.values():
        assert {"V", "MH", "SUD", "AIAST"} | PART_2 <= codes(resource)
    assert found["Composition"]["confidentiality"] == "V"
    repeated = {each["coding"][0]["code"] for each in found["DocumentReference"]["securityLabel"]}
    assert {"V", "SUD"} | PART_2 <= repeated
    document = json.loads(base64.b64decode(found["DocumentReference"]["content"][1]["attachment"]["data"]))
    assert {"V", "SUD"} | PART_2 <= codes(document)
    told = house.found("/fhir/Provenance?_count=100", house.own_ehr)
    assert all({"V", "SUD"} | PART_2 <= codes(each) for each in told)


def test_protection_is_lowered_with_a_reason_only(house: House) -> None:
    draft = house.draft()
    refused = protect(house, draft, "N", ["MH"])
    assert refused.status_code == 422
    assert [issue["expression"] for issue in refused.json()["issue"]] == [["protection.reason"]]
    assert protect(house, draft, "N", ["MH"], "A reminder of the next appointment.").status_code == 200
    shown = house.view(draft).json()
    assert (shown["protection"]["confidentiality"], shown["protection"]["waived"]) == ("N", ["R"])
    (change,) = shown["edits"][0]["changes"]
    assert (change["field"], change["before"], change["after"]) == ("confidentiality", "R", "N")
    assert "N" in codes(published(house, draft)["Composition"])


def test_what_holds_more_than_the_note_is_as_restricted_as_what_it_holds(house: House) -> None:
    """The document holds the patient's record entry, which stays restricted."""
    draft = house.draft()
    protect(house, draft, "N", ["MH"], "Nothing of it is delicate.")
    assert "R" in codes(published(house, draft)["DocumentReference"])


def test_what_lowered_is_recorded_without_the_reason(house: House) -> None:
    draft = house.draft()
    protect(house, draft, "N", [], "Because Sam said so.")
    ((detail,),) = house.rows("SELECT detail FROM audit WHERE act = 'amend'")
    assert json.loads(bytes(detail))["lowered"] == ["R", "MH"]
    assert b"Sam" not in bytes(detail)


@pytest.mark.parametrize(
    ("confidentiality", "labels", "place"),
    [
        ("M", ["MH"], "protection.confidentiality"),
        ("R", ["MH", "WRONG"], "protection.labels[1]"),
        ("R", ["MH", "PSYTHPN"], "protection.labels[1]"),
        ("N", ["MH", "42CFRPart2"], "protection.confidentiality"),
    ],
)
def test_what_cannot_be_chosen_is_refused_by_its_place(
    house: House, confidentiality: str, labels: list[str], place: str
) -> None:
    refused = protect(house, house.draft(), confidentiality, labels, "Some reason.")
    assert refused.status_code == 422
    assert [place] in [issue.get("expression") for issue in refused.json()["issue"]]


def test_labels_of_the_machine_are_not_to_be_chosen(house: House) -> None:
    draft = house.draft()
    assert protect(house, draft, "R", ["MH", "AIAST"]).status_code == 422
    protect(house, draft, "V", ["MH"])
    assert {"AIAST", "CLINAST"} <= codes(published(house, draft)["Composition"])


def test_a_changed_protection_voids_what_was_read(house: House) -> None:
    draft = house.draft()
    digest = house.view(draft).json()["digest"]
    protect(house, draft, "V", ["MH"])
    assert house.step(draft, "approval", digest=digest).status_code == 412
    assert {each["origin"] for each in house.view(draft).json()["statements"]} == {"machine"}
