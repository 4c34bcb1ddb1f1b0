"""A long template stands in several files beside the mapping's own, and is one template all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.mapping.faults import MappingFault, MappingRefusal
from gateway.mapping.loading import load_mapping

Write = Callable[..., Path]


def pieces(write: Write, template: str, **files: str) -> Path:
    folder = write(template)
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(content, "utf-8")
    return folder


def test_resources_come_in_the_order_of_the_files(write: Write) -> None:
    folder = pieces(
        write,
        '- first.yaml\n- a: "{{ note.title }}"\n- second.yaml',
        first="- b: 1\n- b: 2",
        second='- c: "{{ note.mood }}"',
    )
    made = load_mapping(folder).apply({"note": {"title": "t", "mood": 3}}, {}).resources
    assert made == [{"b": 1}, {"b": 2}, {"a": "t"}, {"c": 3}]


def test_a_change_of_any_file_is_another_mapping(write: Write) -> None:
    folder = pieces(write, "- first.yaml", first="- b: 1")
    before = load_mapping(folder).digest
    (folder / "first.yaml").write_text("- b: 2", "utf-8")
    assert load_mapping(folder).digest != before


def test_names_and_references_reach_from_file_to_file(write: Write) -> None:
    folder = pieces(
        write,
        "- first.yaml\n- second.yaml",
        first='- "{% name %}": one\n  a: 1',
        second="- b: {reference: local:one}",
    )
    assert load_mapping(folder).apply({"note": {"title": "t"}}, {}).resources[1] == {"b": {"reference": "local:one"}}


def test_a_fault_names_the_file_and_its_line(write: Write) -> None:
    with pytest.raises(MappingFault) as fault:
        load_mapping(pieces(write, "- first.yaml", first='- a: 1\n- b:\n    c: "{{ note.titel }}"'))
    assert (fault.value.file, fault.value.line) == ("notebook/first.yaml", 3)
    assert fault.value.place == "first[1].b.c"


def test_a_payload_that_does_not_fit_is_told_the_file(write: Write) -> None:
    folder = pieces(write, "- first.yaml", first='- b: {reference: "local:{{ note.title }}"}')
    with pytest.raises(MappingRefusal) as refusal:
        load_mapping(folder).apply({"note": {"title": "nobody"}}, {})
    assert "first[0].b.reference" in str(refusal.value.issues[0].text)


@pytest.mark.parametrize(
    ("template", "files"),
    [
        ("- nowhere.yaml", {}),
        ("- ../notebook/first.yaml", {"first": "- b: 1"}),
        ("- mapping.yaml", {}),
        ("- first", {"first": "- b: 1"}),
        ("- first.yaml", {"first": "b: 1"}),
        ("- first.yaml", {"first": "- second.yaml", "second": "- b: 1"}),
        ("- first.yaml", {"first": "- id: 1"}),
    ],
)
def test_what_is_no_piece_of_a_template_does_not_load(write: Write, template: str, files: dict[str, str]) -> None:
    with pytest.raises(MappingFault):
        load_mapping(pieces(write, template, **files))
