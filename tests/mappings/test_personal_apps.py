"""Diaries, surveys and thought records of patients: their own words, in every shape their apps write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping.catalogue import load
from gateway.mapping.coverage import UNMAPPED
from gateway.mapping.examples import examples_of
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Mapped
from gateway.mapping.report import check_folder, try_parts
from tests.world import SHARED

MAPPINGS = Path(__file__).parents[2] / "mappings"
SAMPLES = SHARED / "samples"
APPS = ("apple-state-of-mind", "daylio", "exist", "mindlamp", "questionnaire-response", "quirk")
CATALOGUE = {name: load(MAPPINGS / name)[name] for name in APPS}

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the producers' samples are not here")


def mapped(name: str, case: str) -> Mapped:
    mapping = CATALOGUE[name]
    (example,) = (found for found in examples_of(MAPPINGS / name) if found.name == case)
    return mapping.apply(mapping.read(example.parts).inputs, {})


def diary(text: str, **parts: Any) -> Mapped:
    mapping = CATALOGUE["daylio"]
    others = {name: json.dumps(value).encode() for name, value in parts.items()}
    return mapping.apply(mapping.read({"daylio": text.encode(), **others}).inputs, {})


def row(mood: str = "good", time: str = "21:15", activities: str = "", note: str = "") -> str:
    header = "full_date,date,weekday,time,mood,activities,note_title,note"
    return f'{header}\n2026-03-02,,,{time},{mood},{activities},,"{note}"\n'


@pytest.mark.parametrize("name", APPS)
def test_each_mapping_has_a_full_a_minimal_and_a_broken_example_and_is_sound(name: str) -> None:
    names = {example.name.partition("-")[0] for example in examples_of(MAPPINGS / name)}
    assert {"full", "minimal", "broken"} <= names
    assert check_folder(MAPPINGS / name) == []


@pytest.mark.parametrize("name", APPS)
def test_nothing_a_patient_wrote_is_called_machine_written(name: str) -> None:
    found = mapped(name, "full")
    assert found.resources
    assert {head.by for head in found.heads} == {"patient"}
    assert not found.statements


def test_a_practitioner_who_answers_is_told_from_a_patient() -> None:
    assert [head.by for head in mapped("questionnaire-response", "by-a-practitioner").heads] == ["clinician"]


@pytest.mark.parametrize(
    ("time", "clock"),
    [("9:15 PM", "21:15:00"), ("9:15\u202fpm", "21:15:00"), ("21.15", "21:15:00"), ("오후 9:15", "21:15:00")],
)
def test_a_diary_is_read_by_the_clock_of_its_language(time: str, clock: str) -> None:
    (entry,) = diary(row(time=time)).resources
    assert entry["effectiveDateTime"] == "2026-03-02"
    assert {"code": {"text": "Time of day"}, "valueTime": clock} in entry["component"]


def test_a_local_time_becomes_an_instant_only_where_the_zone_is_known() -> None:
    (entry,) = diary(row(), settings={"timeZone": "Europe/Berlin"}).resources
    assert entry["effectiveDateTime"] == "2026-03-02T21:15:00+01:00"
    assert "Time of day" not in str(entry)


def test_a_mood_of_ones_own_gets_the_number_the_patient_gave_it() -> None:
    values = [entry.get("valueQuantity", {}).get("value") for entry in mapped("daylio", "own-moods").resources]
    assert values == [4, 1, None]
    assert mapped("daylio", "own-moods").resources[2]["valueString"] == "mixed"


def test_markup_in_a_diary_note_is_no_markup_in_the_record() -> None:
    (entry,) = diary(row(note="A &amp; b<br><b>c</b><script>x()</script>")).resources
    assert entry["note"] == [{"text": "A & b\nc"}]


def test_activities_are_told_one_by_one() -> None:
    (entry,) = diary(row(activities='" | movies / tv |  | sleep early "')).resources
    assert [part["valueString"] for part in entry["component"] if part["code"]["text"] == "Activity"] == [
        "movies / tv",
        "sleep early",
    ]


def test_a_note_of_the_day_goes_with_the_mood_it_explains() -> None:
    entries = mapped("exist", "full").resources
    moods = [entry for entry in entries if entry["code"]["text"] == "Mood"]
    assert [entry.get("note") for entry in moods] == [[{"text": "Out in the garden all day."}], None]
    assert [entry["effectiveDateTime"] for entry in entries if entry["code"]["text"] == "Mood note"] == ["2026-03-01"]


def test_what_does_not_say_how_the_patient_is_stays_with_the_app() -> None:
    assert "steps" not in json.dumps(mapped("exist", "full").resources, default=str)


def test_distortions_a_patient_did_not_choose_are_not_hers() -> None:
    text = json.dumps(mapped("quirk", "full").resources)
    assert "Fortune telling" in text
    assert "Labeling" not in text


def test_answers_keep_their_codes_and_what_stands_below_them() -> None:
    (response,) = mapped("questionnaire-response", "full").resources
    first, second, _ = response["item"]
    assert first["answer"][0]["valueCoding"]["code"] == "LA6569-3"
    assert second["answer"][0]["item"][0]["answer"] == [{"valueString": "Better since the weekend."}]
    assert "subject" not in response


@needs_samples
@pytest.mark.parametrize(
    ("file", "entries", "lines"),
    [
        ("daylio_export_ok.csv", 11, ["daylio:5"]),
        ("daylio_export_ok_scales.csv", 7, []),
        ("sample.csv", 3, []),
        ("daylio_export_bad_empty_lines_whitespace.csv", 4, ["daylio:7"]),
        ("daylio_export_bad_inconsistent_fields.csv", 1, ["daylio:3", "daylio:4", "daylio:5", "daylio:6"]),
    ],
)
def test_real_diaries_go_through_whole_but_for_the_rows_that_are_broken(
    file: str, entries: int, lines: list[str]
) -> None:
    parts = {"daylio": (SAMPLES / "daylio" / file).read_bytes(), "moods": (SAMPLES / "daylio/moods.json").read_bytes()}
    trial = try_parts(CATALOGUE["daylio"], parts)
    assert trial.issues == []
    assert len(trial.mapped.resources) == entries
    assert [issue.expression for issue in trial.mapped.skipped] == lines
    assert not [leaf.place for leaf in trial.coverage if leaf.state == UNMAPPED]


@needs_samples
def test_a_file_that_is_no_text_is_refused_as_a_whole() -> None:
    data = (SAMPLES / "daylio/daylio_export_bad_corrupted.csv").read_bytes()
    assert [issue.expression for issue in try_parts(CATALOGUE["daylio"], {"daylio": data}).issues] == ["daylio"]


@needs_samples
def test_a_real_page_of_attributes_goes_through_whole() -> None:
    data = (SAMPLES / "exist/exist-attribute-template.docs-excerpt.json").read_bytes()
    trial = try_parts(CATALOGUE["exist"], {"attributes": data})
    assert trial.issues == []
    assert not [leaf.place for leaf in trial.coverage if leaf.state == UNMAPPED]


@needs_samples
def test_states_of_mind_are_coded_as_the_library_that_reads_them_codes_them() -> None:
    library = json.loads((SAMPLES / "apple-state-of-mind/HKSampleMapping.json").read_bytes())["HKStateOfMind"]
    theirs = {coding["code"] for part in library.values() if isinstance(part, dict) for coding in part["codings"]}
    (first, _) = mapped("apple-state-of-mind", "full").resources
    ours = {coding["code"] for part in first["component"] for coding in part["code"]["coding"]}
    assert ours == theirs
    assert first["category"][0]["coding"] == library["categories"]


def test_the_longest_diary_that_is_taken_goes_through() -> None:
    mapping: Mapping = CATALOGUE["daylio"]
    day = "2026-03-02,,Monday,21:15,good,reading | walk,,Fine\n"
    text = "full_date,date,weekday,time,mood,activities,note_title,note\n" + day * 1000
    assert len(mapping.apply(mapping.read({"daylio": text.encode()}).inputs, {}).resources) == 1000
