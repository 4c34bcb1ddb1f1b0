"""A context is walked item by item: over however many pages, the same items in the same order, each once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.usecases import patient_context_walk
from tests.api.context.test_patient_context import about, ask, levelled, producer, told
from tests.house import House
from tests.world import BASE
from tests.writers import created, note, observation


def paged(house: House, **query: Any) -> list[dict[str, Any]]:
    """The items of all pages."""
    token = producer(house)
    answer = ask(house, token, size=4096, **query)
    items: list[dict[str, Any]] = []
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        answer = house.get(page["next"].removeprefix(BASE), token)


@pytest.fixture(autouse=True)
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs together is read in different steps."""
    monkeypatch.setattr(patient_context_walk, "_BATCH", 3)


def theme(house: House, text: str, **elements: Any) -> dict[str, Any]:
    said = {"code": {"text": "Theme"}, "valueString": f"{text} {'.' * 600}", **elements}
    made = observation(house.world.patient, meta=levelled("N"), **said)
    del made["valueQuantity"]
    return made


def test_the_pages_together_are_what_one_page_holds(house: House) -> None:
    for day in range(1, 10):
        created(house, theme(house, f"Theme {day}", effectiveDateTime=f"2026-08-0{day}"))
        created(house, observation(house.world.patient, day, effectiveDateTime=f"2026-08-0{day}", meta=levelled("N")))
    created(house, theme(house, "Of no known day"))
    created(house, theme(house, "Told late", issued="2026-08-05T23:00:00Z"))
    flag = {"resourceType": "Flag", "status": "active", "code": {"text": "Safety plan agreed"}}
    created(house, flag | about(house))
    whole = told(house, size=1_048_576)
    assert paged(house) == whole
    assert [item["kind"] for item in whole] == ["flag", "series", *["observation"] * 11]
    days = [item.get("date", "") for item in whole[2:]]
    assert days == sorted(days, reverse=True)
    assert days[4] == "2026-08-05T23:00:00Z"


def test_of_a_long_series_the_latest_are_told_and_all_are_counted(house: House) -> None:
    def numbered(day: int, **elements: Any) -> dict[str, Any]:
        at = f"2026-{6 + day // 28:02}-{day % 28 + 1:02}"
        return observation(house.world.patient, day, effectiveDateTime=at, meta=levelled("N"), **elements)

    for day in range(63):
        created(house, numbered(day))
    created(house, numbered(70, status="preliminary"))
    created(house, numbered(71, category=[{"coding": [{"code": "vital-signs"}]}]))
    [series] = told(house)
    assert series["count"] == 63
    assert [point["value"] for point in series["values"]] == list(range(62, 2, -1))


def test_whole_numbers_are_a_series_too_though_no_parameter_finds_them(house: House) -> None:
    for value in (3, 5):
        made = observation(house.world.patient, effectiveDateTime=f"2026-08-0{value}", meta=levelled("N"))
        del made["valueQuantity"]
        created(house, made | {"valueInteger": value})
    [series] = told(house)
    assert (series["count"], [point["value"] for point in series["values"]]) == (2, [5, 3])


def test_what_was_replaced_long_ago_is_left_out_wherever_the_newer_lies(house: House) -> None:
    who = house.world.patient
    old = created(house, note(who, description="Old", date="2026-01-01T10:00:00Z", meta=levelled("N")))
    for day in range(1, 8):
        created(house, note(who, description=f"Note {day}", date=f"2026-02-0{day}T10:00:00Z", meta=levelled("N")))
    newer = [{"code": "replaces", "target": {"reference": f"DocumentReference/{old['id']}"}}]
    created(house, note(who, description="New", relatesTo=newer, date="2026-03-01T10:00:00Z", meta=levelled("N")))
    names = [item["name"] for item in told(house)]
    assert names == ["New", *(f"Note {day}" for day in range(7, 0, -1))]


def test_answers_that_a_score_was_made_of_are_told_by_the_score(house: House) -> None:
    answers = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://example.org/Questionnaire/mood",
        "authored": "2026-08-01T10:00:00Z",
        "item": [{"linkId": "1", "text": "How are you?", "answer": [{"valueString": "Well"}]}],
    }
    scored, alone = (created(house, answers | about(house)) for _ in range(2))
    made_of = [{"reference": f"QuestionnaireResponse/{scored['id']}"}]
    created(house, observation(house.world.patient, 9, derivedFrom=made_of, meta=levelled("N")))
    items = {item["kind"]: item for item in told(house)}
    assert set(items) == {"series", "answers"}
    assert items["answers"]["resource"] == f"QuestionnaireResponse/{alone['id']}/_history/1"


def test_moods_that_a_number_was_made_of_stay(house: House) -> None:
    mood = created(house, theme(house, "Uneasy", effectiveDateTime="2026-08-01"))
    of = [{"reference": f"Observation/{mood['id']}"}]
    created(house, observation(house.world.patient, 4, derivedFrom=of, meta=levelled("N")))
    assert [item["kind"] for item in told(house)] == ["series", "observation"]
