"""Notes of scribes: every vendor's form, its known mess, and what of it must not come through."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping.catalogue import load
from gateway.mapping.coverage import UNMAPPED
from gateway.mapping.examples import examples_of
from gateway.mapping.faults import MappingRefusal
from gateway.mapping.model import Mapped
from gateway.mapping.report import check_folder, try_parts
from tests.world import SHARED

MAPPINGS = Path(__file__).parents[2] / "mappings"
SAMPLES = SHARED / "samples"
SCRIBES = ("blueprint", "canvas-hyperscribe", "corti", "dragon-copilot", "heidi", "nabla", "suki", "upheal")
CATALOGUE = {name: load(MAPPINGS / name)[name] for name in SCRIBES}
NOTHING = "Nothing was written for this section."

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the producers' samples are not here")


def given(name: str, case: str) -> dict[str, Any]:
    """The parts of an example, to be changed by a test."""
    (example,) = (found for found in examples_of(MAPPINGS / name) if found.name == case)
    return dict(CATALOGUE[name].read(example.parts).inputs)


def mapped(name: str, case: str) -> Mapped:
    return CATALOGUE[name].apply(given(name, case), {})


def words(element: dict[str, Any]) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", element["text"]["div"])).split())


def outline(found: Mapped) -> dict[str, list[str]]:
    """The sentences under each heading of the note."""
    note = found.resources[0]
    return {
        section["title"]: [words(each) for each in section.get("section", [section])] for section in note["section"]
    }


def whole(found: Mapped) -> str:
    """Everything a mapping gives, in one text."""
    return repr((found.resources, found.heads, found.statements, found.transcript))


@pytest.mark.parametrize("name", SCRIBES)
def test_each_mapping_has_a_full_a_minimal_and_a_broken_example_and_is_sound(name: str) -> None:
    names = {example.name.partition("-")[0] for example in examples_of(MAPPINGS / name)}
    assert {"full", "minimal", "broken"} <= names
    assert check_folder(MAPPINGS / name) == []


@pytest.mark.parametrize("name", SCRIBES)
def test_each_sentence_of_a_note_is_a_statement_of_its_own(name: str) -> None:
    found = mapped(name, "full")
    said = [text for texts in outline(found).values() for text in texts if text != NOTHING]
    assert said
    assert len([statement for statement in found.statements if statement.resource == 0]) == len(said)


@pytest.mark.parametrize("name", SCRIBES)
def test_a_note_awaits_review_and_claims_nothing_the_gateway_gives(name: str) -> None:
    note = mapped(name, "full").resources[0]
    assert note["status"] == "preliminary"
    assert not note.keys() & {"id", "meta", "subject", "author", "date", "custodian", "identifier", "attester"}


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("nabla", "Prescription"),
        ("suki", "Objective"),
        ("dragon-copilot", "Social history"),
        ("corti", "Objective"),
        ("upheal", "Risk assessment"),
        ("blueprint", "Interventions used"),
        ("heidi", "Risk"),
    ],
)
def test_a_section_without_words_keeps_its_heading_and_says_so(name: str, heading: str) -> None:
    found = mapped(name, "full")
    (section,) = (each for each in found.resources[0]["section"] if each["title"] == heading)
    assert words(section) == NOTHING
    assert section["emptyReason"]["coding"][0]["code"] == "unavailable"


@pytest.mark.parametrize(
    ("name", "case", "part", "newer"),
    [
        ("nabla", "minimal", "note", {"confidence": 0.5}),
        ("suki", "minimal", "note", {"riskScore": 3}),
        ("dragon-copilot", "minimal", "payload", {"summary": "x"}),
        ("heidi", "minimal", "note", {"rating": "x"}),
        ("corti", "minimal", "document", {"summary": "x"}),
        ("upheal", "minimal", "session", {"topics": [{"name": "x"}]}),
        ("blueprint", "minimal", "note", {"interventions": ["x"]}),
    ],
)
def test_a_member_nobody_knows_is_let_in_and_shown(name: str, case: str, part: str, newer: dict[str, Any]) -> None:
    inputs = given(name, case)
    parts = {part: json.dumps({**inputs[part], **newer}).encode()}
    trial = try_parts(CATALOGUE[name], parts)
    assert trial.issues == []
    assert [
        leaf.place.partition(".")[2].split(".")[0].split("[")[0] for leaf in trial.coverage if leaf.state == UNMAPPED
    ] == [next(iter(newer))]


def test_markup_and_curly_quotes_of_nabla_come_as_words() -> None:
    assert outline(mapped("nabla", "html")) == {
        "History": ["Low since May. Score < 10 & falling.", "naps", "skips lunch"]
    }
    exam = outline(mapped("nabla", "full"))["Mental health exam"]
    assert exam == ["Alert and well groomed. Speech at a normal rate.", "Mood “flat”, affect reactive."]


def test_a_key_of_nabla_that_is_not_known_becomes_the_heading() -> None:
    found = mapped("nabla", "no-title")
    assert list(outline(found)) == ["Mental health exam", "Group dynamics"]
    assert "language" not in found.resources[0]


def test_dragon_copilot_names_nobody_in_the_note() -> None:
    inputs = given("dragon-copilot", "full")
    encounter = inputs["payload"]["note"]["encounter"]
    assert isinstance(encounter["practitioner"]["npi"], int)
    text = whole(CATALOGUE["dragon-copilot"].apply(inputs, {}))
    for name in ("Okafor", "Reyes", "MRN40772", "1999999984"):
        assert name not in text


def test_both_forms_of_suki_give_the_same_note() -> None:
    inner = {"sections": [{"title": "Plan", "text": "Rest.", "loinc": "18776-5"}]}
    outer = {"contents": [{"title": "Plan", "content": "Rest.", "loinc_code": "18776-5"}]}
    suki = CATALOGUE["suki"]
    assert suki.apply({"note": inner}, {}).resources == suki.apply({"note": outer}, {}).resources


def test_a_note_of_heidi_is_put_together_from_its_stream() -> None:
    assert outline(mapped("heidi", "stream")) == {"Mood": ["Low, “but lighter”"], "Plan": ["1. Walk", "2. Call"]}


def test_a_stream_of_heidi_may_be_cut_anywhere() -> None:
    text = "".join(row["data"] for row in given("heidi", "stream")["stream"])
    heidi, expected = CATALOGUE["heidi"], mapped("heidi", "stream").resources
    for at in range(len(text)):
        assert heidi.apply({"stream": [{"data": text[:at]}, {"data": text[at:]}]}, {}).resources == expected


def test_headings_of_heidi_are_found_in_html_and_markdown() -> None:
    assert list(outline(mapped("heidi", "html"))) == ["Review: Mood", "Review: Plan"]
    assert list(outline(mapped("heidi", "full"))) == [
        "Presenting problem",
        "Plan: Sleep",
        "Plan: Next session",
        "Risk",
        "Codes proposed by the scribe",
    ]


def test_consent_at_heidi_permits_nothing_and_its_refusal_refuses() -> None:
    heidi, session = CATALOGUE["heidi"], {"session_id": "s", "consult_note": {"content": "Calm."}}
    for told in (True, None):
        assert heidi.apply({"session": {**session, "consent_obtained": told}}, {}).resources
    with pytest.raises(MappingRefusal) as refusal:
        heidi.apply({"session": {**session, "consent_obtained": False}}, {})
    assert [issue.expression for issue in refusal.value.issues] == ["session.consent_obtained"]


def test_no_word_of_a_discarded_fact_of_corti_comes_through() -> None:
    inputs = given("corti", "full")
    discarded = [fact for fact in inputs["facts"]["facts"] if fact.get("isDiscarded")]
    text = whole(CATALOGUE["corti"].apply(inputs, {}))
    for fact in discarded:
        for value in (
            fact["id"],
            fact["text"],
            *(value for each in fact.get("evidence", []) for value in each.values()),
        ):
            assert value == "transcript" or repr(value)[1:-1] not in text
    assert len(discarded) == 2
    assert mapped("corti", "all-discarded").resources == []


def test_a_fact_a_person_added_to_corti_is_that_persons() -> None:
    found = mapped("corti", "full")
    by = {words(at(found.resources[0], each.path)): each.by for each in found.statements}
    assert by["Sertraline 50 mg since March"] == "clinician"
    assert set(by.values()) == {"machine", "clinician"}
    assert [text for text, who in by.items() if who == "clinician"] == ["Sertraline 50 mg since March"]


def test_sections_of_corti_stand_in_their_order_with_the_evidence_of_facts() -> None:
    found = mapped("corti", "full")
    assert list(outline(found))[:3] == ["Subjective", "Objective", "Plan"]
    assert [each.segments for each in found.statements if each.segments] == [("tr-14",)]


def at(resource: Any, path: str) -> Any:
    for name, index in re.findall(r"(\w+)\[(\d+)\]", path):
        resource = resource[name][int(index)]
    return resource


def test_a_couple_of_upheal_is_one_note_and_its_speakers_are_told_apart() -> None:
    found = mapped("upheal", "couple")
    assert [resource["title"] for resource in found.resources] == ["SOAP note, couple"]
    assert [(each.speaker, each.text) for each in found.transcript] == [
        ("client B", "I feel watched."),
        ("client C", "And I unheard."),
    ]


def test_who_spoke_is_told_by_role_and_when_in_seconds() -> None:
    assert [(each.speaker, str(each.start)) for each in mapped("upheal", "full").transcript] == [
        ("clinician", "1"),
        ("client B", "2.6"),
        ("speaker C", "4"),
    ]
    assert [each.speaker for each in mapped("corti", "full").transcript] == ["doctor", "patient"]


def test_private_notes_of_blueprint_never_flow() -> None:
    inputs = given("blueprint", "private-notes")
    kept = set(re.findall(r"KEEP-\w+", json.dumps(inputs)))
    text = whole(CATALOGUE["blueprint"].apply(inputs, {}))
    assert len(kept) == 8
    assert not {word for word in kept if word in text}
    assert outline(mapped("blueprint", "private-notes")) == {
        "Plan": ["Continue."],
        "Response": ["Calmer at the end.", "Next", "Monday"],
        "Summary": ["Went on with the plan."],
        "Summary: Next": ["Monday"],
    }


def test_what_measures_a_note_of_canvas_is_no_part_of_it() -> None:
    text = whole(mapped("canvas-hyperscribe", "full"))
    assert "Names both walks" not in text and "Both named" not in text
    assert outline(mapped("canvas-hyperscribe", "full"))["Instructions"] == [
        "Keep the two walks and write them down. Advice about exercise (SNOMED CT 281085002)",
        "No screen after ten, and the phone stays in the kitchen. No screen after ten.",
    ]


def _assert_whole(name: str, parts: dict[str, bytes]) -> Mapped:
    trial = try_parts(CATALOGUE[name], parts)
    assert trial.issues == []
    assert [leaf.place for leaf in trial.coverage if leaf.state == UNMAPPED] == []
    return trial.mapped


@needs_samples
def test_the_sample_of_dragon_copilot_goes_through_whole() -> None:
    found = _assert_whole("dragon-copilot", {"payload": (SAMPLES / "dragon-copilot/note-payload.json").read_bytes()})
    assert len(found.resources[0]["section"]) == 11


@needs_samples
def test_the_sample_of_canvas_goes_through_whole() -> None:
    folder = SAMPLES / "canvas-hyperscribe"
    parts = {name: (folder / f"{name}.json").read_bytes() for name in ("note", "transcript", "rubric", "scores")}
    found = _assert_whole("canvas-hyperscribe", parts)
    assert (len(found.statements), len(found.transcript)) == (3, 10)


@needs_samples
def test_the_example_calls_of_heidi_go_through_whole() -> None:
    def answer(call: str) -> Any:
        return json.loads((SAMPLES / f"heidi/heidi-health-{call}-example.json").read_bytes())["response"]

    stream = "\n".join(map(json.dumps, answer("generate-consult-note")["body_stream"])).encode()
    codes = json.dumps(answer("get-clinical-codes")["body"]).encode()
    session = json.dumps(answer("create-session")["body"]).encode()
    found = _assert_whole("heidi", {"session": session, "stream": stream, "codes": codes})
    assert list(outline(found)) == ["History", "Differential", "Codes proposed by the scribe"]
