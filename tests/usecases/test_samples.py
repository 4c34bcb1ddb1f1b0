"""Real dialogues in HealthScribe's shape go the whole road: each sentence leads back to the segments it came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.fhir.json import parse
from gateway.rules.evidence import Wanted
from gateway.usecases import drafts, review
from gateway.usecases.lineage import lineage
from tests.world import SHARED, World

FOLDERS = sorted(folder for folder in (SHARED / "samples" / "sessions").glob("*") if folder.is_dir())
EXCERPTS = SHARED / "samples" / "aws-healthscribe"


def links(summary: dict[str, object]) -> list[tuple[str, list[str]]]:
    """Sentence and segment ids, in order."""
    sections = summary["ClinicalDocumentation"]["Sections"]  # type: ignore[index]
    return [
        (sentence["SummarizedSegment"], [link["SegmentId"] for link in sentence.get("EvidenceLinks", ())])
        for section in sections
        for sentence in section["Summary"]
    ]


def travel(world: World, summary: Path, transcript: Path, session: str, *, is_amended: bool) -> None:
    said, told = (parse(path.read_bytes()) for path in (transcript, summary))
    receipt = world.submitted(summary=told, transcript=said, context=world.context(session=session))
    id = world.draft_of(receipt)
    view = drafts.view(world.services, world.reviewer, id)
    digest, expected = view.draft.digest, [segments for _, segments in links(told)]
    if is_amended:
        kept = [each.statement for each in view.sentences]
        wanted = [Wanted(kept[0].text + " (as the clinician puts it)", kept[0].section, kept[0].id)]
        wanted += [Wanted(each.text, each.section, each.id) for each in kept[1:]]
        digest = review.amendment(world.services, world.reviewer, id, digest, wanted).digest
    done = review.approve(world.services, world.reviewer, id, digest)
    kind, _, document = done.published[0].partition("/")
    found = lineage(world.services, world.scribe, kind, document)
    assert [[each.segment_id for each in one.evidence] for one in found.statements] == expected
    known = {segment["SegmentId"] for segment in said["Conversation"]["TranscriptSegments"]}
    for statement in found.statements:
        assert all(each.is_received is (each.segment_id in known) for each in statement.evidence)
    published = [item for item in world.published() if f"{item['resourceType']}/{item['id']}" in done.published]
    sources = json.dumps([item for item in published if item["resourceType"] == "Provenance"])
    assert all(each.identifier in sources for statement in found.statements for each in statement.evidence)


@pytest.mark.skipif(not FOLDERS, reason="../shared/samples/sessions is not at hand")
@pytest.mark.parametrize("is_amended", [False, True])
def test_every_sentence_of_every_session_leads_to_its_segments(strict_world: World, is_amended: bool) -> None:
    for folder in FOLDERS:
        travel(strict_world, folder / "summary.json", folder / "transcript.json", folder.name, is_amended=is_amended)
    assert strict_world.rows("draft") == len(FOLDERS)


@pytest.mark.skipif(not EXCERPTS.is_dir(), reason="../shared/samples/aws-healthscribe is not at hand")
def test_the_vendors_own_examples_go_through(strict_world: World) -> None:
    summary, transcript = (EXCERPTS / f"{name}.docs-excerpt.json" for name in ("clinical-documentation", "transcript"))
    travel(strict_world, summary, transcript, "excerpt", is_amended=True)
