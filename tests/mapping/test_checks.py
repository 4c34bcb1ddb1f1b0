"""What a schema cannot say of a payload is asked by a check, and told by its place in the producer's payload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.mapping.faults import MappingFault, MappingRefusal
from gateway.mapping.loading import load_mapping

Write = Callable[..., Path]

TEMPLATE = '- a: "{{ note.title }}"'
TOTAL = """\
checks:
  - of: note.lines[*]
    holds: "from.count() = text.length()"
    at: text
    says: The text is not as long as its list.
"""


def refusals(write: Write, checks: str, payload: dict[str, Any]) -> list[tuple[str | None, str]]:
    mapping = load_mapping(write(TEMPLATE, rest=checks))
    try:
        mapping.apply(payload, {})
    except MappingRefusal as refusal:
        return [(issue.expression, issue.code) for issue in refusal.issues]
    return []


def test_each_item_that_does_not_hold_is_told_by_its_place(write: Write) -> None:
    lines = [{"text": "ab", "from": ["x"]}, {"text": "a", "from": ["x"]}, {"text": "", "from": ["x"]}]
    found = refusals(write, TOTAL, {"note": {"title": "t", "lines": lines}})
    assert found == [("note.lines[0].text", "invariant"), ("note.lines[2].text", "invariant")]


def test_what_is_not_there_is_not_asked(write: Write) -> None:
    assert refusals(write, TOTAL, {"note": {"title": "t"}}) == []


def test_an_expression_that_does_not_fit_the_data_does_not_hold(write: Write) -> None:
    lines = [{"from": ["x", "y"]}]
    found = refusals(
        write, TOTAL.replace("from.count() = text.length()", "from > 1"), {"note": {"lines": lines, "title": "t"}}
    )
    assert found == [("note.lines[0].text", "invariant")]


def test_a_check_sees_the_whole_payload(write: Write) -> None:
    checks = """\
checks:
  - of: note.tags[*]
    holds: "%context.note.lines.id.where($this = %context.note.title).exists()"
    says: No line has the note's title as its id.
"""
    assert refusals(write, checks, {"note": {"title": "t", "tags": ["x"], "lines": [{"id": "t"}]}}) == []
    assert refusals(write, checks, {"note": {"title": "t", "tags": ["x"]}}) == [("note.tags[0]", "invariant")]


def test_numbers_are_added_up(write: Write) -> None:
    checks = 'checks:\n  - {of: note, holds: "(mood | weight).sum() = 5.5", at: weight, says: Not in all 5.5.}\n'
    assert refusals(write, checks, {"note": {"title": "t", "mood": 4, "weight": 2}}) == [("note.weight", "invariant")]
    assert refusals(write, checks, {"note": {"title": "t", "mood": 5}}) == [("note.weight", "invariant")]


@pytest.mark.parametrize(
    "checks",
    [
        "checks:\n  - {of: note.words, holds: 'true', says: x}",
        "checks:\n  - {of: note, holds: 'true', at: words, says: x}",
        "checks:\n  - {of: note, holds: 'true', at: 'lines[*]', says: x}",
        "checks:\n  - {of: note, holds: 'words.exists()', says: x}",
        "checks:\n  - {of: note, holds: 'title =', says: x}",
        "checks:\n  - {of: note, holds: 'true'}",
        "checks:\n  - {of: note, holds: 'true', says: 1}",
        "checks:\n  - {of: note, holds: 'true', says: x, why: y}",
        "checks:\n  - {of: 'note..x', holds: 'true', says: x}",
    ],
)
def test_a_check_that_cannot_be_asked_does_not_load(write: Write, checks: str) -> None:
    with pytest.raises(MappingFault) as fault:
        load_mapping(write(TEMPLATE, rest=checks))
    assert fault.value.place.startswith("checks[0]")


def test_a_check_knows_what_was_passed_on_the_way(write: Write) -> None:
    checks = """\
    checks:
      - of: note.lines[*].from[*]
        holds: "$this = %lines.id and %note.title.exists()"
        says: It is not from its own line.
    """
    lines = [{"id": "a", "from": ["a", "b"]}, {"id": "b", "from": ["b"]}]
    assert refusals(write, checks, {"note": {"title": "t", "lines": lines}}) == [("note.lines[0].from[1]", "invariant")]
