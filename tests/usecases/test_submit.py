"""Taking submissions in: all or nothing, once, never lost."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from gateway.errors import Conflict, NotFound, Refusal, Unprocessable
from gateway.mapping.catalogue import Catalogue
from gateway.mapping.faults import MappingRefusal
from gateway.rules.review import sight_of
from gateway.store import submissions, transcripts
from gateway.store.submissions import Part, Submission
from gateway.usecases import drafts, replay
from gateway.usecases.submit import Payload, attempt, submit
from tests.world import SUMMARY, World, transcript

TABLES = ("submission", "submission_part", "session", "transcript", "draft", "draft_revision")


def counts(world: World) -> dict[str, int]:
    return {table: world.rows(table) for table in TABLES}


def test_a_submission_is_kept_whole_with_its_draft(world: World) -> None:
    receipt = world.submitted()
    assert json.loads(receipt.answer)["state"] == "accepted"
    assert counts(world) == dict.fromkeys(TABLES, 1) | {"submission_part": 3}


def test_nothing_of_a_draft_is_where_the_fhir_api_reads_not_even_its_model(world: World) -> None:
    before = world.rows("resource")
    world.submitted()
    assert world.rows("resource") == before


def test_the_payload_is_kept_byte_by_byte_and_sealed(world: World) -> None:
    payload = world.payload()
    receipt = submit(world.services, world.scribe, payload)
    with world.services.database.read() as db:
        kept = submissions.parts(db, sight_of(world.scribe.caller), world.services.vault, receipt.submission_id)
        sealed = [bytes(row[0]) for row in db.connection.exec_driver_sql("SELECT sealed FROM submission_part")]
    assert {part.name: part.data for part in kept} == {part.name: part.data for part in payload.parts}
    assert not any(b"Sleeps" in text or b"Spoken" in text for text in sealed)


def test_a_payload_whose_document_would_be_enormous_is_refused_and_kept(world: World) -> None:
    links = [{"SegmentId": f"a{number}"} for number in range(100_000)]
    sections = [
        {"SectionName": "PLAN", "Summary": [{"SummarizedSegment": "Will ride one stop.", "EvidenceLinks": links}]}
    ]
    with pytest.raises(Unprocessable) as refusal:
        world.submitted(summary={"ClinicalDocumentation": {"Sections": sections}})
    assert [issue.code for issue in refusal.value.issues] == ["too-costly"]
    assert counts(world) == dict.fromkeys(TABLES, 0) | {"submission": 1, "submission_part": 3}


def test_the_same_submission_again_gets_the_first_ones_answer(world: World) -> None:
    first = world.submitted()
    before = counts(world), world.rows("resource")
    again = world.submitted()
    assert (again.is_repeated, again.answer, again.submission_id) == (True, first.answer, first.submission_id)
    assert (counts(world), world.rows("resource")) == before


def test_a_repeated_submission_is_recorded_as_one(world: World) -> None:
    first = world.submitted()
    world.submitted()
    replay.replay(world.services, world.scribe, first.submission_id)
    (_, done), *repeated = world.audited("submit")
    assert "repeated" not in done
    assert repeated == [("0", {"submission": first.submission_id, "repeated": True})] * 2


def test_the_same_key_gets_the_first_ones_answer(world: World) -> None:
    first = world.submitted(key="k1")
    assert world.submitted(key="k1").answer == first.answer


def test_a_key_used_with_other_content_is_refused(world: World) -> None:
    world.submitted(key="k1")
    with pytest.raises(Conflict):
        world.submitted(key="k1", context=world.context(session="s-2"))
    assert world.rows("submission") == 1


def twins(world: World, *, key: str | None = None) -> list[Submission]:
    """The same content, prepared twice before either was stored."""
    payload, caller = world.payload(), world.scribe.caller
    first = Submission(
        "first", caller.client_id, caller.organization_id, "aws-healthscribe", "1.0.0",
        submissions.digest_of(payload.parts), key, world.scribe.at, submissions.REFUSED, 0, b"",
    )  # fmt: skip
    return [first, replace(first, id="second")]


def test_of_refused_twins_the_stored_one_is_named(world: World) -> None:
    for twin in twins(world):
        with pytest.raises(MappingRefusal):
            attempt(world.services, world.scribe, refusing(world), twin, world.payload().parts)
    assert [detail["submission"] for _, detail in world.audited("submit")] == ["first", "first"]
    assert world.rows("submission") == 1


def test_a_twin_that_fits_is_accepted_under_the_id_of_the_stored_one(world: World) -> None:
    first, second = twins(world)
    with pytest.raises(MappingRefusal):
        attempt(world.services, world.scribe, refusing(world), first, world.payload().parts)
    sound = world.services.catalogue["aws-healthscribe"]
    receipt = attempt(world.services, world.scribe, sound, second, world.payload().parts)
    assert (receipt.submission_id, json.loads(receipt.answer)["submission"]) == ("first", "first")
    assert replay.standing_of(world.services, world.scribe, "first").state == "accepted"
    assert world.audited("submit")[-1][1]["submission"] == "first"


def test_of_accepted_twins_the_second_is_recorded_as_a_repetition(world: World) -> None:
    sound = world.services.catalogue["aws-healthscribe"]
    first, again = (attempt(world.services, world.scribe, sound, twin, world.payload().parts) for twin in twins(world))
    assert (again.is_repeated, again.answer) == (True, first.answer)
    assert world.audited("submit")[-1] == ("0", {"submission": "first", "repeated": True})


@pytest.mark.parametrize("fits", [True, False])
def test_a_key_that_was_used_meanwhile_is_a_conflict_and_recorded(world: World, fits: bool) -> None:
    _, late = twins(world, key="k1")
    world.submitted(key="k1", context=world.context(session="s-2"))
    mapping = world.services.catalogue["aws-healthscribe"] if fits else refusing(world)
    with pytest.raises(Conflict):
        attempt(world.services, world.scribe, mapping, late, world.payload().parts)
    assert world.audited("submit")[1:] == [("4", {"reason": "conflict"})]
    assert world.rows("submission") == 1


def test_equal_submissions_at_once_are_stored_once(world: World) -> None:
    answers = at_once(4, lambda _: world.submitted().answer)
    assert len(set(answers)) == 1
    assert world.rows("submission") == world.rows("draft") == 1


def test_parts_of_one_session_sent_at_once_meet_in_one_session(world: World) -> None:
    both = [{"transcript": None}, {"summary": None}]
    at_once(2, lambda number: world.submitted(**both[number]).answer)
    assert (world.rows("session"), world.rows("submission"), world.rows("draft")) == (1, 2, 1)


def test_a_transcript_alone_is_kept_and_makes_no_draft(world: World) -> None:
    receipt = world.submitted(summary=None)
    assert json.loads(receipt.answer)["draft"] is None
    assert (world.rows("transcript"), world.rows("draft")) == (1, 0)


def test_evidence_written_before_its_transcript_meets_it_later(world: World) -> None:
    draft = world.draft_of(world.submitted(transcript=None))
    alone = drafts.view(world.services, world.reviewer, draft)
    assert [line.segment for line in alone.sentences[0].lines] == [None]
    world.submitted(summary=None)
    line = drafts.view(world.services, world.reviewer, draft).sentences[0].lines[0]
    assert line.segment is not None
    assert line.segment.text == "Spoken words of a1."
    assert line.identifier == alone.sentences[0].lines[0].identifier


def test_a_patient_can_be_named_by_identifier(world: World) -> None:
    named = {"identifier": {"system": "urn:example:mrn", "value": "77"}}
    draft = world.draft_of(world.submitted(context=world.context() | {"patient": named}))
    assert drafts.view(world.services, world.reviewer, draft).draft.patient_id == world.patient


def faults(world: World, **payload: Any) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusal) as caught:
        world.submitted(**payload)
    assert caught.value.status == 422
    return [(issue.expression, issue.code) for issue in caught.value.issues]


def test_every_fault_of_the_context_is_named_at_once_by_its_place(world: World) -> None:
    context = world.context()
    del context["session"]["id"]
    context["model"]["version"] = ""
    context["extra"] = "Sam Rivers"
    found = faults(world, context=context)
    assert {place for place, _ in found} == {"context", "context.session.id", "context.model.version"}


def test_a_session_that_ends_before_it_starts_is_refused(world: World) -> None:
    context = world.context()
    context["session"]["end"] = "2026-08-01T10:00:00Z"
    assert faults(world, context=context) == [("context.session.end", "value")]


def test_a_day_that_is_in_no_calendar_is_refused(world: World) -> None:
    context = world.context()
    context["session"]["start"] = "2026-02-30T10:00:00Z"
    assert faults(world, context=context) == [("context.session.start", "value")]


@pytest.mark.parametrize("patient", [{"reference": "Patient/nobody"}, {"identifier": {"system": "a", "value": "b"}}])
def test_an_unknown_patient_is_refused_and_not_named(world: World, patient: dict[str, Any]) -> None:
    place = f"context.patient.{next(iter(patient))}"
    assert faults(world, context=world.context() | {"patient": patient}) == [(place, "not-found")]


def test_a_patient_of_another_organization_is_as_unknown_as_none(world: World) -> None:
    outsider = world.asked(organization=world.other, client="outside")
    with pytest.raises(Unprocessable) as theirs:
        submit(world.services, outsider, world.payload())
    nobody = world.context() | {"patient": {"reference": "Patient/nobody"}}
    with pytest.raises(Unprocessable) as none:
        submit(world.services, outsider, world.payload(context=nobody))
    assert theirs.value.issues == none.value.issues


def test_faults_of_the_producers_format_are_named_in_its_own_words(world: World) -> None:
    summary = json.loads(json.dumps(SUMMARY))
    summary["ClinicalDocumentation"]["Sections"][0]["Summary"][1]["SummarizedSegment"] = 7
    place = "summary.ClinicalDocumentation.Sections[0].Summary[1].SummarizedSegment"
    assert place in [found for found, _ in faults(world, summary=summary)]


@pytest.mark.parametrize("data", [b"{", b"[" * 200 + b"]" * 200, b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff"])
def test_what_is_not_strict_json_is_refused_by_part(world: World, data: bytes) -> None:
    payload = world.payload()
    parts = tuple(replace(part, data=data) if part.name == "summary" else part for part in payload.parts)
    with pytest.raises(Unprocessable) as caught:
        submit(world.services, world.scribe, replace(payload, parts=parts))
    assert [issue.expression for issue in caught.value.issues] == ["summary"]


def test_an_unknown_mapping_is_refused_recorded_and_not_kept(world: World) -> None:
    before = world.rows("audit")
    with pytest.raises(NotFound):
        submit(world.services, world.scribe, Payload("nothing", (Part("context", "application/json", b"{}"),)))
    assert (world.rows("submission"), world.rows("audit")) == (0, before + 1)


def test_a_refused_payload_is_kept_with_its_reason_and_leaves_nothing_else(world: World) -> None:
    faults(world, context=world.context() | {"patient": {"reference": "Patient/nobody"}})
    [kept] = replay.refused(world.services, world.scribe)
    assert json.loads(kept.answer)["issue"][0]["expression"] == ["context.patient.reference"]
    assert counts(world) == dict.fromkeys(TABLES, 0) | {"submission": 1, "submission_part": 3}


def test_a_refused_payload_sent_again_is_tried_anew_and_kept_once(world: World) -> None:
    for _ in range(2):
        faults(world, context=world.context() | {"patient": {"reference": "Patient/nobody"}})
    assert world.rows("submission") == 1


def test_a_refused_submission_is_replayed_after_the_mapping_was_mended(world: World) -> None:
    mended = world.services.catalogue["aws-healthscribe"]
    broken = replace(world.services, catalogue=Catalogue({mended.name: Refusing(mended)}))  # type: ignore[dict-item]
    with pytest.raises(MappingRefusal):
        submit(broken, world.scribe, world.payload())
    [kept] = replay.refused(world.services, world.scribe)
    receipt = replay.replay(world.services, world.scribe, kept.id)
    assert receipt.submission_id == kept.id
    assert world.draft_of(receipt)
    assert replay.refused(world.services, world.scribe) == []
    assert world.submitted().answer == receipt.answer


def test_replaying_what_was_accepted_gives_its_answer_again(world: World) -> None:
    first = world.submitted()
    again = replay.replay(world.services, world.scribe, first.submission_id)
    assert (again.answer, again.is_repeated) == (first.answer, True)


def test_nobody_replays_the_submission_of_another_organization(world: World) -> None:
    first = world.submitted()
    with pytest.raises(NotFound):
        replay.replay(world.services, world.asked(organization=world.other), first.submission_id)


def test_a_producer_sees_its_own_submission_only(world: World) -> None:
    first = world.submitted()
    assert replay.standing_of(world.services, world.scribe, first.submission_id).review == "pending"
    with pytest.raises(NotFound):
        replay.standing_of(world.services, world.asked(client="another"), first.submission_id)


def test_a_transcript_opens_for_its_custodian_only(world: World) -> None:
    world.submitted(transcript=transcript("a1"))
    with world.services.database.read() as db:
        session = db.connection.exec_driver_sql("SELECT id FROM session").scalar_one()
        own, others = (sight_of(world.caller(organization=each)) for each in (world.clinic, world.other))
        assert list(transcripts.segments(db, own, world.services.vault, session)) == ["a1"]
        assert transcripts.segments(db, others, world.services.vault, session) == {}


def refusing(world: World) -> Any:
    return Refusing(world.services.catalogue["aws-healthscribe"])


class Refusing:
    """The mapping before it was mended: it takes nothing."""

    def __init__(self, mapping: Any) -> None:
        self.name, self.version, self.inputs = mapping.name, "0.9.0", mapping.inputs

    def read(self, parts: Any, max_depth: int) -> Any:
        raise MappingRefusal([])


def at_once(count: int, do: Any) -> list[Any]:
    """Run in as many threads, started together; what each gave."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        barrier.wait()
        results[number] = do(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
