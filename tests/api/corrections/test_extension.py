"""Up to thirty days more, once, and the patient is told why and until when: 45 CFR 164.526(b)(2)(ii)"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.disputing import asked, decided, disputed, letter, stage
from tests.house import House
from tests.writers import created, observation

WHY = "The colleague who wrote it is away."


def seen(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.get("/corrections", house.clinician).json()
    return found


def day(task: dict[str, Any], days: int) -> str:
    """So many days after it was asked for."""
    received: date = datetime.fromisoformat(task["authoredOn"]).date()
    return (received + timedelta(days=days)).isoformat()


def extend(house: House, task: dict[str, Any], until: str, token: str = "", **more: Any) -> httpx.Response:
    body = {"text": WHY, "until": until}
    return house.ask("POST", f"/corrections/{task['id']}/extension", token or house.clinician, json=body, **more)


def test_the_clinician_takes_longer_and_the_patient_reads_why_and_until_when(house: House) -> None:
    _, task = asked(house, letter(house))
    [before] = seen(house)
    answer = extend(house, task, day(task, 75))
    assert (answer.status_code, stage(answer.json())) == (200, "in-review"), answer.text
    [after] = seen(house)
    assert (before["extended"], after["extended"]) == (False, True)
    assert (before["due"][:10], after["due"][:10]) == (day(task, 60), day(task, 75))
    [told] = [
        each for each in house.found(f"/fhir/Communication?about=Task/{task['id']}", house.patient) if "partOf" in each
    ]
    assert told["payload"][0]["contentString"] == f"{WHY}\n\nWe will decide by {day(task, 75)}."
    assert told["recipient"] == [{"reference": f"Patient/{house.world.patient}"}]


def test_it_is_done_once_and_for_thirty_days_at_most(house: House) -> None:
    _, task = asked(house, letter(house))
    for until in (day(task, 91), day(task, 60), day(task, 10)):
        refused = extend(house, task, until)
        assert (refused.status_code, refused.json()["issue"][0]["expression"]) == (422, ["until"])
    assert extend(house, task, "soon").status_code in (400, 422)
    assert extend(house, task, day(task, 90)).status_code == 200
    assert extend(house, task, day(task, 90)).status_code == 409
    assert [each["extended"] for each in seen(house)] == [True]


def test_the_most_urgent_comes_first(house: House) -> None:
    first, second = (asked(house, letter(house))[1] for _ in range(2))
    assert [each["task"] for each in seen(house)] == [f"Task/{first['id']}", f"Task/{second['id']}"]
    assert extend(house, first, day(first, 70)).status_code == 200
    assert [each["task"] for each in seen(house)] == [f"Task/{second['id']}", f"Task/{first['id']}"]


def test_a_question_may_still_wait_for_its_answer(house: House) -> None:
    _, task = asked(house, letter(house))
    house.ask("POST", f"/corrections/{task['id']}/question", house.clinician, json={"text": "Which day?"})
    assert stage(extend(house, task, day(task, 70)).json()) == "waiting-for-information"


def test_once_it_is_decided_its_end_is_when_it_was(house: House) -> None:
    task = disputed(house, f"Observation/{created(house, observation(house.world.patient))['id']}")
    assert extend(house, task, day(task, 70)).status_code == 200
    done = decided(house, task, "deny")
    assert done["executionPeriod"] == {"end": done["lastModified"]}
    assert extend(house, task, day(task, 70)).status_code == 409


@pytest.mark.parametrize("who", ["patient", "writer", "emergency"])
def test_nobody_else_takes_longer(house: House, who: str) -> None:
    _, task = asked(house, letter(house))
    assert extend(house, task, day(task, 70), token=getattr(house, who)).status_code in (403, 404)
    stale = extend(house, task, day(task, 70), headers={"If-Match": 'W/"9"'})
    assert stale.status_code == 412
    assert [each["extended"] for each in seen(house)] == [False]
