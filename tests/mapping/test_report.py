"""`gateway mapping check` and `gateway mapping try`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping.examples import parts_of
from gateway.mapping.loading import load_mapping
from gateway.mapping.report import check_folder, try_mapping, try_parts

Write = Callable[..., Path]
TEMPLATE = """
- resourceType: Composition
  status: preliminary
  type: {text: Note}
  title: "{{ note.title }}"
"""


@pytest.fixture
def folder(write: Write) -> Path:
    folder = write(TEMPLATE)
    example(folder, "good", note={"title": "Tuesday"})
    return folder


def example(folder: Path, name: str, **files: Any) -> None:
    place = folder / "examples" / name
    place.mkdir(parents=True)
    for file, content in files.items():
        (place / f"{file}.json").write_text(json.dumps(content))


def findings(folder: Path) -> list[tuple[str, str]]:
    return [(finding.place, finding.text) for finding in check_folder(folder)]


def test_a_sound_mapping_with_sound_examples_has_no_findings(folder: Path) -> None:
    example(folder, "broken", note={}, refused=[{"expression": "note.title", "code": "required"}])
    output = [{"resourceType": "Composition", "status": "preliminary", "type": {"text": "Note"}, "title": "Wednesday"}]
    example(folder, "exact", note={"title": "Wednesday"}, output=output)
    assert check_folder(folder) == check_folder(folder.parent) == []


def test_a_mapping_that_does_not_load_is_found_with_its_line(folder: Path) -> None:
    file = folder / "mapping.yaml"
    file.write_text(file.read_text().replace("status: preliminary", "status: final"))
    ((place, text),) = findings(folder)
    assert place == "notebook/mapping.yaml:11"
    assert "status must be written out" in text


def test_an_unmapped_value_of_an_example_is_found(folder: Path) -> None:
    example(folder, "more", note={"title": "t", "mood": 3})
    assert findings(folder) == [("examples/more", "note.mood is unmapped")]


def test_a_broken_example_that_goes_through_is_found(folder: Path) -> None:
    example(folder, "broken", note={"title": "t"}, refused=[{"expression": "note.title", "code": "required"}])
    assert findings(folder) == [("examples/broken", "marked as broken, but it goes through")]


def test_a_broken_example_must_be_refused_for_what_it_says(folder: Path) -> None:
    example(folder, "broken", note={"title": ""}, refused=[{"expression": "note.title", "code": "required"}])
    assert sorted(text for _, text in findings(folder)) == [
        "refused with an issue not expected at note.title (value)",
        "refused without the expected issue at note.title (required)",
    ]


def test_a_good_example_that_is_refused_is_found(folder: Path) -> None:
    example(folder, "refused", note={"title": 1})
    assert findings(folder) == [("examples/refused", "note.title note.title has the wrong type: string expected.")]


def test_an_output_that_differs_is_found(folder: Path) -> None:
    example(folder, "exact", note={"title": "t"}, output=[])
    assert findings(folder) == [("examples/exact", "the resources are not those of output.json")]


def test_a_resource_that_does_not_pass_the_door_is_found(write: Write) -> None:
    folder = write(TEMPLATE.replace("type: {text: Note}", "types: {text: Note}"))
    example(folder, "good", note={"title": "Tuesday"})
    assert any("Composition.type" in text for _, text in findings(folder))


def test_a_mapping_without_an_example_that_goes_through_is_found(write: Write) -> None:
    assert findings(write(TEMPLATE)) == [("examples", "there is no example that goes through")]


def test_an_example_that_is_no_json_is_found(folder: Path) -> None:
    (folder / "examples/good/note.json").write_text("{")
    assert [place for place, _ in findings(folder)] == ["examples/good"]


def test_what_an_example_expects_must_be_json(folder: Path) -> None:
    (folder / "examples/good/output.json").write_text("{")
    assert [place for place, _ in findings(folder)] == ["examples"]


def test_a_folder_without_mappings_is_found(tmp_path: Path) -> None:
    assert findings(tmp_path) == [("", "no mapping is here")]


def test_trying_shows_resources_coverage_and_issues(folder: Path) -> None:
    trial = try_parts(load_mapping(folder), parts_of([folder / "examples/good/note.json"]))
    assert trial.mapped.resources[0]["title"] == "Tuesday"
    assert [(leaf.place, leaf.state) for leaf in trial.coverage] == [("note.title", "mapped")]
    assert trial.issues == []


def test_trying_what_does_not_fit_shows_why(folder: Path) -> None:
    trial = try_mapping(load_mapping(folder), {"note": {}})
    assert [issue.expression for issue in trial.issues] == ["note.title"]
    assert trial.mapped.resources == []
