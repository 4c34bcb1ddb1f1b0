"""A session that Upheal processes again: what was made of it before is replaced, and nothing else is."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from gateway.errors import Conflict, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.rules.review import State
from gateway.store.submissions import Part
from gateway.usecases import drafts, register, review
from gateway.usecases.submit import Payload, submit
from tests.world import SUMMARY, World

FIRST, SECOND, THIRD = "At the window.", "At the kitchen table.", "On the stairs."


def processed(world: World, text: str, session: str = "s-1", patients: tuple[str, ...] = ()) -> str:
    """The draft that comes of one more processing of a session, of Sam's where no patients are named."""
    clients = ["u1", "u2"][: len(patients) or 1]
    note = {"sessionId": "9c1f", "clientUserIds": clients, "progressNotes": [{"category": "Plan", "text": text}]}
    context = world.context(session)
    if patients:
        context["patients"] = [{"reference": f"Patient/{id}"} for id in patients]
        del context["patient"]
    parts = {"context": context, "session": note}
    payload = Payload("upheal", tuple(Part(name, "application/json", dump(value)) for name, value in parts.items()))
    return world.draft_of(submit(world.services, world.scribe, payload))


def state_of(world: World, draft: str) -> State:
    return drafts.view(world.services, world.reviewer, draft).draft.state


def approved(world: World, draft: str) -> tuple[str, ...]:
    digest = drafts.view(world.services, world.reviewer, draft).draft.digest
    return review.approve(world.services, world.reviewer, draft, digest).published


def document_of(references: tuple[str, ...]) -> str:
    (document,) = (each for each in references if each.startswith("DocumentReference/"))
    return document


def versions(world: World, reference: str) -> list[dict[str, Any]]:
    type, _, id = reference.partition("/")
    return [each for each in world.published() if (each["resourceType"], each["id"]) == (type, id)]


def test_a_draft_that_waits_is_replaced_by_the_newer_one(world: World) -> None:
    first = processed(world, FIRST)
    second = processed(world, SECOND)
    assert (state_of(world, first), state_of(world, second)) == (State.REPLACED, State.PENDING)
    assert [each.draft.id for each in drafts.inbox(world.services, world.reviewer)] == [second]
    assert [each.draft.id for each in drafts.inbox(world.services, world.reviewer, State.REPLACED)] == [first]


def test_that_it_was_replaced_is_recorded_with_the_newer_one(world: World) -> None:
    first = processed(world, FIRST)
    second = processed(world, SECOND)
    (told,) = (detail for _, detail in world.audited("submit") if "replaced_by" in detail)
    assert (told["draft"], told["replaced_by"]) == (first, second)


def test_a_draft_that_was_replaced_takes_no_step(world: World) -> None:
    first = processed(world, FIRST)
    processed(world, SECOND)
    digest = drafts.view(world.services, world.reviewer, first).draft.digest
    with pytest.raises(Conflict):
        review.approve(world.services, world.reviewer, first, digest)
    for close in (review.reject, review.give_back):
        with pytest.raises(Conflict):
            close(world.services, world.reviewer, first, digest, "No.")


def test_one_that_was_returned_is_replaced_and_one_that_was_rejected_stays_so(world: World) -> None:
    returned = processed(world, FIRST)
    digest = drafts.view(world.services, world.reviewer, returned).draft.digest
    review.give_back(world.services, world.reviewer, returned, digest, "Once more, please.")
    rejected = processed(world, SECOND)
    digest = drafts.view(world.services, world.reviewer, rejected).draft.digest
    review.reject(world.services, world.reviewer, rejected, digest, "Not what was said.")
    processed(world, THIRD)
    assert (state_of(world, returned), state_of(world, rejected)) == (State.REPLACED, State.REJECTED)


def test_another_session_is_left_alone_and_so_is_a_format_that_only_adds(world: World) -> None:
    other = processed(world, FIRST, "s-2")
    plain = world.draft_of(world.submitted())
    newer = {"ClinicalDocumentation": {"Sections": SUMMARY["ClinicalDocumentation"]["Sections"][:1]}}
    added = world.draft_of(world.submitted(summary=newer))
    processed(world, SECOND)
    assert {state_of(world, each) for each in (other, plain, added)} == {State.PENDING}


