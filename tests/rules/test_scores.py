"""Which score contradicts the answers it was made from, and what it is counted to."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from gateway.rules.entries import Entry
from gateway.rules.entry_amending import WantedEntry, put
from gateway.rules.evidence import Origin
from gateway.rules.scores import check_scores, recounted

PHQ_2 = "55758-7"
FREQUENCIES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")


def response(*answers: dict[str, Any], origin: Origin = Origin.MACHINE) -> Entry:
    items = [{"linkId": str(number), "answer": [answer]} for number, answer in enumerate(answers, 1)]
    made = {"resourceType": "QuestionnaireResponse", "item": [{"linkId": "all", "item": items}]}
    return Entry("e1", made, "answers", origin)


def score(code: str = PHQ_2, origin: Origin = Origin.MACHINE, **value: Any) -> Entry:
    made = {
        "resourceType": "Observation",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "derivedFrom": [{"reference": "local:answers"}],
        **value,
    }
    return Entry("e2", made, "score", origin)


def changed(answers: Entry, told: Entry, *wanted: WantedEntry) -> tuple[list[Any], list[str | None]]:
    """The score counted anew, and the places of faults, once this is wanted of the two."""
    came, made = (answers, told), copy.deepcopy((answers, told))
    for want in wanted:
        (entry,) = (each for each in made if each.id == want.id)
        for path, value in want.set.items():
            put(entry.resource, path, value)
    counted = [value for want in recounted(came, came, made, wanted) for value in want.set.values()]
    return counted, [issue.expression for issue in check_scores(came, came, made, wanted)]


FIRST = "item[0].item[0].answer[0]"


@pytest.mark.parametrize(("value", "path"), [(3, "valueInteger"), ({"value": Decimal(3)}, "valueQuantity")])
def test_a_score_is_counted_wherever_it_stands(value: Any, path: str) -> None:
    answers, told = response({"valueInteger": 1}, {"valueDecimal": Decimal(2)}), score(**{path: value})
    assert changed(answers, told, WantedEntry("e1", {f"{FIRST}.valueInteger": 3})) == ([5], [])


def test_answers_from_the_list_of_how_often_count_too() -> None:
    coded = [{"valueCoding": {"system": "http://loinc.org", "code": code}} for code in FREQUENCIES]
    told = score(valueInteger=4)
    assert changed(response({"valueInteger": 1}, coded[3]), told, WantedEntry("e1", {f"{FIRST}.valueInteger": 0})) == (
        [3],
        [],
    )


def test_what_came_contradicting_itself_is_left_as_it_came() -> None:
    answers, told = response({"valueInteger": 1}, {"valueInteger": 1}), score(valueInteger=6)
    assert changed(answers, told) == ([], [])
    assert changed(answers, told, WantedEntry("e2", {"valueInteger": 6})) == ([], [])
    assert changed(answers, told, WantedEntry("e1", {f"{FIRST}.valueInteger": 2})) == ([3], [])


def test_answers_of_another_number_than_the_instrument_has_give_no_total() -> None:
    answers, told = response(*[{"valueInteger": 1}] * 3), score(valueInteger=3)
    want = WantedEntry("e1", {f"{FIRST}.valueInteger": 2})
    assert changed(answers, told, want) == ([], ["entries[0].set[0]"])
    assert changed(answers, told, want, WantedEntry("e2", {"valueInteger": 4})) == ([], [])
    assert changed(answers, told, WantedEntry("e2", {"valueInteger": 2})) == ([], [])


def test_of_an_instrument_answered_in_part_a_score_is_no_less_than_its_answers() -> None:
    answers, told = response({"valueInteger": 2}), score(valueInteger=3)
    assert changed(answers, told, WantedEntry("e2", {"valueInteger": 1})) == ([], ["entries[0].set[0]"])
    assert changed(answers, told, WantedEntry("e2", {"valueInteger": 2})) == ([], [])


def test_a_sum_that_does_not_fit_where_the_score_stands_is_asked_for() -> None:
    answers, told = response({"valueDecimal": Decimal(1)}, {"valueInteger": 1}), score(valueInteger=2)
    for value in (Decimal("1.5"), Decimal("1E400")):
        want = WantedEntry("e1", {f"{FIRST}.valueDecimal": value})
        assert changed(answers, told, want) == ([], ["entries[0].set[0]"])


def test_a_fraction_is_counted_as_it_is() -> None:
    answers = response({"valueDecimal": Decimal(1)}, {"valueInteger": 1})
    want = WantedEntry("e1", {f"{FIRST}.valueDecimal": Decimal("1.5")})
    assert changed(answers, score(valueQuantity={"value": 2}), want) == ([Decimal("2.5")], [])


def test_the_patients_own_score_is_not_written_anew() -> None:
    answers = response({"valueInteger": 1}, {"valueInteger": 1})
    told = score(origin=Origin.PATIENT, valueInteger=2)
    assert changed(answers, told, WantedEntry("e1", {f"{FIRST}.valueInteger": 2})) == ([], ["entries[0].set[0]"])


def test_what_rests_on_other_answers_is_left_alone() -> None:
    answers, told = response({"valueInteger": 1}, {"valueInteger": 1}), score(valueInteger=2)
    told.resource["derivedFrom"] = [{"reference": "local:others"}]
    assert changed(answers, told, WantedEntry("e1", {f"{FIRST}.valueInteger": 2})) == ([], [])
