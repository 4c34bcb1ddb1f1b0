"""Answers that a machine filled in and a clinician puts right: their score follows, and so does who hears of a risk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.alarms import assessed, products, queue
from tests.api.alerts.test_pages import signed_in
from tests.house import House

AT = "2026-09-01T09:00:00Z"
PCL_5 = {
    "instrument": "PCL-5",
    "at": AT,
    "by": "machine",
    "items": [{"number": number, "answer": 1} for number in range(1, 21)],
}
PHQ_9 = {
    "instrument": "PHQ-9",
    "at": AT,
    "by": "machine",
    "items": [{"number": number, "answer": 1 if number < 9 else 0} for number in range(1, 10)],
}
DRINKS = {
    "instrument": "other",
    "code": "72109-2",
    "title": "Drinking",
    "at": AT,
    "by": "machine",
    "items": [{"code": "68518-0", "answer": 2}, {"code": "68519-8", "answer": 1}],
    "scores": [{"code": "75626-2", "title": "Score", "value": 3}],
}
FIRST = "item[0].answer[0].valueDecimal"
SCORE = "valueQuantity.value"


def drafted(house: House, **form: Any) -> str:
    answer = products(house, questionnaires=[form])
    assert answer.status_code == 201, answer.text
    return str(answer.json()["draft"])


def ids(house: House, draft: str) -> dict[str, str]:
    return {each["type"]: each["id"] for each in house.view(draft).json()["entries"]}


def amended(house: House, draft: str, **wants: Mapping[str, Any] | None) -> httpx.Response:
    """Values by path for each type; None takes the entry of the type out."""
    known = ids(house, draft)
    wanted = [
        {"id": known[type], "remove": True} if want is None else {"id": known[type], "set": want}
        for type, want in wants.items()
    ]
    return house.step(draft, "amendment", body={"entries": wanted})


def score(house: House, draft: str) -> Any:
    (found,) = [each for each in house.view(draft).json()["entries"] if each["type"] == "Observation"]
    return found["resource"]["valueQuantity"]["value"], found["origin"]


def refused(answer: httpx.Response) -> tuple[list[str], str]:
    assert answer.status_code == 422, answer.text
    (issue,) = answer.json()["issue"]
    return issue["expression"], issue["diagnostics"].partition(" (request")[0]


def test_the_score_of_a_known_instrument_is_counted_anew(house: House) -> None:
    draft = drafted(house, **PCL_5)
    assert score(house, draft) == (20, "machine")
    assert amended(house, draft, QuestionnaireResponse={FIRST: 4}).status_code == 200
    assert score(house, draft) == (23, "revision")
    changes = house.view(draft).json()["edits"][0]["changes"]
    assert [(each["field"], each["before"], each["after"]) for each in changes] == [
        (FIRST, "1", "4"),
        (SCORE, "20 {score}", "23 {score}"),
    ]
    published = house.approve(draft)
    approved = house.get(f"/fhir/Observation/{published['Observation']}", house.own_ehr).json()
    assert approved["valueQuantity"]["value"] == 23
    assert {"AIAST", "CLINAST"} <= {each["code"] for each in approved["meta"]["security"]}


def test_answers_put_back_bring_their_score_back(house: House) -> None:
    draft = drafted(house, **PCL_5)
    for value, told in ((4, (23, "revision")), (1, (20, "machine"))):
        assert amended(house, draft, QuestionnaireResponse={FIRST: value}).status_code == 200
        assert score(house, draft) == told


def test_other_words_at_a_score_are_kept_when_it_is_counted_anew(house: House) -> None:
    draft = drafted(house, **PCL_5)
    both: dict[str, Any] = {"QuestionnaireResponse": {FIRST: 4}, "Observation": {"effectiveDateTime": "2026-09-02"}}
    assert amended(house, draft, **both).status_code == 200
    assert score(house, draft)[0] == 23
    (seen,) = [each for each in house.view(draft).json()["entries"] if each["type"] == "Observation"]
    assert seen["resource"]["effectiveDateTime"] == "2026-09-02"


@pytest.mark.parametrize("form", [PCL_5, PHQ_9])
def test_a_score_that_is_not_the_sum_of_its_answers_is_refused(house: House, form: dict[str, Any]) -> None:
    draft = drafted(house, **form)
    before = score(house, draft)
    assert refused(amended(house, draft, Observation={SCORE: 5})) == (
        ["entries[0].set[0]"],
        "The score is not the sum of the answers.",
    )
    assert score(house, draft) == before


def test_the_right_score_beside_changed_answers_is_taken(house: House) -> None:
    draft = drafted(house, **PCL_5)
    assert amended(house, draft, QuestionnaireResponse={FIRST: 0}, Observation={SCORE: 19}).status_code == 200
    assert score(house, draft) == (19, "revision")


def test_of_a_form_answered_in_part_a_score_below_its_answers_is_refused(house: House) -> None:
    draft = drafted(house, **{**PHQ_9, "items": PHQ_9["items"][:3], "total": 10})
    assert refused(amended(house, draft, Observation={SCORE: 2}))[1] == "The score is not the sum of the answers."
    assert amended(house, draft, Observation={SCORE: 11}).status_code == 200


def test_of_an_unknown_instrument_she_says_the_score_herself(house: House) -> None:
    draft = drafted(house, **DRINKS)
    answers = {"QuestionnaireResponse": {FIRST: 4}}
    place, words = refused(amended(house, draft, **answers))
    assert place == ["entries[0].set[0]"]
    assert words == "A score rests on this: say what it is now, or take it out as well."
    assert score(house, draft) == (3, "machine")
    assert amended(house, draft, **answers, Observation={SCORE: 5}).status_code == 200
    assert score(house, draft) == (5, "revision")


def test_of_an_unknown_instrument_the_score_may_be_confirmed_or_taken_out(house: House) -> None:
    answers = {"QuestionnaireResponse": {FIRST: 4}}
    kept, dropped = (drafted(house, **DRINKS | {"at": f"2026-09-0{day}T09:00:00Z"}) for day in (1, 2))
    assert amended(house, kept, **answers, Observation={SCORE: 3}).status_code == 200
    assert amended(house, dropped, **answers, Observation=None).status_code == 200
    out = house.view(dropped).json()["removedEntries"][0]["id"]
    back = house.step(dropped, "amendment", body={"entries": [{"id": out}]})
    assert refused(back)[0] == ["entries[0]"]


def test_words_beside_the_answers_leave_the_score_alone(house: House) -> None:
    spoken = {**DRINKS, "items": [*DRINKS["items"], {"code": "72166-2", "answer": "never"}]}
    draft = drafted(house, **spoken)
    changed = amended(house, draft, QuestionnaireResponse={"item[2].answer[0].valueString": "seldom"})
    assert changed.status_code == 200
    assert score(house, draft) == (3, "machine")


def typed(house: House, draft: str, text: str) -> httpx.Response:
    """What the page answers when this is typed as the first answer."""
    browser = signed_in(house, "grace")
    form = browser.get(f"/pages/reviews/{draft}/edit").text
    said = {name: re.findall(f'name="{name}" value="([^"]+)"', form)[-1] for name in ("csrf", "digest")}
    answers = ids(house, draft)["QuestionnaireResponse"]
    field = re.findall(rf'name="(set-{answers}-[0-9]+)"[^>]*value="', form)[0]
    answer: httpx.Response = browser.post(f"/pages/reviews/{draft}/edit", data=said | {field: text})
    return answer


def test_the_page_tells_at_the_answer_that_a_score_rests_on_it(house: House) -> None:
    answer = typed(house, drafted(house, **DRINKS), "4")
    assert answer.status_code == 422
    assert "A score rests on this: say what it is now, or take it out as well." in answer.text


@pytest.mark.parametrize("text", ["1E9999", "-9E999999", "9" * 70, "NaN", "four"])
def test_the_page_takes_no_number_that_nobody_could_read_again(house: House, text: str) -> None:
    draft = drafted(house, **PCL_5)
    answer = typed(house, draft, text)
    assert answer.status_code == 422
    assert "Write a number, such as 7." in answer.text
    assert score(house, draft) == (20, "machine")


@pytest.mark.parametrize(("text", "total"), [("4.0", "23.0"), ("2e1", "39"), (".5", "19.5")])
def test_the_page_takes_numbers_as_people_write_them(house: House, text: str, total: str) -> None:
    draft = drafted(house, **PCL_5)
    assert typed(house, draft, text).status_code == 200
    assert score(house, draft)[0] == float(total)


RISKY = {
    "instrument": "other",
    "code": "44249-1",
    "title": "PHQ-9 as another form",
    "at": AT,
    "by": "machine",
    "items": [{"code": "44260-8", "answer": 0}],
}


def test_an_answer_made_worse_in_a_draft_alarms_and_one_made_lighter_takes_no_alert_back(house: House) -> None:
    draft, raised = drafted(house, **RISKY), []
    for answer in (1, 3, 2, 0):
        assert amended(house, draft, QuestionnaireResponse={FIRST: answer}).status_code == 200
        raised.append([each["draftId"] for each in queue(house)])
    assert raised == [[draft], [draft] * 2, [draft] * 2, [draft] * 2]
    house.approve(draft)
    assert len(queue(house)) == 2


def test_an_estimate_made_higher_in_a_draft_alarms(house: House) -> None:
    draft = assessed(house, "low", probability=0.1).json()["draft"]
    assert queue(house) == []
    changed = amended(house, draft, RiskAssessment={"prediction[0].probabilityDecimal": 70})
    assert changed.status_code == 200, changed.text
    assert [each["finding"] for each in queue(house)] == ["risk-estimate"]


def test_an_alert_and_the_amendment_that_raised_it_are_one_transaction(house: House) -> None:
    draft = drafted(house, **RISKY)
    house.sabotage("BEFORE INSERT ON delivery")
    assert amended(house, draft, QuestionnaireResponse={FIRST: 2}).status_code >= 500
    house.mend()
    assert house.rows("SELECT count(*) FROM alert") == [(0,)]
    assert house.view(draft).json()["edits"] == []
