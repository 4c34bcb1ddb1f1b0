"""Functions of our own: headings, markup, members."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.mapping.functions import narrative, title
from gateway.mapping.members import member, order_by


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("SECTION_NAMES_LIKE_THIS", "Section names like this"),
        ("PLAN", "Plan"),
        ("CHIEF COMPLAINT", "Chief complaint"),
        ("Safety & support", "Safety & support"),
        ("  Mixed_Case ", "Mixed_Case"),
        ("ÜBUNG_1", "Übung 1"),
        ("A\x00B", "A\ufffdb"),
    ],
)
def test_a_name_becomes_a_heading(name: str, heading: str) -> None:
    assert title([name]) == [heading]


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("One line.", "<p>One line.</p>"),
        ("One.\n\n  Two. ", "<p>One.</p><p>Two.</p>"),
        ("a < b & \"c\" > 'd'", "<p>a &lt; b &amp; \"c\" &gt; 'd'</p>"),
        ("bell\x07", "<p>bell\ufffd</p>"),
    ],
)
def test_a_text_becomes_a_narrative(text: str, paragraphs: str) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'
    assert narrative([text]) == [{"status": "generated", "div": div}]


def test_blank_text_and_what_is_no_text_give_nothing() -> None:
    assert narrative(["  \n ", 1, None]) == []
    assert title(["", 1]) == []


def test_a_member_is_found_by_a_name_the_payload_gives() -> None:
    texts = {"a": "one", "b": ["two", "three"], "c": None}
    assert [member([texts], [name]) for name in ("a", "b", "c", "d")] == [["one"], ["two", "three"], [], []]
    assert member([texts, "a"], []) == member(["a"], ["a"]) == []


def test_objects_are_put_in_the_order_of_a_number() -> None:
    objects = [{"n": 2}, {"m": 1}, {"n": Decimal("0.5"), "first": 1}, {"n": True}, {"n": Decimal("0.5")}]
    assert order_by(objects, ["n"]) == [objects[2], objects[4], objects[0], objects[1], objects[3]]
    assert order_by(objects, []) == objects
