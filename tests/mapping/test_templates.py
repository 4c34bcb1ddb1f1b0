"""What each instruction of a template gives."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.mapping.faults import MappingRefusal
from gateway.mapping.mapping import Mapping
from gateway.mapping.model import Statement

Load = Callable[..., Mapping]
NOTE: dict[str, Any] = {
    "title": "Tuesday",
    "mood": 7,
    "weight": Decimal("70.50"),
    "private": False,
    "tags": ["calm", "tired"],
    "lines": [{"id": "1", "text": "Slept well.", "from": ["a", "b"]}, {"id": "2", "text": "Walked."}],
}


def made(mapping: Mapping, note: Any = NOTE) -> Any:
    return mapping.apply({"note": note}, {"id": "s-1"}).resources


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ note.title }}", "Tuesday"),
        ("{{ note.mood }}", 7),
        ("{{ note.weight }}", Decimal("70.50")),
        ("{{ note.private }}", False),
        ("{{ note.tags }}", "calm"),
        ("{[ note.tags ]}", ["calm", "tired"]),
        ("On {{ note.title }}: {{ note.mood }}", "On Tuesday: 7"),
        ("Private: {{ note.private }}", "Private: false"),
        ("{{ %session.id }}", "s-1"),
        ("{{ %context.note.title }}", "Tuesday"),
        ("plain", "plain"),
    ],
)
def test_a_text_gives_its_value(load: Load, text: str, value: Any) -> None:
    assert made(load(f'- {{x: "{text}"}}')) == [{"x": value}]


def test_decimals_keep_their_digits(load: Load) -> None:
    assert str(made(load('- {x: "{{ note.weight }}"}'))[0]["x"]) == "70.50"


def test_what_is_not_there_leaves_no_key_no_item_and_no_empty_object(load: Load) -> None:
    mapping = load('- {a: "{{ note.kind }}", b: ["{{ note.kind }}"], c: {d: "x {{ note.kind }}"}, e: 1}')
    assert made(mapping) == [{"e": 1}]


def test_a_plus_keeps_null_for_what_is_not_there(load: Load) -> None:
    assert made(load('- {a: "{{+ note.kind +}}"}')) == [{"a": None}]


def test_for_repeats_with_item_and_index(load: Load) -> None:
    mapping = load("""
        - "{% for n, line in note.lines %}":
            n: "{{ %n }}"
            text: "{{ %line.text }}"
    """)
    assert made(mapping) == [{"n": 0, "text": "Slept well."}, {"n": 1, "text": "Walked."}]


def test_a_context_block_moves_the_root(load: Load) -> None:
    mapping = load('- {all: {"{{ note.lines }}": "{{ text }}"}}')
    assert made(mapping) == [{"all": ["Slept well.", "Walked."]}]


def test_if_and_else_choose_and_merge_into_their_object(load: Load) -> None:
    mapping = load("""
        - a: 1
          "{% if note.mood > 5 %}": {feels: good}
          "{% else %}": {feels: bad}
    """)
    assert made(mapping) == [{"a": 1, "feels": "good"}]
    assert made(mapping, {**NOTE, "mood": 2}) == [{"a": 1, "feels": "bad"}]
    assert made(mapping, {"title": "no mood"}) == [{"a": 1, "feels": "bad"}]


def test_merge_joins_objects(load: Load) -> None:
    mapping = load("""
        - a: 1
          b: 1
          "{% merge %}":
            - {b: 2}
            - "{% if note.private %}": {c: 3}
    """)
    assert made(mapping) == [{"a": 1, "b": 2}]


def test_assigned_names_are_known_below_and_to_each_other(load: Load) -> None:
    mapping = load("""
        - "{% assign %}":
            - names: [{code: calm, title: At ease}]
            - first: "{{ %names.where(code = %context.note.tags.first()).title }}"
          x: "{{ %first }}"
    """)
    assert made(mapping) == [{"x": "At ease"}]


def test_a_constant_that_is_put_out_twice_is_not_shared(load: Load) -> None:
    mapping = load("""
        - "{% assign %}": {same: {code: one}}
          a: "{{ %same }}"
          b: "{{ %same }}"
    """)
    first = made(mapping)[0]
    first["a"]["code"] = "changed"
    assert first["b"] == {"code": "one"}
    assert made(mapping)[0]["a"] == {"code": "one"}


def test_evidence_leaves_no_key_but_a_statement_under_its_final_path(load: Load) -> None:
    mapping = load("""
        - "{% for t in note.tags %}": {tag: "{{ %t }}"}
        - part:
            - "{{ note.kind }}"
            - "{% for line in note.lines %}":
                "{% evidence %}": "%line.from"
                text: "{{ %line.text }}"
    """)
    mapped = mapping.apply({"note": {**NOTE, "tags": ["calm"]}}, {})
    assert mapped.resources[1] == {"part": [{"text": "Slept well."}, {"text": "Walked."}]}
    assert mapped.statements == [Statement(1, "part[0]", ("a", "b")), Statement(1, "part[1]", ())]


def test_evidence_survives_a_merge(load: Load) -> None:
    mapping = load("""
        - a: 1
          "{% merge %}":
            "{% evidence %}": note.tags
            text: "{{ note.title }}"
    """)
    assert mapping.apply({"note": NOTE}, {}).statements == [Statement(0, "", ("calm", "tired"))]


def test_an_object_without_content_is_no_statement(load: Load) -> None:
    mapping = load('- {a: 1, b: {"{% evidence %}": note.tags, text: "{{ note.kind }}"}}')
    mapped = mapping.apply({"note": NOTE}, {})
    assert (mapped.resources, mapped.statements) == ([{"a": 1}], [])


TALK = 'transcript:\n- "{% for l in talk %}": {id: "{{ %l.id }}", text: "{{ %l.text }}"}\n'


def test_the_transcript_is_given_as_segments(load: Load) -> None:
    mapping = load("- {a: 1}", TALK)
    (segment,) = mapping.apply({"talk": [{"id": "1", "text": "Hello"}]}, {}).transcript
    assert (segment.id, segment.text, segment.speaker, segment.start) == ("1", "Hello", None, None)


def test_two_segments_with_one_id_are_refused(load: Load) -> None:
    mapping = load("- {a: 1}", TALK)
    with pytest.raises(MappingRefusal) as refusal:
        mapping.apply({"talk": [{"id": "1", "text": "Hello"}, {"id": "1", "text": "World"}]}, {})
    assert [issue.code for issue in refusal.value.issues] == ["duplicate"]


@pytest.mark.parametrize("template", ['- {x: "a {{ note.lines }}"}', '- {"{% if note.tags %}": {x: 1}}'])
def test_what_cannot_be_filled_is_a_refusal_that_tells_no_value(load: Load, template: str) -> None:
    with pytest.raises(MappingRefusal) as refusal:
        made(load(template))
    assert "template[0]" in refusal.value.issues[0].text
    assert "Slept" not in str(refusal.value.issues)
