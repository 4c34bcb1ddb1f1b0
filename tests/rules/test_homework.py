"""The life of homework as a table: https://hl7.org/fhir/R4/task.html#statemachine"""

from __future__ import annotations

from itertools import product

import pytest

from gateway.rules.homework import STEPS, faults, is_over, may_step, progressed

TASK = {
    "resourceType": "Task",
    "status": "in-progress",
    "intent": "order",
    "description": "A diary",
    "lastModified": "2026-09-02T08:00:00Z",
    "note": [{"text": "First."}],
}
NOW = "2026-09-03T08:00:00.000Z"
STATUSES = (*STEPS, "completed", "failed", "cancelled", "rejected", "draft", "entered-in-error")


def test_every_status_is_reached_and_what_is_over_stays_over() -> None:
    reached = {"requested"}
    while more := {to for status in reached for to in STEPS.get(status, ())} - reached:
        reached |= more
    assert reached == {*STEPS, "completed", "failed", "cancelled", "rejected"}
    assert all(is_over(status) is (status not in STEPS) for status in STATUSES)
    assert all("cancelled" in steps for steps in STEPS.values())


@pytest.mark.parametrize(("before", "to"), product(STATUSES, STATUSES))
def test_a_status_follows_another_as_the_table_has_it(before: str, to: str) -> None:
    found = [issue.expression for issue in faults(TASK | {"status": before}, TASK | {"status": to}, ())]
    assert found == ([] if before == to or may_step(before, to) else ["Task.status"])


def test_what_is_not_told_of_is_kept_and_the_time_moves_only_with_a_change() -> None:
    assert progressed(TASK, TASK, NOW) == TASK
    moved = progressed(TASK, {**TASK, "status": "completed", "description": "Nothing"}, NOW)
    assert (moved["description"], moved["status"], moved["lastModified"]) == ("A diary", "completed", NOW)


def test_a_list_grows_at_its_end_only() -> None:
    more = {**TASK, "note": [{"text": "First."}, {"text": "Second."}]}
    assert faults(TASK, more, ()) == []
    for notes in ([], [{"text": "Second."}, {"text": "First."}]):
        assert [issue.expression for issue in faults(TASK, {**TASK, "note": notes}, ())] == ["Task.note"]
