"""The life of homework as a table: https://hl7.org/fhir/R4/task.html#statemachine"""

from __future__ import annotations

from itertools import product

import pytest

from gateway.rules.homework import STEPS, faults, is_over, may_step, progressed, told_by, way, with_results

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


@pytest.mark.parametrize(("before", "to"), list(product(STATUSES, STATUSES)))
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


@pytest.mark.parametrize(
    ("status", "to", "passed"),
    [
        ("requested", "accepted", ("accepted",)),
        ("requested", "completed", ("accepted", "in-progress", "completed")),
        ("received", "failed", ("accepted", "in-progress", "failed")),
        ("on-hold", "completed", ("completed",)),
        ("accepted", "rejected", ()),
        ("completed", "completed", ()),
        ("draft", "accepted", ()),
    ],
)
def test_the_way_to_a_status_is_the_shortest_that_the_table_has(status: str, to: str, passed: tuple[str, ...]) -> None:
    assert way(status, to) == passed


@pytest.mark.parametrize(("status", "to"), list(product(STATUSES, STATUSES)))
def test_no_way_leaves_the_table(status: str, to: str) -> None:
    passed = way(status, to)
    assert all(may_step(before, after) for before, after in zip((status, *passed), passed, strict=False))
    assert passed == () or passed[-1] == to


def test_what_a_patient_says_is_when_it_began_when_it_ended_and_her_words() -> None:
    begun = told_by("sam", {**TASK, "status": "accepted"}, "in-progress", "", NOW)
    assert begun["executionPeriod"] == {"start": NOW}
    assert begun["note"] == TASK["note"]
    later = "2026-09-04T08:00:00.000Z"
    ended = told_by("sam", begun, "completed", "It was good.", later)
    assert ended["executionPeriod"] == {"start": NOW, "end": later}
    own = {"authorReference": {"reference": "Patient/sam"}, "time": later, "text": "It was good."}
    assert ended["note"] == [{"text": "First."}, own]
    assert told_by("sam", {**begun, "status": "on-hold"}, "in-progress", "", later)["executionPeriod"] == {"start": NOW}
    assert told_by("sam", TASK, None, "", NOW) == TASK


def test_a_plan_names_each_result_once_and_only_where_the_task_is_its_activity() -> None:
    results = [{"valueReference": {"reference": each}} for each in ("Observation/a", "Observation/b", "Observation/a")]
    task = {**TASK, "output": [*results, {"valueString": "Well."}]}
    other = {"detail": {"status": "not-started"}}
    plan = {"title": "Sleep", "activity": [{"reference": {"reference": "Task/t"}}, other]}
    named = with_results(plan, "Task/t", task)
    outcomes = [{"reference": "Observation/a"}, {"reference": "Observation/b"}]
    assert named == {**plan, "activity": [{"reference": {"reference": "Task/t"}, "outcomeReference": outcomes}, other]}
    assert with_results(named, "Task/t", task) == named
    assert with_results(plan, "Task/another", task) == plan
    assert with_results({"title": "Sleep"}, "Task/t", task) == {"title": "Sleep"}
