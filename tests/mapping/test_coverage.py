"""Each value of a payload is mapped, ignored for a reason, or unmapped."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.mapping.mapping import Mapping

Load = Callable[..., Mapping]


def states(mapping: Mapping, inputs: dict[str, Any]) -> dict[str, str]:
    return {leaf.place: leaf.state for leaf in mapping.trace(inputs, {}).coverage or []}


@pytest.mark.parametrize(
    ("template", "note", "expected"),
    [
        ('- {x: "{{ note.title }}"}', {"title": "t", "mood": 3}, {"title": "mapped", "mood": "unmapped"}),
        ('- {x: "{{ note.title.narrative() }}"}', {"title": "t"}, {"title": "mapped"}),
        ('- {x: "{{ note.title.length() }}"}', {"title": "t"}, {"title": "mapped"}),
        ('- {x: "{{ note.tags.first() }}"}', {"title": "t", "tags": ["a", "a"]},
         {"title": "unmapped", "tags[0]": "mapped", "tags[1]": "unmapped"}),
        ('- {x: "{{ note.lines.where(secret = false).text }}"}',
         {"title": "t", "lines": [{"secret": True, "text": "a"}, {"secret": False, "text": "b"}]},
         {"title": "unmapped", "lines[0].secret": "mapped", "lines[0].text": "unmapped",
          "lines[1].secret": "mapped", "lines[1].text": "mapped"}),
        ('- {x: "{{ note.weight }}", y: "{{ note.mood }}"}', {"title": "t", "weight": Decimal("1.50"), "mood": 1},
         {"title": "unmapped", "weight": "mapped", "mood": "mapped"}),
        ('- {x: 1, "{% evidence %}": note.tags}', {"title": "t", "tags": ["a"]},
         {"title": "unmapped", "tags[0]": "mapped"}),
        ('- {"{% if note.private %}": {x: 1}}', {"title": "t", "private": True},
         {"title": "unmapped", "private": "mapped"}),
        ('- {x: "{{ note.extra }}"}', {"title": "t", "extra": {"a": {"b": None}, "c": "d"}},
         {"title": "unmapped", "extra.c": "mapped"}),
        ('- {x: 1}', {"title": "t", "newer": {"key": [1]}}, {"title": "unmapped", "newer.key[0]": "unmapped"}),
    ],
)  # fmt: skip
def test_a_leaf_is_mapped_when_it_makes_a_difference(
    load: Load, template: str, note: dict[str, Any], expected: dict[str, str]
) -> None:
    assert states(load(template), {"note": note}) == {f"note.{place}": state for place, state in expected.items()}


def test_what_is_ignored_is_told_with_its_reason(load: Load) -> None:
    ignored = """
        ignored:
        - {path: "note.lines[*].id", reason: numbers only}
        - {path: note.extra, reason: not ours}
    """
    mapping = load('- {x: "{{ note.lines.text }}"}', ignored)
    note = {"title": "t", "lines": [{"id": "1", "text": "a"}], "extra": {"deep": [1]}}
    found = {leaf.place: (leaf.state, leaf.reason) for leaf in mapping.trace({"note": note}, {}).coverage or []}
    assert found == {
        "note.title": ("unmapped", None),
        "note.lines[0].id": ("ignored", "numbers only"),
        "note.lines[0].text": ("mapped", None),
        "note.extra.deep[0]": ("ignored", "not ours"),
    }


def test_the_transcript_counts(load: Load) -> None:
    mapping = load("- {x: 1}", 'transcript:\n- "{% for l in talk %}": {id: "{{ %l.id }}", text: "{{ %l.text }}"}\n')
    talk = [{"id": "1", "text": "a", "secret": True}, {"id": "2", "text": "a", "secret": False}]
    assert list(states(mapping, {"talk": talk}).values()) == ["mapped", "mapped", "unmapped"] * 2


def test_the_everyday_way_does_not_pay_for_it(load: Load) -> None:
    assert load("- {x: 1}").apply({"note": {"title": "t"}}, {}).coverage is None


def test_tracing_leaves_the_payload_as_it_is(load: Load) -> None:
    inputs = {"note": {"title": "t", "tags": ["a"]}}
    load('- {x: "{{ note.title }}"}').trace(inputs, {})
    assert inputs == {"note": {"title": "t", "tags": ["a"]}}
