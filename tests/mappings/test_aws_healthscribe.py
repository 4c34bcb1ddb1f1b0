"""The mapping of AWS HealthScribe: its own examples, the vendor's, and real dialogues in its shape."""

from __future__ import annotations

import re
import time
from collections import Counter
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir import json
from gateway.mapping.catalogue import load
from gateway.mapping.examples import Example, examples_of
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Mapped, Segment, Statement
from gateway.mapping.report import check_folder, try_mapping
from tests.world import SHARED

MAPPINGS = Path(__file__).parents[2] / "mappings"
SAMPLES = SHARED / "samples"
SESSIONS = sorted(SAMPLES.glob("sessions/*/"))
EXAMPLES = {example.name: example for example in examples_of(MAPPINGS / "aws-healthscribe")}
GOOD = [example for example in EXAMPLES.values() if example.refused is None]


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load(MAPPINGS)["aws-healthscribe"]


def apply(mapping: Mapping, name: str) -> Mapped:
    return mapping.apply(mapping.read(EXAMPLES[name].parts).inputs, {})


def sections(mapped: Mapped) -> list[dict[str, Any]]:
    (composition,) = mapped.resources
    return list(composition.get("section", []))


def at(resource: Any, path: str) -> Any:
    """The element at a path such as section[0].section[1]."""
    for name, index in re.findall(r"(\w+)\[(\d+)\]", path):
        resource = resource[name][int(index)]
    return resource


def words(section: dict[str, Any]) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", section["text"]["div"]))


def sentences(inputs: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """Every summarised sentence of a payload with its evidence, read without the mapping."""
    return [
        (sentence["SummarizedSegment"], tuple(dict.fromkeys(x["SegmentId"] for x in sentence.get("EvidenceLinks", []))))
        for section in inputs.get("summary", {"ClinicalDocumentation": {"Sections": []}})["ClinicalDocumentation"][
            "Sections"
        ]
        for sentence in section["Summary"]
    ]


def assert_every_sentence_is_a_statement(inputs: dict[str, Any], mapped: Mapped) -> None:
    made = [(at(mapped.resources[entry.resource], entry.path), entry.segments) for entry in mapped.statements]
    assert [(" ".join(words(element).split()), found) for element, found in made] == [
        (" ".join(text.split()), found) for text, found in sentences(inputs)
    ]


def test_the_checked_in_mappings_are_sound() -> None:
    assert check_folder(MAPPINGS) == []


@pytest.mark.parametrize("example", GOOD, ids=lambda example: example.name)
def test_every_sentence_of_an_example_is_a_statement_with_its_evidence(mapping: Mapping, example: Example) -> None:
    inputs = mapping.read(example.parts).inputs
    assert_every_sentence_is_a_statement(inputs, mapping.apply(inputs, {}))


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("birp", ["Behavior", "Intervention", "Response", "Plan"]),
        ("girpp", ["Goals", "Interventions", "Response", "Progress", "Plan"]),
        ("sirp", ["Situation", "Intervention", "Response", "Plan"]),
        ("dap", ["Data", "Assessment", "Plan"]),
        ("behavioral-soap", ["Subjective", "Objective", "Assessment", "Plan"]),
        ("unknown-section", ["Homework and practice", "Safety & support", "Chief complaint"]),
    ],
)
def test_sections_carry_a_heading_a_clinician_can_read(mapping: Mapping, name: str, titles: list[str]) -> None:
    assert [section["title"] for section in sections(apply(mapping, name))] == titles


def test_only_settled_headings_carry_a_code(mapping: Mapping) -> None:
    made = sections(apply(mapping, "history-and-physical"))
    assert {section["title"]: section["code"]["coding"][0]["code"] for section in made if "code" in section} == {
        "Past medical history": "11348-0",
        "Past social history": "29762-2",
        "Diagnostic testing": "30954-2",
        "Plan": "18776-5",
    }


