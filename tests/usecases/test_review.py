"""The clinician's steps: each bound to what she read, none overwriting what the machine wrote."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Refusal, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.labels import PART_2, RESTRICTED, VERY_RESTRICTED, label
from gateway.rules.audit import Act
from gateway.rules.codes import instant
from gateway.rules.evidence import Wanted
from gateway.rules.review import State, sight_of
from gateway.store import drafts as stored_drafts
from gateway.store import resources
from gateway.usecases import drafts, replay, review
from tests.world import World

LABELS = {"R", "MH", "AIAST", "CLINAST"}


def codes(resource: dict[str, Any]) -> set[str]:
    return {label["code"] for label in resource["meta"]["security"]}


def inline(element: dict[str, Any]) -> list[str]:
    return [extension["valueCoding"]["code"] for extension in element.get("extension", ())]


def draft_of(world: World) -> tuple[str, str]:
    id = world.draft_of(world.submitted())
    return id, drafts.view(world.services, world.reviewer, id).draft.digest


def wanted_of(world: World, id: str) -> list[Wanted]:
    view = drafts.view(world.services, world.reviewer, id)
    return [Wanted(each.statement.text, each.statement.section, each.statement.id) for each in view.sentences]


def amended(world: World, id: str, digest: str) -> str:
    """Her version: the first sentence untouched, the second changed, the third gone, one of her own in its place."""
    first, second, third = wanted_of(world, id)
    changed = Wanted("Avoids the train.", second.section, second.id)
    own = Wanted("Agreed to call the helpline if needed.", third.section)
    return review.amendment(world.services, world.reviewer, id, digest, [first, changed, own]).digest


def of_type(world: World, kind: str) -> list[dict[str, Any]]:
    return [item for item in world.published() if item["resourceType"] == kind]


def provenance_of(world: World, element: str) -> dict[str, Any]:
    [found] = [
        item
        for item in of_type(world, "Provenance")
        if item["target"][0].get("extension", [{}])[0].get("valueUri") == element
    ]
    return found


def agents(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (agent["type"]["coding"][0]["code"], agent["who"]["reference"].partition("/")[0])
        for agent in provenance["agent"]
    ]


def test_the_inbox_shows_the_drafts_of_the_own_organization_only(world: World) -> None:
    id, _ = draft_of(world)
    assert [each.draft.id for each in drafts.inbox(world.services, world.reviewer)] == [id]
    outsider = world.asked(organization=world.other, person=world.ann)
    assert drafts.inbox(world.services, outsider) == []


def test_a_draft_shows_each_sentence_beside_its_transcript_lines(world: World) -> None:
    id, _ = draft_of(world)
    view = drafts.view(world.services, world.reviewer, id)
    said = [[line.segment.text for line in each.lines if line.segment] for each in view.sentences]
    assert said == [["Spoken words of a1."], ["Spoken words of a2.", "Spoken words of a3."], ["Spoken words of a4."]]
    assert (view.patient, view.model) == ("Sam Rivers", "Scribe 2.3.1")


def test_a_draft_of_another_organization_is_as_absent_as_none(world: World) -> None:
    id, digest = draft_of(world)
    outsider = world.asked(organization=world.other, person=world.ann)
    for absent in (id, "nothing"):
        with pytest.raises(NotFound):
            drafts.view(world.services, outsider, absent)
        with pytest.raises(NotFound):
            review.approve(world.services, outsider, absent, digest)


def test_only_a_person_reviews(world: World) -> None:
    id, digest = draft_of(world)
    with pytest.raises(Forbidden):
        drafts.view(world.services, world.scribe, id)
    with pytest.raises(Forbidden):
        review.approve(world.services, world.scribe, id, digest)


def test_a_purpose_that_does_not_open_the_record_cannot_approve(world: World) -> None:
    id, digest = draft_of(world)
    researcher = replace(world.reviewer, caller=replace(world.reviewer.caller, purpose="HRESCH"))
    with pytest.raises(Forbidden):
        review.approve(world.services, researcher, id, digest)
    assert world.published() == []


def test_approval_publishes_the_document_with_all_its_provenance(world: World) -> None:
    id, digest = draft_of(world)
    done = review.approve(world.services, world.reviewer, id, digest)
    kinds = [item["resourceType"] for item in world.published()]
    assert kinds == ["Composition", "DocumentReference"] + ["Provenance"] * 5
    assert sorted(done.published) == sorted(f"{item['resourceType']}/{item['id']}" for item in world.published())
    [entry] = of_type(world, "DocumentReference")
    [composition] = of_type(world, "Composition")
    assert (entry["docStatus"], composition["status"]) == ("final", "final")
    assert codes(entry) == codes(composition) == LABELS
    assert {item["target"][0]["reference"] for item in of_type(world, "Provenance")} == {
        f"{item['resourceType']}/{item['id']}/_history/1" for item in (entry, composition)
    }


def test_who_approves_without_a_change_verifies_and_is_no_author(world: World) -> None:
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, digest)
    [entry] = of_type(world, "DocumentReference")
    [composition] = of_type(world, "Composition")
    grace = {"reference": f"Practitioner/{world.grace}"}
    assert [author["reference"].partition("/")[0] for author in composition["author"]] == ["Device"]
    assert entry["author"] == composition["author"]
    assert entry["authenticator"] == composition["attester"][0]["party"] == grace
    for provenance in of_type(world, "Provenance"):
        assert agents(provenance) == [("author", "Device"), ("verifier", "Practitioner")]
        assert all("onBehalfOf" in agent for agent in provenance["agent"])
        assert provenance["activity"]["coding"][0]["code"] == "LA"


def test_the_same_model_version_is_one_device_and_another_version_another(world: World) -> None:
    for session, version in (("s-1", "2.3.1"), ("s-2", "2.3.1"), ("s-3", "2.4.0")):
        context = world.context(session=session)
        context["model"] = context["model"] | {"version": version}
        id = world.draft_of(world.submitted(context=context))
        digest = drafts.view(world.services, world.reviewer, id).draft.digest
        review.approve(world.services, world.reviewer, id, digest)
    with world.services.database.read() as db:
        rows = db.connection.exec_driver_sql("SELECT version FROM resource WHERE type = 'Device'").all()
    assert [row[0] for row in rows] == [1, 1]


def test_the_published_ids_tell_nothing_of_the_draft(world: World) -> None:
    id, digest = draft_of(world)
    with world.services.database.read() as db:
        _, revisions = stored_drafts.history(db, sight_of(world.reviewer.caller), id)
    before = {item["id"] for item in revisions[0][1].resources}
    review.approve(world.services, world.reviewer, id, digest)
    text = json.dumps(world.published())
    assert not any(draft_id in text for draft_id in (*before, id))


def test_a_draft_is_labelled_as_one(world: World) -> None:
    id, _ = draft_of(world)
    resources = drafts.view(world.services, world.reviewer, id).revision.resources
    assert codes(resources[0]) == codes(resources[1]) == {"R", "MH", "AIAST", "HUAPRV", "DRAFTMark"}
    assert (resources[0]["status"], resources[1]["docStatus"]) == ("preliminary", "preliminary")
    assert all({"HUAPRV", "DRAFTMark", "R"} <= codes(resource) for resource in resources)


def test_the_document_resolves_every_reference_inside_itself(world: World) -> None:
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, amended(world, id, digest))
    [entry] = of_type(world, "DocumentReference")
    text, whole = (base64.b64decode(content["attachment"]["data"]) for content in entry["content"])
    document = parse(whole)
    assert check(document) == []
    inside = {item["fullUrl"].removeprefix("https://gateway.example/fhir/") for item in document["entry"]}
    assert references(document) <= inside
    assert document["entry"][0]["resource"]["resourceType"] == "Composition"
    assert "Avoids the train." in text.decode()
    assert "Edited by: Grace Okafor" in text.decode()


def test_nothing_more_restricted_than_the_document_comes_along_in_it(world: World) -> None:
    doctors = {"open": [RESTRICTED], "hidden": [VERY_RESTRICTED], "protected": [RESTRICTED, PART_2], "unlabelled": []}
    entry = world.scribe.entry(Act.REGISTER, None)
    with world.services.database.write() as writer:
        stored = resources.read(writer, world.scribe.visibility, "Patient", world.patient)
        assert stored is not None
        patient = parse(stored.text)
        patient["generalPractitioner"] = [{"reference": f"Practitioner/{id}"} for id in doctors]
        resources.publish(writer, entry, resources.New(patient, world.patient, world.clinic, "PUT"))
        for id, labels in doctors.items():
            doctor = label({"resourceType": "Practitioner", "id": id, "name": [{"family": id}]}, *labels)
            resources.publish(writer, entry, resources.New(doctor, None, world.clinic))
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, digest)
    [made] = of_type(world, "DocumentReference")
    document = parse(base64.b64decode(made["content"][1]["attachment"]["data"]))
    inside = {
        item["resource"]["id"] for item in document["entry"] if item["resource"]["resourceType"] == "Practitioner"
    }
    assert inside == {"open", world.grace}


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own.union(*map(references, value.values()))


def test_an_amendment_tells_the_machines_words_from_hers(world: World) -> None:
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, amended(world, id, digest))
    [composition] = of_type(world, "Composition")
    behaviour, plan = composition["section"]
    assert [inline(each) for each in behaviour["section"]] == [["AIAST"], ["AIAST", "CLINAST"]]
    assert [inline(each) for each in plan["section"]] == [["CLINAST"]]
    assert codes(composition) == LABELS | {"PROCESSINLINELABEL"}
    assert [author["reference"].partition("/")[0] for author in composition["author"]] == ["Device", "Practitioner"]


def test_each_sentence_of_an_amendment_has_the_provenance_it_deserves(world: World) -> None:
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, amended(world, id, digest))
    untouched, changed, own = (provenance_of(world, element) for element in ("s1", "s2", "r2-1"))
    assert agents(untouched) == [("author", "Device"), ("verifier", "Practitioner")]
    assert agents(changed) == [("assembler", "Device"), ("author", "Practitioner"), ("verifier", "Practitioner")]
    assert agents(own) == [("author", "Practitioner"), ("verifier", "Practitioner")]
    roles = [[entity["role"] for entity in provenance.get("entity", ())] for provenance in (untouched, changed, own)]
    given = ["derivation", "derivation"]
    assert roles == [[*given, "source"], ["revision", *given, "source", "source"], []]
    assert len(own["meta"]["profile"]) == 1
    assert "AIAST" not in json.dumps(own)
    assert "AIAST" in json.dumps(changed["reason"])


def test_the_machines_provenance_tells_when_it_wrote_and_when_that_was_approved(world: World) -> None:
    id, digest = draft_of(world)
    written = drafts.view(world.services, world.reviewer, id).draft.created_at
    digest = amended(world, id, digest)
    approval = replace(world.reviewer, at=written + timedelta(hours=2))
    review.approve(world.services, approval, id, digest)
    period = {"start": instant(written), "end": instant(approval.at)}
    own = provenance_of(world, "r2-1")
    machines = [each for each in of_type(world, "Provenance") if each["id"] != own["id"]]
    assert [each.get("occurredPeriod") for each in machines] == [period] * len(machines)
    assert not any("occurredDateTime" in each for each in machines)
    assert (own["occurredDateTime"], own.get("occurredPeriod")) == (period["end"], None)
    assert {each["recorded"] for each in (own, *machines)} == {period["end"]}


def test_a_drafts_provenance_tells_one_moment(world: World) -> None:
    id, _ = draft_of(world)
    view = drafts.view(world.services, world.reviewer, id)
    told = {(each["occurredDateTime"], each["recorded"]) for each in view.revision.resources if "recorded" in each}
    assert told == {(instant(view.draft.created_at),) * 2}


def test_no_provenance_quotes_the_transcript_or_refers_to_what_is_not_served(world: World) -> None:
    id, digest = draft_of(world)
    review.approve(world.services, world.reviewer, id, amended(world, id, digest))
    for provenance in of_type(world, "Provenance"):
        assert "Spoken" not in json.dumps(provenance)
        for entity in provenance.get("entity", ()):
            assert ("reference" in entity["what"]) is (entity["role"] == "derivation")
            if "identifier" in entity["what"]:
                assert entity["what"]["identifier"]["value"].startswith("urn:uuid:")


def test_the_machines_text_is_never_overwritten_and_every_edit_can_be_asked_for(world: World) -> None:
    id, digest = draft_of(world)
    amended(world, id, digest)
    view = drafts.view(world.services, world.reviewer, id)
    [edit] = view.edits
    assert [(change.statement, change.kind) for change in edit.changes] == [
        ("s2", "changed"),
        ("r2-1", "added"),
        ("s3", "removed"),
    ]
    assert (edit.changes[0].before, edit.changes[0].after) == ("Avoids the <train> & the bus.", "Avoids the train.")
    assert [statement.text for statement in view.dossier.statements][1] == "Avoids the <train> & the bus."
    assert world.rows("draft_revision") == 2


def test_words_put_back_as_the_machine_wrote_them_are_the_machines_again(world: World) -> None:
    id, digest = draft_of(world)
    original = wanted_of(world, id)
    digest = amended(world, id, digest)
    digest = review.amendment(world.services, world.reviewer, id, digest, original).digest
    review.approve(world.services, world.colleague, id, digest)
    [composition] = of_type(world, "Composition")
    assert codes(composition) == LABELS
    assert len(composition["author"]) == 1


def test_an_amendment_voids_what_was_read_before(world: World) -> None:
    id, digest = draft_of(world)
    newer = amended(world, id, digest)
    assert newer != digest
    with pytest.raises(PreconditionFailed):
        review.approve(world.services, world.reviewer, id, digest)
    assert world.published() == []


def test_every_fault_of_an_amendment_is_named_at_once(world: World) -> None:
    id, digest = draft_of(world)
    wanted = [Wanted(" ", "c1", "s1"), Wanted("x", "c9"), Wanted("x", "c1", "s9"), Wanted("a\x00", "c1", "s1")]
    with pytest.raises(Unprocessable) as caught:
        review.amendment(world.services, world.reviewer, id, digest, wanted)
    assert [issue.expression for issue in caught.value.issues] == [
        "statements[0].text",
        "statements[1].section",
        "statements[2].id",
        "statements[3].text",
        "statements[3].id",
    ]


def test_approving_again_has_no_effect_and_the_same_answer(world: World) -> None:
    id, digest = draft_of(world)
    first = review.approve(world.services, world.reviewer, id, digest)
    before = world.rows("resource")
    assert review.approve(world.services, world.reviewer, id, digest) == first
    assert world.rows("resource") == before
    assert world.audited("approve")[1:] == [("0", {"draft": id, "digest": digest, "repeated": True})]


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_clinicians_who_approve_at_once_one_wins(world: World, attempt: int) -> None:
    id, digest = draft_of(world)
    outcomes = race(
        lambda: review.approve(world.services, world.reviewer, id, digest),
        lambda: review.approve(world.services, world.colleague, id, digest),
    )
    assert sorted(isinstance(outcome, PreconditionFailed) for outcome in outcomes) == [False, True]
    assert len(of_type(world, "DocumentReference")) == 1


def test_the_same_approval_sent_twice_at_once_publishes_once(world: World) -> None:
    id, digest = draft_of(world)
    one, other = race(*[lambda: review.approve(world.services, world.reviewer, id, digest)] * 2)
    assert one.published == other.published
    assert ["repeated" in detail for _, detail in world.audited("approve")] == [False, True]
    assert len(of_type(world, "DocumentReference")) == 1


def test_an_approval_and_an_amendment_at_once_never_both_hold(world: World) -> None:
    id, digest = draft_of(world)
    wanted = wanted_of(world, id)[:2]
    outcomes = race(
        lambda: review.approve(world.services, world.reviewer, id, digest),
        lambda: review.amendment(world.services, world.colleague, id, digest, wanted),
    )
    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 1


def test_a_returned_draft_tells_its_producer_why_and_can_be_taken_up_again(world: World) -> None:
    receipt = world.submitted()
    id = world.draft_of(receipt)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.give_back(world.services, world.reviewer, id, digest, "Wrong session.")
    standing = replay.standing_of(world.services, world.scribe, receipt.submission_id)
    assert (standing.review, standing.reason) == ("returned", "Wrong session.")
    with pytest.raises(Conflict):
        review.approve(world.services, world.reviewer, id, digest)
    assert review.amendment(world.services, world.reviewer, id, digest, wanted_of(world, id)).state is State.PENDING


def test_a_rejected_draft_is_never_published(world: World) -> None:
    id, digest = draft_of(world)
    review.reject(world.services, world.reviewer, id, digest, "Not this patient.")
    with pytest.raises(Conflict):
        review.approve(world.services, world.reviewer, id, digest)
    with pytest.raises(Conflict):
        review.amendment(world.services, world.reviewer, id, digest, wanted_of(world, id)[:1])
    assert world.published() == []


def test_every_step_and_every_refusal_is_recorded(world: World) -> None:
    id, digest = draft_of(world)
    with pytest.raises(PreconditionFailed):
        review.approve(world.services, world.reviewer, id, "0" * 64)
    review.approve(world.services, world.reviewer, id, digest)
    with world.services.database.read() as db:
        rows = db.connection.exec_driver_sql(
            "SELECT outcome, practitioner_id, patient_id, detail FROM audit WHERE act = 'approve' ORDER BY pk"
        ).all()
    assert [(row[0], row[1]) for row in rows] == [("4", world.grace), ("0", world.grace)]
    assert rows[1][2] == world.patient
    assert json.loads(bytes(rows[1][3]))["digest"] == digest


@pytest.mark.parametrize("is_amended", [False, True])
def test_drafts_and_publications_keep_to_us_core_and_ai_transparency(strict_world: World, is_amended: bool) -> None:
    world = strict_world
    id, digest = draft_of(world)
    if is_amended:
        digest = amended(world, id, digest)
    drafted = drafts.view(world.services, world.reviewer, id).revision.resources
    review.approve(world.services, world.reviewer, id, digest)
    claimed = set()
    for resource in (*drafted, *world.published()):
        assert check(parse(dump(resource)), profiles=world.services.profiles) == []
        claimed |= set(resource["meta"].get("profile", ()))
    assert claimed <= world.services.profiles.urls
    assert len(claimed) == 3


def race(*acts: Any) -> list[Any]:
    """Do all at once, in threads; what each returned or raised."""
    barrier = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(number: int) -> None:
        barrier.wait()
        try:
            outcomes[number] = acts[number]()
        except Refusal as refusal:
            outcomes[number] = refusal

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
