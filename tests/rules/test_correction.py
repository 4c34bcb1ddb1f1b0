"""The stages of a request for a correction: http://hl7.org/fhir/uv/patient-corrections (1.0.0)"""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from gateway.errors import Conflict, Unprocessable
from gateway.rules import correction_letters as letters
from gateway.rules.correction import STATUS, STEPS, Stage, Step, check_step, due_at, extended_to, is_extended, is_open
from gateway.rules.upholding import Remedy, faults, upheld

AT = datetime(2026, 9, 12, 8, tzinfo=UTC)
BY = "Practitioner/grace"
GOAL: dict[str, Any] = {
    "resourceType": "Goal",
    "id": "g",
    "lifecycleStatus": "active",
    "description": {"text": "Ride the train."},
    "target": [{"dueDate": "2026-10-01"}],
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "id": "c",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {"text": "A fear"},
}


@pytest.mark.parametrize(("stage", "step"), list(product(Stage, Step)))
def test_a_step_leads_where_the_table_says_or_nowhere(stage: Stage, step: Step) -> None:
    if step in STEPS[stage]:
        assert check_step(stage, step) is STEPS[stage][step]
        return
    with pytest.raises(Conflict):
        check_step(stage, step)


def test_each_stage_has_a_status_that_the_guide_allows_and_ends_only_where_nothing_follows() -> None:
    assert set(STATUS) == set(STEPS) == set(Stage)
    assert set(STATUS.values()) == {"ready", "in-progress", "cancelled", "completed"}
    assert {stage for stage in Stage if is_open(stage)} == {
        stage for stage, status in STATUS.items() if status in ("ready", "in-progress")
    }


def test_sixty_days_are_counted_from_when_it_came() -> None:
    assert due_at({"authoredOn": "2026-09-12T08:00:00.000Z"}) == datetime(2026, 11, 11, 8, tzinfo=UTC)


ASKED = {"authoredOn": "2026-09-12T08:00:00.000Z"}  # to be decided until 2026-11-11


@pytest.mark.parametrize(
    ("until", "due"),
    [
        (date(2026, 11, 12), datetime(2026, 11, 12, 23, 59, 59, tzinfo=UTC)),
        (date(2026, 12, 10), datetime(2026, 12, 10, 23, 59, 59, tzinfo=UTC)),
        (date(2026, 12, 11), datetime(2026, 12, 11, 8, tzinfo=UTC)),  # thirty days to the minute
    ],
)
def test_thirty_days_more_are_the_most(until: date, due: datetime) -> None:
    extended = letters.extended(ASKED, extended_to(ASKED, until, AT))
    assert (due_at(extended), is_extended(extended), is_extended(ASKED)) == (due, True, False)


@pytest.mark.parametrize("until", [date(2026, 12, 12), date(2027, 11, 12), date(2026, 11, 11), date(2026, 9, 1)])
def test_a_day_that_is_too_late_or_no_later_is_told_by_its_place(until: date) -> None:
    with pytest.raises(Unprocessable) as refusal:
        extended_to(ASKED, until, AT)
    assert [issue.expression for issue in refusal.value.issues] == ["until"]


def test_it_is_extended_once_and_within_its_sixty_days() -> None:
    extended = letters.extended(ASKED, extended_to(ASKED, date(2026, 11, 20), AT))
    for task, now in ((extended, AT), (ASKED, datetime(2026, 11, 11, 8, 0, 1, tzinfo=UTC))):
        with pytest.raises(Conflict):
            extended_to(task, date(2026, 12, 1), now)


def test_values_are_put_right_at_their_places_with_a_note_of_why() -> None:
    made = upheld(GOAL, Remedy({"target[0].dueDate": "2026-12-01"}), "Too early.", BY, AT)
    assert made["target"] == [{"dueDate": "2026-12-01"}]
    assert made["note"][0]["text"] == "Too early."
    assert "2026-12-01" in made["text"]["div"]
    assert GOAL["target"] == [{"dueDate": "2026-10-01"}]


@pytest.mark.parametrize(
    ("item", "element", "value"),
    [
        ({"resourceType": "Observation", "id": "o", "status": "final"}, "status", "entered-in-error"),
        (GOAL, "lifecycleStatus", "entered-in-error"),
        ({"resourceType": "DocumentReference", "id": "d", "docStatus": "final"}, "docStatus", "entered-in-error"),
    ],
)
def test_what_was_wrong_altogether_says_so_in_its_types_own_word(
    item: dict[str, Any], element: str, value: str
) -> None:
    assert upheld(item, Remedy(is_error=True), "Not hers.", BY, AT)[element] == value


def test_a_condition_in_error_has_no_clinical_status() -> None:
    made = upheld(CONDITION, Remedy(is_error=True), "Not hers.", BY, AT)
    assert "clinicalStatus" not in made
    assert made["verificationStatus"]["coding"][0]["code"] == "entered-in-error"


@pytest.mark.parametrize(
    ("remedy", "place"),
    [
        (Remedy(), "set"),
        (Remedy({"description.text": "x"}, is_error=True), "set"),
        (Remedy({"lifecycleStatus": "completed"}), "set[0]"),
        (Remedy({"target[0].dueDate": "soon"}), "set[0]"),
        (Remedy({"target[7].dueDate": "2026-12-01"}), "set[0]"),
        (Remedy(addendum="More."), "addendum"),
    ],
)
def test_what_cannot_be_done_is_told_by_its_place(remedy: Remedy, place: str) -> None:
    assert [issue.expression for issue in faults(GOAL, remedy)] == [place]


def test_a_patients_own_data_cannot_be_marked_as_entered_in_error() -> None:
    patient = {"resourceType": "Patient", "id": "p"}
    assert [issue.expression for issue in faults(patient, Remedy(is_error=True))] == ["enteredInError"]
