"""Letters as other systems write them: what they are about may stand where the guide's text, or its examples, have it.

http://hl7.org/fhir/uv/patient-corrections (1.0.0): the text has later letters refer to the first one in `about`, its
examples to the Task; some name what is disputed there too.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.disputing import about, ask, asked, letter, stage
from tests.house import House
from tests.writers import created, observation

WORDS = {"contentString": "It was eight."}


def item(house: House) -> str:
    return f"Observation/{created(house, observation(house.world.patient))['id']}"


def refer(reference: str) -> list[dict[str, str]]:
    return [{"reference": reference}]


def questioned(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first letter and the Task of a request which the clinic has a question about."""
    first, task = asked(house, letter(house, WORDS, about(item(house))))
    answer = house.ask("POST", f"/corrections/{task['id']}/question", house.clinician, json={"text": "Which day?"})
    assert answer.status_code == 200, answer.text
    return first, answer.json()


def test_what_a_letter_says_to_be_about_is_disputed_and_kept_as_the_guides_letters_have_it(house: House) -> None:
    disputed = item(house)
    kept, task = asked(house, letter(house, WORDS, about=refer(disputed)))
    assert task["focus"] == {"reference": disputed}
    assert (kept["about"], kept["payload"]) == (refer(f"Task/{task['id']}"), [WORDS, about(disputed)])


def test_one_letter_disputes_one_thing_wherever_it_names_it(house: House) -> None:
    one, other = item(house), item(house)
    assert ask(house, letter(house, WORDS, about(one), about=refer(other))).status_code == 422
    assert asked(house, letter(house, WORDS, about(one), about=refer(one)))[1]["focus"] == {"reference": one}


@pytest.mark.parametrize("element", ["about", "partOf", "inResponseTo"])
def test_an_answer_belongs_to_the_request_whichever_way_it_refers_to_its_letters(house: House, element: str) -> None:
    first, task = questioned(house)
    answer = letter(house, {"contentString": "Tuesday."}) | {element: refer(f"Communication/{first['id']}")}
    kept, now = asked(house, answer)
    assert (now["id"], stage(now)) == (task["id"], "in-review")
    assert kept["about"] == refer(f"Task/{task['id']}")
    assert kept["partOf"] == refer(f"Communication/{first['id']}")


def test_a_letter_in_response_to_the_clinics_question_answers_it(house: House) -> None:
    _, task = questioned(house)
    [question] = [
        each for each in house.found(f"/fhir/Communication?about=Task/{task['id']}", house.patient) if "partOf" in each
    ]
    kept, now = asked(house, letter(house, WORDS, inResponseTo=refer(f"Communication/{question['id']}")))
    assert (now["id"], stage(now)) == (task["id"], "in-review")
    assert kept["inResponseTo"] == refer(f"Communication/{question['id']}")


def test_a_letter_about_a_message_that_belongs_to_no_request_begins_one(house: House) -> None:
    patient = {"reference": f"Patient/{house.world.patient}"}
    message = created(house, {"resourceType": "Communication", "status": "completed", "subject": patient})
    _, task = asked(house, letter(house, WORDS, about=refer(f"Communication/{message['id']}")))
    assert stage(task) == "queued"
