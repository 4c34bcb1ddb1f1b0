"""A colleague whom a patient excludes: no draft of that patient is there for her, while all others go on reviewing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.errors import NotFound
from gateway.rules.review import State
from gateway.store.database import Reader
from gateway.store.statements import Prepared
from gateway.usecases import drafts, lineage, register, reviewable
from tests.api.callers.test_recipients import decide, kept, lee, ref
from tests.house import PASSWORD, House
from tests.writers import CATEGORIES

STEPS: dict[str, Any] = {
    "approval": None,
    "amendment": {"statements": []},
    "return": {"reason": "Wrong session."},
    "rejection": {"reason": "Wrong patient."},
}


def listed(house: House, token: str, state: str = "pending") -> list[str]:
    return [each["id"] for each in house.get(f"/reviews?state={state}", token).json()]


def exclude(house: House, **clause: Any) -> None:
    decide(house, lee(house), **{"type": "deny", "purposes": []} | clause)


def is_as_if_absent(house: House, method: str, path: str, draft: str, **sent: Any) -> bool:
    """Whether the answer on a draft is to the letter the one on a draft that never was."""
    there, absent = (
        house.ask(
            method,
            path.format(id),
            house.colleague,
            **{**sent, "headers": {"X-Request-Id": "one"} | sent.get("headers", {})},
        )
        for id in (draft, "nothing")
    )
    return (there.status_code, there.content) == (404, absent.content)


def names(of: House, kind: str) -> str:
    """The excluded colleague, as a patient may name her."""
    there = {"practitioner": ref(lee(of)), "organization": ref(f"Organization/{of.world.clinic}")}
    made: dict[str, dict[str, Any]] = {
        "PractitionerRole": {"resourceType": "PractitionerRole", **there},
        "Group": {
            "resourceType": "Group",
            "type": "practitioner",
            "actual": True,
            "member": [{"entity": ref(lee(of))}],
        },
    }
    return kept(of, made[kind]) if kind in made else lee(of)


@pytest.mark.parametrize("kind", ["Practitioner", "PractitionerRole", "Group"])
def test_who_is_excluded_sees_no_draft_of_the_patient_and_others_do(house: House, kind: str) -> None:
    draft, others = house.draft(), house.draft("s-2", patient=house.cast.neighbour)
    assert listed(house, house.colleague) == [draft, others]
    decide(house, names(house, kind), type="deny", purposes=[])
    assert listed(house, house.colleague) == [others]
    assert is_as_if_absent(house, "GET", "/reviews/{}", draft)
    assert house.get(f"/reviews/{others}", house.colleague).status_code == 200
    assert listed(house, house.clinician) == [draft, others]
    assert house.approve(draft)


def test_she_takes_no_step_whatever_she_knows_of_it(house: House) -> None:
    draft = house.draft()
    digest = house.view(draft).headers["etag"]
    exclude(house)
    for step, body in STEPS.items():
        path = f"/reviews/{{}}/{step}"
        assert is_as_if_absent(house, "POST", path, draft, headers={"If-Match": digest}, json=body), step
    assert house.view(draft).json()["state"] == "pending"


def test_what_she_approved_herself_is_gone_too(house: House) -> None:
    draft = house.draft()
    etag = {"If-Match": house.view(draft).headers["etag"]}
    assert house.ask("POST", f"/reviews/{draft}/approval", house.colleague, headers=etag).status_code == 200
    exclude(house)
    assert is_as_if_absent(house, "POST", "/reviews/{}/approval", draft, headers=etag)
    assert listed(house, house.colleague, "approved") == []
    assert listed(house, house.clinician, "approved") == [draft]


def test_the_pages_show_her_neither_the_draft_nor_a_word_of_the_session(house: House) -> None:
    draft = house.draft()
    text = house.view(draft).json()["statements"][0]["text"]
    origin = {"Origin": "https://gateway.example"}
    house.http.post("/pages/sign-in", data={"login": "lee", "password": PASSWORD}, headers=origin)
    page = f"/pages/reviews/{draft}"
    shown = house.http.get(page).text
    assert text in shown
    assert "Spoken words" in shown
    exclude(house)

    def told(answer: httpx.Response) -> tuple[int, bool]:
        return answer.status_code, text in answer.text or "Spoken words" in answer.text

    for path in (page, f"{page}/edit", f"{page}/approved"):
        assert told(house.http.get(path)) == (404, False), path
    assert draft not in house.http.get("/pages/reviews").text


@pytest.mark.parametrize(
    "what",
    [
        {"types": ["Composition"]},
        {"types": ["Provenance"]},
        {"labels": ["MH"]},
        {"labels": ["R"]},
        {"codes": [{"system": CATEGORIES, "code": "clinical-note"}]},
        {"dates": {"start": "2026-09-01", "end": "2026-09-01"}},
    ],
    ids=lambda what: next(iter(what)),
)
def test_the_refusal_of_any_part_hides_the_whole_draft(house: House, what: dict[str, Any]) -> None:
    draft = house.draft()
    exclude(house, **what)
    assert is_as_if_absent(house, "GET", "/reviews/{}", draft)
    assert listed(house, house.colleague) == []


@pytest.mark.parametrize(
    "what",
    [
        {"types": ["Observation"]},
        {"labels": ["ETHUD"]},
        {"dates": {"start": "2020-01-01", "end": "2020-12-31"}},
        {"purposes": ["HRESCH"]},
        {"period": {"start": "2020-01-01", "end": "2020-12-31"}},
        {"type": "permit", "labels": ["ETHUD"]},
    ],
    ids=["another type", "another label", "another time", "another purpose", "over", "a permit"],
)
def test_the_refusal_of_something_else_hides_none(house: House, what: dict[str, Any]) -> None:
    draft = house.draft()
    exclude(house, **what)
    assert listed(house, house.colleague) == [draft]
    assert house.get(f"/reviews/{draft}", house.colleague).status_code == 200


def test_the_refusal_of_nobody_in_particular_hides_none(house: House) -> None:
    draft = house.draft()
    decide(house, "*", type="deny", purposes=[])
    decide(house, f"Organization/{house.world.clinic}", type="deny", purposes=[])
    assert listed(house, house.colleague) == [draft]


def test_a_protection_that_is_raised_hides_the_draft_from_whom_its_label_is_refused(house: House) -> None:
    draft = house.draft()
    exclude(house, labels=["ETHUD"])
    statements = [
        {key: each[key] for key in ("id", "section", "text")} for each in house.view(draft).json()["statements"]
    ]
    protection = {"confidentiality": "R", "labels": ["MH", "ETHUD"]}
    answer = house.step(draft, "amendment", body={"statements": statements, "protection": protection})
    assert answer.status_code == 200, answer.text
    assert is_as_if_absent(house, "GET", "/reviews/{}", draft)


def test_a_device_that_is_excluded_sees_none_whoever_uses_it(house: House) -> None:
    world, draft = house.world, house.draft()
    device = register.device(world.services, world.asked(), "A tablet").id
    with_it = replace(world.reviewer, caller=replace(world.reviewer.caller, device_id=device))
    assert drafts.view(world.services, with_it, draft)
    decide(house, f"Device/{device}", type="deny", purposes=[])
    with pytest.raises(NotFound):
        drafts.view(world.services, with_it, draft)
    assert drafts.inbox(world.services, with_it) == []
    assert drafts.view(world.services, world.reviewer, draft)
    published = house.approve(draft)["Composition"]
    without_user = replace(with_it, caller=replace(with_it.caller, practitioner_id=None))
    with pytest.raises(NotFound):
        lineage.lineage(world.services, without_user, "Composition", published)


def test_the_lineage_of_what_is_kept_from_her_is_nothing_to_her(house: House) -> None:
    published = house.approve(house.draft())
    path = f"/lineage/Composition/{published['Composition']}"
    assert house.get(path, house.colleague).status_code == 200
    exclude(house)
    assert is_as_if_absent(house, "GET", "/lineage/Composition/{}", published["Composition"])
    assert house.get(path, house.clinician).status_code == 200
    assert house.get(path, house.auditor).status_code == 200


def test_the_refusal_of_what_was_published_is_one_of_the_draft_it_came_of(house: House) -> None:
    draft = house.draft()
    published = house.approve(draft)
    document = f"DocumentReference/{published['DocumentReference']}"
    exclude(house, data=[{"meaning": "instance", "reference": document}])
    assert is_as_if_absent(house, "GET", "/reviews/{}", draft)
    assert is_as_if_absent(house, "GET", "/lineage/Composition/{}", published["Composition"])
    assert house.get(f"/reviews/{draft}", house.clinician).status_code == 200


def test_what_is_withheld_takes_no_place_in_the_inbox(house: House) -> None:
    withheld = [house.draft(f"s-{number}") for number in range(3)]
    other = house.draft("s-9", patient=house.cast.neighbour)
    exclude(house)
    services, asked = house.world.services, house.world.asked("review", person=house.world.lee)
    assert [each.draft.id for each in drafts.inbox(services, asked, count=1)] == [other]
    assert len(drafts.inbox(services, house.world.reviewer, count=3)) == len(withheld)


def test_an_inbox_of_patients_who_refuse_nobody_takes_one_statement_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        house.draft(f"s-{number}")
    decide(house, f"Organization/{house.world.other}")
    services, person = house.world.services, house.world.asked("review", person=house.world.lee)
    asked: list[Prepared] = []
    all_of = Reader.all

    def told(db: Reader, prepared: Prepared, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        asked.append(prepared)
        return all_of(db, prepared, values)

    monkeypatch.setattr(Reader, "all", told)
    with services.database.read() as db:
        assert len(reviewable.waiting(db, person, State.PENDING, 100)) == 3
    assert len(asked) == 2


def test_notes_of_her_own_are_closed_to_her_and_stay(house: House) -> None:
    sent = {"patient": house.world.patient, "text": "My own thoughts."}
    made = house.ask("POST", "/psychotherapy-notes", house.colleague, json=sent)
    assert made.status_code == 201, made.text
    note = made.json()["id"]
    assert house.get(f"/psychotherapy-notes/{note}", house.colleague).status_code == 200
    exclude(house)
    for path in ("/psychotherapy-notes/{}", "/psychotherapy-notes/{}/history"):
        assert is_as_if_absent(house, "GET", path, note), path
    assert house.get(f"/psychotherapy-notes?patient={house.world.patient}", house.colleague).json() == []
    assert house.ask("POST", "/psychotherapy-notes", house.colleague, json=sent).status_code == 422
    assert house.rows("SELECT count(*) FROM psychotherapy_note") == [(1,)]


def test_her_own_notes_stay_open_where_only_her_clinic_is_refused(house: House) -> None:
    sent = {"patient": house.world.patient, "text": "My own thoughts."}
    note = house.ask("POST", "/psychotherapy-notes", house.colleague, json=sent).json()["id"]
    decide(house, f"Organization/{house.world.clinic}", type="deny", purposes=[])
    assert house.get(f"/psychotherapy-notes/{note}", house.colleague).status_code == 200


def test_decisions_and_the_overview_tell_her_nothing_of_what_is_kept_from_her(house: House) -> None:
    published = house.approve(house.draft())
    document = f"DocumentReference/{published['DocumentReference']}"
    question = {"patient": house.world.patient, "who": lee(house), "purpose": "TREAT"}

    def answers(what: str) -> httpx.Response:
        return house.ask("POST", "/consent-decisions", house.colleague, json=question | {"what": what})

    assert answers(document).status_code == 200
    exclude(house, data=[{"meaning": "instance", "reference": document}])
    absent = house.ask("POST", "/consent-decisions", house.colleague, json=question | {"what": "DocumentReference/x"})
    refused = answers(document)
    assert (refused.status_code, absent.status_code) == (404, 404)
    assert document not in refused.text
    overview = f"/consent-overview?patient={house.world.patient}"
    assert house.get(overview, house.colleague).status_code == 200
    exclude(house)
    assert house.get(overview, house.colleague).status_code == 404
    assert house.get(f"/consents?patient={house.world.patient}", house.colleague).status_code == 404
    assert house.get(overview, house.clinician).status_code == 200