def test_a_section_without_sentences_stays_and_says_so(mapping: Mapping) -> None:
    mapped = apply(mapping, "empty-section")
    goals = sections(mapped)[0]
    assert goals["title"] == "Goals"
    assert words(goals).strip() == "Nothing was written for this section."
    assert goals["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert [statement.path for statement in mapped.statements] == ["section[1].section[0]"]


def test_a_note_awaits_review_and_claims_nothing_the_gateway_gives(mapping: Mapping) -> None:
    (composition,) = apply(mapping, "full").resources
    assert composition["status"] == "preliminary"
    assert composition["language"] == "en-US"
    assert [coding["code"] for coding in composition["type"]["coding"]] == ["34904-3", "11506-3"]
    assert not composition.keys() & {"id", "meta", "subject", "author", "date", "custodian", "identifier", "attester"}


def test_a_transcript_alone_gives_segments_and_no_note(mapping: Mapping) -> None:
    mapped = apply(mapping, "transcript-only")
    assert (mapped.resources, mapped.statements) == ([], [])
    assert mapped.transcript[1] == Segment(
        id="seg-02",
        text="Four nights out of seven. On the other three I was up past two, scrolling.",
        speaker="PATIENT_0",
        start=Decimal("5.75"),
        end=Decimal("11.85"),
    )


def test_a_summary_alone_keeps_its_evidence(mapping: Mapping) -> None:
    mapped = apply(mapping, "summary-only")
    assert mapped.transcript == []
    assert mapped.statements[1] == Statement(0, "section[1].section[0]", ("seg-04", "seg-05"))


def test_a_newer_member_is_let_in_and_shown_as_unmapped(mapping: Mapping) -> None:
    inputs = mapping.read(EXAMPLES["minimal"].parts).inputs
    summary = {**inputs["summary"], "AfterVisitSummary": {"Text": "x"}}
    trial = try_mapping(mapping, {"summary": summary})
    assert trial.issues == []
    assert [leaf.place for leaf in trial.coverage if leaf.state == "unmapped"] == ["summary.AfterVisitSummary.Text"]


def test_an_ordinary_session_takes_less_than_five_milliseconds(mapping: Mapping) -> None:
    inputs, times = mapping.read(EXAMPLES["full"].parts).inputs, []
    for _ in range(30):
        start = time.perf_counter()
        mapping.apply(inputs, {})
        times.append(time.perf_counter() - start)
    assert min(times) < 0.005


def _parts(*files: Path) -> dict[str, Any]:
    return {file.name.split(".")[0]: json.parse(file.read_bytes()) for file in files}


def _assert_whole(mapping: Mapping, inputs: dict[str, Any]) -> None:
    trial = try_mapping(mapping, inputs)
    assert trial.issues == []
    assert Counter(leaf.state for leaf in trial.coverage)["unmapped"] == 0
    assert_every_sentence_is_a_statement(inputs, mapping.apply(inputs, {}))
    spoken = inputs.get("transcript", {"Conversation": {"TranscriptSegments": []}})["Conversation"][
        "TranscriptSegments"
    ]
    assert [(entry.id, entry.text) for entry in trial.mapped.transcript] == [
        (x["SegmentId"], x["Content"]) for x in spoken
    ]


@pytest.mark.skipif(not SESSIONS, reason=f"no sessions in {SAMPLES}")
@pytest.mark.parametrize("folder", SESSIONS or [SAMPLES], ids=lambda folder: folder.name)
def test_a_real_session_goes_through_whole(mapping: Mapping, folder: Path) -> None:
    _assert_whole(mapping, _parts(folder / "summary.json", folder / "transcript.json"))


VENDOR = {
    "summary": SAMPLES / "aws-healthscribe/clinical-documentation.docs-excerpt.json",
    "transcript": SAMPLES / "aws-healthscribe/transcript.docs-excerpt.json",
}


@pytest.mark.skipif(not all(file.exists() for file in VENDOR.values()), reason=f"no vendor examples in {SAMPLES}")
@pytest.mark.parametrize("parts", [["summary"], ["transcript"], ["summary", "transcript"]], ids="+".join)
def test_the_examples_of_the_vendor_go_through_whole(mapping: Mapping, parts: list[str]) -> None:
    _assert_whole(mapping, {part: json.parse(VENDOR[part].read_bytes()) for part in parts})
