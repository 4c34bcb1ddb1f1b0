"""What a submission of every type becomes: drafts with all that the gateway gives, valid by the profiles they claim."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import Unprocessable
from gateway.usecases import drafts, review
from tests.every_type import APP, FULL, sent
from tests.world import World

Json = dict[str, Any]
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def codes(resource: Json) -> set[str]:
    return {each["code"] for each in resource["meta"]["security"]}


def drafted(world: World, **products: Any) -> tuple[str, list[Json]]:
    id = world.draft_of(sent(world, **products))
    return id, list(drafts.view(world.services, world.reviewer, id).revision.resources)


def approved(world: World, **products: Any) -> list[Json]:
    id = world.draft_of(sent(world, **products))
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    return world.published()


def one(resources: list[Json], type: str, index: int = 0) -> Json:
    return [each for each in resources if each["resourceType"] == type][index]


UNSETTLED = {
    "Composition": ("status", "preliminary", "final"),
    "CarePlan": ("status", "draft", "active"),
    "Goal": ("lifecycleStatus", "proposed", "active"),
    "CareTeam": ("status", "proposed", "active"),
    "Task": ("status", "draft", "requested"),
    "QuestionnaireResponse": ("status", "in-progress", "completed"),
    "Observation": ("status", "preliminary", "final"),
    "RiskAssessment": ("status", "preliminary", "final"),
    "Communication": ("status", "preparation", "completed"),
    "DocumentReference": ("docStatus", "preliminary", "final"),
}


def test_each_type_is_unsettled_in_the_draft_and_settled_by_its_approval(world: World) -> None:
    id, before = drafted(world)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    for type, (element, draft, final) in UNSETTLED.items():
        assert {each[element] for each in before if each["resourceType"] == type} == {draft}
        assert {each[element] for each in world.published() if each["resourceType"] == type} == {final}


def test_approval_publishes_all_of_a_draft_at_once_with_a_provenance_for_each(world: World) -> None:
    made = approved(world)
    content = [each for each in made if each["resourceType"] != "Provenance"]
    whole = [
        target["reference"]
        for each in made
        if each["resourceType"] == "Provenance"
        for target in each["target"]
        if "extension" not in target
    ]
    assert sorted(whole) == sorted(f"{each['resourceType']}/{each['id']}/_history/1" for each in content)
    assert {each["resourceType"] for each in content} == set(UNSETTLED)


def test_local_names_lead_to_what_they_mean_in_drafts_and_in_the_record(world: World) -> None:
    id, before = drafted(world)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    for resources in (before, world.published()):
        plan, task = one(resources, "CarePlan"), one(resources, "Task")
        assert plan["activity"] == [{"reference": {"reference": f"Task/{task['id']}"}}]
        assert plan["goal"] == [{"reference": f"Goal/{one(resources, 'Goal')['id']}"}]
        assert task["basedOn"] == [{"reference": f"CarePlan/{plan['id']}"}]
        assert "local:" not in json.dumps(resources)
    members = [each["member"]["reference"] for each in one(before, "CareTeam")["participant"]]
    assert members == [f"Organization/{world.clinic}", f"Patient/{world.patient}"]


def test_what_is_published_has_other_ids_than_the_draft(world: World) -> None:
    id, before = drafted(world)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    assert not {each["id"] for each in before} & {each["id"] for each in world.published()}


@pytest.mark.parametrize(
    ("type", "index", "profile"),
    [
        ("CarePlan", 0, "careplan"),
        ("Goal", 0, "goal"),
        ("CareTeam", 0, "careteam"),
        ("QuestionnaireResponse", 0, "questionnaireresponse"),
        ("Observation", 0, "observation-screening-assessment"),
        ("Observation", 1, "simple-observation"),
        ("DocumentReference", 1, "documentreference"),
    ],
)
def test_each_claims_the_profile_of_its_kind(world: World, type: str, index: int, profile: str) -> None:
    resource = one(drafted(world)[1], type, index)
    assert resource["meta"]["profile"] == [US_CORE + profile]
    assert resource["text"]["status"] == "generated"


def test_what_a_patient_wrote_is_never_labelled_as_a_machines(world: World) -> None:
    id, before = drafted(world)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    for resources in (before, world.published()):
        theirs = [
            one(resources, "QuestionnaireResponse"),
            one(resources, "Goal"),
            one(resources, "DocumentReference", 1),
        ]
        for resource in (*theirs, one(resources, "Observation")):
            assert "PATAST" in codes(resource)
            assert not {"AIAST", "CLINAST", "HUAPRV"} & codes(resource)
            assert "AIAST" not in json.dumps(resource)


def test_where_only_a_part_is_the_machines_the_part_says_so(world: World) -> None:
    for resources in (drafted(world)[1], approved(world, mood=FULL["mood"])):
        mood = next(each for each in resources if each.get("code", {}).get("text") == "Mood")
        assert {"PATAST", "AIAST", "PROCESSINLINELABEL"} <= codes(mood)
        assert "CLINAST" not in codes(mood)
        [label] = mood["component"][0]["extension"]
        assert label["valueCoding"]["code"] == "AIAST"


def test_a_machines_part_of_a_patients_entry_waits_for_approval_as_one(world: World) -> None:
    mood = next(each for each in drafted(world)[1] if each.get("code", {}).get("text") == "Mood")
    assert {"HUAPRV", "DRAFTMark"} <= codes(mood)


def test_what_a_machine_wrote_keeps_its_label_and_gains_the_clinicians(world: World) -> None:
    id, before = drafted(world)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    for type in ("CarePlan", "CareTeam", "Task", "RiskAssessment", "Communication"):
        assert {"AIAST", "HUAPRV", "DRAFTMark"} <= codes(one(before, type))
        assert "CLINAST" not in codes(one(before, type))
        assert {"AIAST", "CLINAST"} <= codes(one(world.published(), type))
        assert not {"HUAPRV", "DRAFTMark"} & codes(one(world.published(), type))


def test_a_note_of_three_voices_says_whose_each_sentence_is(world: World) -> None:
    note = one(drafted(world)[1], "Composition")
    said = [
        [each["valueCoding"]["code"] for each in sentence["extension"]] for sentence in note["section"][0]["section"]
    ]
    assert said == [["AIAST"], ["PATAST"], ["CLINAST"]]


def test_people_are_named_by_what_each_did(world: World) -> None:
    made = approved(world)
    patient, grace = f"Patient/{world.patient}", f"Practitioner/{world.grace}"
    task, answers, fact = one(made, "Task"), one(made, "QuestionnaireResponse"), one(made, "Observation", 3)
    assert (task["for"]["reference"], task["owner"]["reference"], task["requester"]["reference"]) == (
        patient,
        patient,
        grace,
    )
    assert answers["source"]["reference"] == patient
    assert answers["author"]["reference"].startswith("Device/")
    assert one(made, "Observation")["performer"] == [{"reference": patient}]
    assert fact["performer"] == [{"reference": f"Organization/{world.clinic}"}]
    assert one(made, "Goal")["expressedBy"]["reference"] == patient
    assert one(made, "RiskAssessment")["performer"]["reference"].startswith("Device/")
    assert "performer" not in one(made, "Observation", 2)
    assert one(made, "Observation", 2)["device"]["reference"] != answers["author"]["reference"]


def test_a_patients_diary_is_answered_for_by_nobody_else(world: World) -> None:
    diary = one(approved(world, diary="I stayed at home."), "DocumentReference")
    assert diary["author"] == [{"reference": f"Patient/{world.patient}"}]
    assert "authenticator" not in diary


def agents(made: list[Json], target: str) -> dict[str, str]:
    told = next(
        each
        for each in made
        if each["resourceType"] == "Provenance" and each["target"][0]["reference"].startswith(target)
    )
    return {each["type"]["coding"][0]["code"]: each["who"]["reference"].split("/")[0] for each in told["agent"]}


def test_provenance_tells_the_patient_the_app_and_who_verified(world: World) -> None:
    made = approved(world)
    assert agents(made, "Goal/") == {"author": "Patient", "assembler": "Device", "verifier": "Practitioner"}
    assert agents(made, "CarePlan/") == {"author": "Device", "verifier": "Practitioner"}
    goal = next(
        each
        for each in made
        if each["resourceType"] == "Provenance" and each["target"][0]["reference"].startswith("Goal/")
    )
    assert "AIAST" not in json.dumps(goal)
    assert goal["meta"]["profile"] == [US_CORE + "provenance"]


def test_a_document_takes_along_the_plan_its_note_speaks_of_but_no_estimate_of_risk(world: World) -> None:
    import base64

    index = one(approved(world), "DocumentReference")
    bundle = json.loads(base64.b64decode(index["content"][1]["attachment"]["data"]))
    types = {each["resource"]["resourceType"] for each in bundle["entry"]}
    assert {"CarePlan", "Goal", "CareTeam", "Task"} <= types
    assert "RiskAssessment" not in types


def test_an_app_that_is_no_ai_needs_no_model_and_no_permission_for_ai(world: World) -> None:
    context = {key: value for key, value in world.context(source=APP).items() if key not in _OF_MODELS}
    receipt = sent(world, context, answer="Well", score=3)
    [first, second] = drafts.view(world.services, world.reviewer, world.draft_of(receipt)).entries
    assert [first.labels, second.labels] == [("R", "MH", "PATAST")] * 2


def test_without_a_model_nothing_of_a_machine_comes_in(world: World) -> None:
    context = {key: value for key, value in world.context(source=APP).items() if key not in _OF_MODELS}
    with pytest.raises(Unprocessable) as refused:
        sent(world, context, answer="Well", theme="Avoids the bus")
    assert [(each.expression, each.code) for each in refused.value.issues] == [("context.model", "required")]


def test_neither_model_nor_app_is_told_by_its_place(world: World) -> None:
    context = {key: value for key, value in world.context().items() if key not in _OF_MODELS}
    with pytest.raises(Unprocessable) as refused:
        sent(world, context, answer="Well")
    assert [each.expression for each in refused.value.issues] == ["context.model"]


def test_a_submission_without_a_session_is_one_by_itself(world: World) -> None:
    context = {key: value for key, value in world.context(source=APP).items() if key != "session"}
    first, second = (
        drafts.view(world.services, world.reviewer, world.draft_of(sent(world, context, answer=text)))
        for text in ("Well", "Not so well")
    )
    assert first.draft.session_id != second.draft.session_id
    assert first.dossier.basis.start.endswith("Z")


def test_a_draft_without_a_note_is_called_by_what_it_holds(world: World) -> None:
    view = drafts.view(world.services, world.reviewer, drafted(world, plan=FULL["plan"], risk="low")[0])
    assert view.draft.title == "Care plan, goal, care team, task, risk estimate"
    assert view.sections == {}


_OF_MODELS = {"model", "modelCard", "prompt"}
