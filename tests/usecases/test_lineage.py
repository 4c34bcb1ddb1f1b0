"""From a published resource back to everything it came from, and on to everybody who read it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.errors import NotFound
from gateway.rules.consent_form import permit
from gateway.rules.evidence import Origin, Wanted
from gateway.rules.purposes import covered_by
from gateway.usecases import consent, drafts, review
from gateway.usecases.lineage import Lineage, lineage
from gateway.usecases.read import read
from tests.world import World


def approved(world: World, *, is_amended: bool = False) -> tuple[str, str]:
    id = world.draft_of(world.submitted())
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    if is_amended:
        wanted = [
            Wanted("Sleeps five hours a night.", "c1", "s1"),
            Wanted("Avoids the train.", "c1", "s2"),
            Wanted("Will call.", "c2"),
        ]
        digest = review.amendment(world.services, world.reviewer, id, digest, wanted).digest
    done = review.approve(world.services, world.reviewer, id, digest)
    entry = next(reference for reference in done.published if reference.startswith("DocumentReference/"))
    kind, _, document = entry.partition("/")
    return kind, document


def traced(world: World, kind: str, id: str) -> Lineage:
    return lineage(world.services, world.asked(client="audit"), kind, id)


def test_lineage_names_payload_model_and_approver(world: World) -> None:
    found = traced(world, *approved(world))
    assert (found.submission.mapping, found.submission.client_id) == ("aws-healthscribe", "scribe")
    assert found.submission.mapping_version == world.services.catalogue["aws-healthscribe"].version
    assert found.model.name == "Scribe 2.3.1"
    assert found.model.card
    assert found.model.prompt
    assert found.approval.by == f"Practitioner/{world.grace}"


def test_every_sentence_leads_to_its_segments_without_a_word_of_them(world: World) -> None:
    found = traced(world, *approved(world))
    assert [[each.segment_id for each in one.evidence] for one in found.statements] == [["a1"], ["a2", "a3"], ["a4"]]
    first = found.statements[1].evidence[0]
    assert (first.speaker, first.start, first.end) == ("PATIENT_0", Decimal("4.5"), Decimal("8.5"))
    assert "Spoken" not in repr(found)


def test_an_amendment_keeps_the_evidence_and_tells_origin_and_edits(world: World) -> None:
    found = traced(world, *approved(world, is_amended=True))
    assert [one.origin for one in found.statements] == [Origin.MACHINE, Origin.REVISION, Origin.HUMAN]
    assert [len(one.evidence) for one in found.statements] == [1, 2, 0]
    assert found.statements[1].revises == found.statements[1].machine_sentence
    assert found.statements[1].written_by == f"Practitioner/{world.grace}"
    assert [change.kind for edit in found.edits for change in edit.changes] == ["changed", "added", "removed"]


def test_every_published_resource_has_the_same_lineage(world: World) -> None:
    found = traced(world, *approved(world))
    for reference in found.published:
        kind, _, id = reference.partition("/")
        assert traced(world, kind, id).draft_id == found.draft_id


def test_lineage_tells_who_read_it_under_which_consent(world: World) -> None:
    kind, id = approved(world)
    form = permit(world.patient, world.other, "TREAT", "2026-01-01", None, "a form")
    granted = consent.grant(world.services, world.scribe, form)
    ehr = world.asked("system/DocumentReference.rs", organization=world.other, client="ehr")
    read(world.services, ehr, kind, id).recorded.result()
    found = traced(world, kind, id)
    [outside] = [each for each in found.reads if each.client_id == "ehr"]
    assert (outside.organization_id, outside.purpose, outside.resources) == (world.other, "TREAT", (f"{kind}/{id}",))
    assert outside.consents == (f"Consent/{granted.id}/_history/1#provision",)
    [in_force] = found.consents
    assert (f"{in_force.consent}#provision", in_force.recipients) == (
        outside.consents[0],
        (f"Organization/{world.other}",),
    )


def test_each_consent_in_force_is_listed_once_with_all_it_permits(world: World) -> None:
    kind, id = approved(world)
    for purpose in ("TREAT", "COC", "HPAYMT"):
        form = permit(world.patient, world.other, purpose, "2026-01-01", None, "a form")
        last = consent.grant(world.services, world.scribe, form)
    consent.revoke(world.services, world.scribe, last.id)
    found = traced(world, kind, id).consents
    assert len({each.consent for each in found}) == len(found) == 2
    assert sorted(each.purposes[0] for each in found) == ["COC", "TREAT"]
    assert {len(each.purposes) for each in found} == {1, len(covered_by("TREAT"))}


def test_asking_for_lineage_is_itself_recorded(world: World) -> None:
    kind, id = approved(world)
    traced(world, kind, id)
    assert "lineage" in [each.act for each in traced(world, kind, id).reads]


def test_nobody_else_traces_what_is_not_theirs(world: World) -> None:
    kind, id = approved(world)
    for organization, wanted in ((world.other, id), (world.clinic, "nothing")):
        with pytest.raises(NotFound):
            lineage(world.services, world.asked(organization=organization), kind, wanted)
