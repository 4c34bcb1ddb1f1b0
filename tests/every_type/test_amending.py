"""What a clinician may make of entries: words, numbers and dates; entries taken out and put back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import Unprocessable
from gateway.rules.entry_amending import WantedEntry
from gateway.rules.evidence import Origin, Wanted
from gateway.usecases import drafts, review
from gateway.usecases.drafts import View
from gateway.usecases.lineage import lineage
from gateway.usecases.reviewed_entries import ReviewedEntry
from tests.every_type import FULL, sent
from tests.world import World

Json = dict[str, Any]


@pytest.fixture
def id(world: World) -> str:
    return world.draft_of(sent(world))


def view(world: World, id: str) -> View:
    return drafts.view(world.services, world.reviewer, id)


def amended(world: World, id: str, *wanted: WantedEntry, note: list[Wanted] | None = None) -> View:
    digest = view(world, id).draft.digest
    review.amendment(world.services, world.reviewer, id, digest, note, entries=wanted)
    return view(world, id)


def entry(seen: View, type: str, index: int = 0) -> ReviewedEntry:
    return [each for each in seen.entries if each.entry.type == type][index]


def id_of(seen: View, type: str, index: int = 0) -> str:
    return entry(seen, type, index).entry.id


def approved(world: World, id: str) -> list[Json]:
    review.approve(world.services, world.reviewer, id, view(world, id).draft.digest)
    return world.published()


def test_words_and_dates_can_be_set_and_are_then_of_both(world: World, id: str) -> None:
    task = id_of(view(world, id), "Task")
    changes = {"description": "Ride two stops", "restriction.period.end": "2026-12-24"}
    found = entry(amended(world, id, WantedEntry(task, changes)), "Task")
    assert found.entry.origin is Origin.REVISION
    assert found.entry.by == world.grace
    assert found.resource["restriction"]["period"]["end"] == "2026-12-24"
    assert {"AIAST", "CLINAST"} <= set(found.labels)
    assert "Ride two stops" in found.resource["text"]["div"]


def test_a_number_is_set_as_it_is_written(world: World) -> None:
    id = world.draft_of(sent(world, plan={key: value for key, value in FULL["plan"].items() if key != "goalBy"}))
    goal = id_of(view(world, id), "Goal")
    changed = amended(world, id, WantedEntry(goal, {"target[0].detailQuantity.value": Decimal("4.50")}))
    assert str(entry(changed, "Goal").resource["target"][0]["detailQuantity"]["value"]) == "4.50"


def test_each_change_of_an_entry_is_told_by_its_place(world: World, id: str) -> None:
    task = id_of(view(world, id), "Task")
    [edit] = amended(world, id, WantedEntry(task, {"description": "Ride two stops"})).edits
    assert [(each.statement, each.field, each.after) for each in edit.changes] == [
        (task, "description", "Ride two stops")
    ]


def test_an_entry_keeps_its_id_over_revisions_and_the_machines_words_stay(world: World, id: str) -> None:
    first = view(world, id)
    task = entry(first, "Task")
    latter = entry(amended(world, id, WantedEntry(task.entry.id, {"description": "Ride two stops"})), "Task")
    assert latter.resource["id"] == task.resource["id"]
    [said] = [each for each in latter.said if each.leaf.path == "description"]
    assert said.came_as == task.resource["description"]


def test_words_put_back_are_the_machines_again(world: World, id: str) -> None:
    task = entry(view(world, id), "Task")
    amended(world, id, WantedEntry(task.entry.id, {"description": "Ride two stops"}))
    again = amended(world, id, WantedEntry(task.entry.id, {"description": task.resource["description"]}))
    assert entry(again, "Task").entry.origin is Origin.MACHINE


def test_a_revision_is_assembled_by_the_machine_and_written_by_her(world: World, id: str) -> None:
    task = id_of(view(world, id), "Task")
    amended(world, id, WantedEntry(task, {"description": "Ride two stops"}))
    told = next(
        each
        for each in approved(world, id)
        if each["resourceType"] == "Provenance" and each["target"][0]["reference"].startswith("Task/")
    )
    kinds = [(each["type"]["coding"][0]["code"], each["who"]["reference"].split("/")[0]) for each in told["agent"]]
    assert kinds == [("assembler", "Device"), ("author", "Practitioner"), ("verifier", "Practitioner")]
    assert told["entity"][0]["role"] == "revision"


def test_what_is_taken_out_is_not_published_and_nothing_refers_to_it(world: World, id: str) -> None:
    seen = view(world, id)
    out = [WantedEntry(id_of(seen, type), remove=True) for type in ("Task", "Goal")]
    left = amended(world, id, *out)
    assert {each.type for each in left.removed} == {"Task", "Goal"}
    made = approved(world, id)
    plan = next(each for each in made if each["resourceType"] == "CarePlan")
    assert not {"activity", "goal"} & plan.keys()
    assert not [each for each in made if each["resourceType"] in ("Task", "Goal")]


def test_what_was_taken_out_can_be_put_back(world: World, id: str) -> None:
    task = id_of(view(world, id), "Task")
    amended(world, id, WantedEntry(task, remove=True))
    back = amended(world, id, WantedEntry(task))
    assert entry(back, "Task").entry.origin is Origin.MACHINE
    assert "activity" in entry(back, "CarePlan").resource


@pytest.mark.parametrize(
    ("type", "index", "path", "value"),
    [
        ("Goal", 0, "description.text", "Other words"),  # the patient's
        ("QuestionnaireResponse", 0, "item[0].answer[0].valueString", "Bad"),  # the patient's
        ("Observation", 0, "valueQuantity.value", Decimal(3)),  # the patient's
        ("DocumentReference", 0, "content[0].attachment.data", "eA=="),
        ("RiskAssessment", 0, "prediction[0].qualitativeRisk.coding[0].code", "high"),
        ("Task", 0, "status", "completed"),
        ("Task", 0, "basedOn[0].reference", "CarePlan/1"),
        ("Task", 0, "nothing", "there"),
        ("Task", 0, "", "there"),
        ("Task", 0, "a..b[", "there"),
    ],
)
def test_nothing_else_can_be_set(world: World, id: str, type: str, index: int, path: str, value: Any) -> None:
    seen = view(world, id)
    with pytest.raises(Unprocessable) as refused:
        amended(world, id, WantedEntry(id_of(seen, type, index), {path: value}))
    assert [(each.expression, each.code) for each in refused.value.issues] == [("entries[0].set[0]", "not-supported")]


@pytest.mark.parametrize(
    ("path", "value"),
    [("description", ""), ("description", 7), ("restriction.period.end", "soon"), ("description", "x" * 20_001)],
)
def test_a_value_must_be_of_its_kind(world: World, id: str, path: str, value: Any) -> None:
    seen = view(world, id)
    with pytest.raises(Unprocessable) as refused:
        amended(world, id, WantedEntry(id_of(seen, "Task"), {path: value}))
    assert [each.expression for each in refused.value.issues] == ["entries[0].set[0]"]
    assert str(value) not in str(refused.value.issues) or not value


def test_a_machines_part_of_a_patients_entry_can_be_changed_and_the_rest_stays_the_patients(
    world: World, id: str
) -> None:
    mood = id_of(view(world, id), "Observation", 1)
    found = entry(
        amended(world, id, WantedEntry(mood, {"component[0].valueCodeableConcept.text": "Rest"})), "Observation", 1
    )
    assert found.entry.origin is Origin.PATIENT
    assert [part.origin for part in found.entry.parts] == [Origin.REVISION]
    assert {"PATAST", "AIAST"} <= set(found.labels)
    labels = [each["valueCoding"]["code"] for each in found.resource["component"][0]["extension"]]
    assert labels == ["AIAST", "CLINAST"]


def test_a_clinicians_fact_changed_stays_a_persons(world: World, id: str) -> None:
    fact = id_of(view(world, id), "Observation", 3)
    found = entry(amended(world, id, WantedEntry(fact, {"valueString": "Hands steady"})), "Observation", 3)
    assert found.entry.origin is Origin.HUMAN
    assert found.resource["performer"] == [{"reference": f"Practitioner/{world.grace}"}]


def test_a_patients_words_in_a_note_are_kept_or_taken_out(world: World, id: str) -> None:
    statements = [each.statement for each in view(world, id).sentences]
    changed = [Wanted(f"{each.text} Indeed.", each.section, each.id) for each in statements]
    with pytest.raises(Unprocessable) as refused:
        amended(world, id, note=changed)
    assert [each.expression for each in refused.value.issues] == ["statements[1].text"]
    left = amended(world, id, note=[changed[0], changed[2]])
    assert [each.statement.origin for each in left.sentences] == [Origin.REVISION, Origin.HUMAN]


def test_entries_can_change_while_the_note_stays_as_it_is(world: World, id: str) -> None:
    task = id_of(view(world, id), "Task")
    found = amended(world, id, WantedEntry(task, {"description": "Ride two stops"}))
    assert found.revision.editors == ()
    assert len(found.sentences) == 3


def test_a_draft_keeps_something(world: World) -> None:
    id = world.draft_of(sent(world, theme="Avoids the bus"))
    with pytest.raises(Unprocessable) as refused:
        amended(world, id, WantedEntry("e1", remove=True))
    assert [each.expression for each in refused.value.issues] == ["entries"]


def test_an_entry_that_is_not_there_or_named_twice_is_told(world: World, id: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        amended(world, id, WantedEntry("e99"), WantedEntry("e1", remove=True), WantedEntry("e1"))
    assert [each.code for each in refused.value.issues] == ["not-found", "duplicate"]


def test_any_change_of_an_entry_voids_what_was_read(world: World, id: str) -> None:
    before = view(world, id)
    after = amended(world, id, WantedEntry(id_of(before, "Task"), {"description": "Ride two stops"}))
    assert after.draft.digest != before.draft.digest


def test_lineage_of_an_entry_leads_to_its_evidence_and_its_editor(world: World, id: str) -> None:
    seen = view(world, id)
    amended(world, id, WantedEntry(id_of(seen, "Task"), {"description": "Ride two stops"}))
    goal = next(each for each in approved(world, id) if each["resourceType"] == "Goal")
    found = lineage(world.services, world.scribe, "Goal", goal["id"])
    by_type = {each.resource.split("/")[0]: each for each in found.entries}
    assert by_type["Goal"].resource == f"Goal/{goal['id']}"
    assert [each.segment_id for each in by_type["Goal"].evidence] == ["a3"]
    assert by_type["Task"].written_by == f"Practitioner/{world.grace}"
    mood = next(each for each in found.entries if each.parts)
    assert [(part.path, part.origin) for part in mood.parts] == [("component[0]", Origin.MACHINE)]
    assert json.dumps([each.headline for each in found.entries])