def test_the_same_payload_again_replaces_nothing(world: World) -> None:
    first = processed(world, FIRST)
    assert processed(world, FIRST) == first
    assert state_of(world, first) is State.PENDING


def test_an_approved_document_stands_until_the_newer_one_is_approved(world: World) -> None:
    old = document_of(approved(world, processed(world, FIRST)))
    second = processed(world, SECOND)
    assert [each["status"] for each in versions(world, old)] == ["current"]
    new = document_of(approved(world, second))
    assert [each["status"] for each in versions(world, old)] == ["current", "superseded"]
    (made,) = versions(world, new)
    assert made["status"] == "current"
    assert made["relatesTo"] == [{"code": "replaces", "target": {"reference": old}}]


def test_a_superseded_document_is_the_former_in_all_else_and_its_provenance_tells_why(world: World) -> None:
    old = document_of(approved(world, processed(world, FIRST)))
    new = document_of(approved(world, processed(world, SECOND)))
    was, now = versions(world, old)
    assert now.keys() == was.keys()
    changed = {key for key in now if now[key] != was[key]}
    assert changed == {"status", "meta"}
    assert now["meta"]["security"] == was["meta"]["security"]
    told = [
        each
        for each in world.published()
        if each["resourceType"] == "Provenance" and each["target"] == [{"reference": f"{old}/_history/2"}]
    ]
    assert [entity["what"]["reference"] for entity in told[0]["entity"]] == [f"{old}/_history/1", new]
    assert check(parse(dump(now))) == check(parse(dump(told[0]))) == []


def test_only_the_last_document_counts(world: World) -> None:
    first, second, third = (document_of(approved(world, processed(world, text))) for text in (FIRST, SECOND, THIRD))
    assert [versions(world, each)[-1]["status"] for each in (first, second, third)] == [
        *["superseded", "superseded"],
        "current",
    ]
    assert versions(world, third)[0]["relatesTo"] == [{"code": "replaces", "target": {"reference": second}}]


def test_of_several_processed_at_once_one_is_left_waiting(world: World) -> None:
    texts = [f"Take {number}." for number in range(6)]
    threads = [threading.Thread(target=processed, args=(world, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drafts.inbox(world.services, world.reviewer)) == 1
    assert len(drafts.inbox(world.services, world.reviewer, State.REPLACED)) == len(texts) - 1


def test_a_couples_document_is_replaced_in_the_record_of_each(world: World) -> None:
    names = ("Rivers", ["Alex"], "other", "1991-02-03", [("urn:example:mrn", "78")])
    asked = world.asked(client="operator")
    both = (world.patient, register.patient(world.services, asked, world.clinic, *names).id)
    old = [each for each in approved(world, processed(world, FIRST, patients=both)) if each.startswith("DocumentRef")]
    new = [each for each in approved(world, processed(world, SECOND, patients=both)) if each.startswith("DocumentRef")]
    assert [[each["status"] for each in versions(world, one)] for one in old] == [["current", "superseded"]] * 2
    former = {versions(world, each)[0]["subject"]["reference"]: each for each in old}
    for each in new:
        (made,) = versions(world, each)
        assert made["relatesTo"][0]["target"]["reference"] == former[made["subject"]["reference"]]


def test_a_couples_session_is_not_filed_under_one_of_the_two(world: World) -> None:
    note = {"sessionId": "9c1f", "clientUserIds": ["u1", "u2"], "progressNotes": [{"category": "Plan", "text": FIRST}]}
    parts = {"context": world.context(), "session": note}
    payload = Payload("upheal", tuple(Part(name, "application/json", dump(value)) for name, value in parts.items()))
    with pytest.raises(Unprocessable) as refusal:
        submit(world.services, world.scribe, payload)
    assert [(issue.expression, issue.code) for issue in refusal.value.issues] == [("context.patient", "invariant")]
    assert world.rows("draft") == 0
