"""A Composition filled with statements: every sentence at an address of its own, sections in the machine's order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.rules.composition import Outline, fill, outline, walk
from gateway.rules.entries import Mark
from gateway.rules.evidence import Origin, Statement
from gateway.rules.narrative import div, element, text_of


def section(text: str) -> dict[str, Any]:
    return {"text": {"status": "generated", "div": div(element("p", text))}}


MADE = {
    "resourceType": "Composition",
    "title": "Note",
    "section": [
        {"title": "Behaviour", "section": [section("One."), section("Two.")]},
        {"title": "Plan", "section": [section("Three.")]},
        {"title": "Risk", "emptyReason": {"text": "none written"}, **section("Nothing was written.")},
    ],
}
MARKED = [
    Mark("section[0].section[0]", ("a", "a", "b"), Origin.MACHINE),
    Mark("section[0].section[1]", (), Origin.MACHINE),
    Mark("section[1].section[0]", ("c",), Origin.MACHINE),
]


@pytest.fixture
def note() -> Outline:
    return outline(MADE, MARKED)


def shape(composition: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(depth, node["id"], node.get("title", "")) for depth, node in walk(composition)]


def test_every_sentence_gets_an_address_and_its_evidence_once(note: Outline) -> None:
    assert [(each.id, each.section, each.text, each.evidence) for each in note.statements] == [
        ("s1", "c1", "One.", ("a", "b")),
        ("s2", "c1", "Two.", ()),
        ("s3", "c2", "Three.", ("c",)),
    ]


def test_what_the_mapping_gave_is_left_as_it_was(note: Outline) -> None:
    assert "id" not in MADE["section"][0]
    assert next(iter(note.composition["section"][0])) == "id"


def test_sections_that_can_take_a_statement_are_named(note: Outline) -> None:
    assert note.sections == {"c1": "Behaviour", "c2": "Plan", "c3": "Risk"}


def test_filled_with_the_machines_statements_it_is_what_the_machine_wrote(note: Outline) -> None:
    assert fill(note, note.statements) == note.composition


def test_a_section_left_without_statements_goes(note: Outline) -> None:
    assert shape(fill(note, note.statements[:1])) == [(1, "c1", "Behaviour"), (2, "s1", ""), (1, "c3", "Risk")]


def test_a_statement_in_an_empty_section_takes_the_place_of_its_reason(note: Outline) -> None:
    own = Statement("r2-1", "c3", "Safe today.", Origin.HUMAN, by="grace")
    risk = fill(note, (*note.statements, own))["section"][2]
    assert "emptyReason" not in risk
    assert "text" not in risk
    assert text_of(risk["section"][0]["text"]["div"]) == "Safe today."


def test_her_words_are_escaped_and_read_back_as_she_wrote_them(note: Outline) -> None:
    words = "a < b & <script>alert(1)</script>\nsecond line"
    changed = replace(note.statements[0], text=words, origin=Origin.REVISION, by="grace")
    text = fill(note, [changed])["section"][0]["section"][0]["text"]
    assert "<script" not in text["div"]
    assert text_of(text["div"]) == words


def test_a_statement_that_stands_nowhere_is_a_fault_of_the_mapping() -> None:
    with pytest.raises(ValueError, match="section"):
        outline(MADE, [Mark("title", (), Origin.MACHINE)])
