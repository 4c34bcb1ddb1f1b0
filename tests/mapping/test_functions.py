"""The two functions of our own."""

from __future__ import annotations

import pytest

from gateway.mapping.functions import narrative, title


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
