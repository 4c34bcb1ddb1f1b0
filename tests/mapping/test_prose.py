"""What scribes write, in Markdown, HTML or neither, is taken apart into plain paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mapping.prose import headed, paragraphs, plain


def test_markdown_is_parted_at_its_headings() -> None:
    text = "Seen by video.\n\n## Mood\nLow, **tired**\nsince May.\n\n### Sleep ##\n- four hours\n- wakes *early*\n"
    assert headed([text]) == [
        {"paragraphs": ["Seen by video."]},
        {"heading": "Mood", "paragraphs": ["Low, tired\nsince May."]},
        {"heading": "Sleep", "under": ["Mood"], "paragraphs": ["four hours", "wakes early"]},
    ]


def test_html_is_parted_at_its_headings() -> None:
    text = "<h2>Mood</h2><p>Low,\n tired &amp; tense</p><h3>Plan</h3><ul><li>walk</li><li><b>call</b> sister</li></ul>"
    assert headed([text]) == [
        {"heading": "Mood", "paragraphs": ["Low, tired & tense"]},
        {"heading": "Plan", "under": ["Mood"], "paragraphs": ["walk", "call sister"]},
    ]


def test_a_heading_of_headings_is_no_part_and_an_empty_one_stays() -> None:
    assert headed(["# Note\n## Plan\n### Sleep\n- no phone\n## Risk\n## Next\nMay"]) == [
        {"heading": "Sleep", "under": ["Note", "Plan"], "paragraphs": ["no phone"]},
        {"heading": "Risk", "under": ["Note"], "paragraphs": []},
        {"heading": "Next", "under": ["Note"], "paragraphs": ["May"]},
    ]


def test_a_line_that_is_all_bold_is_a_heading() -> None:
    assert headed(["**Plan:**\nrest"]) == headed(["**Plan**:\nrest"]) == [{"heading": "Plan", "paragraphs": ["rest"]}]


def test_each_item_of_a_list_is_a_paragraph_and_keeps_its_number() -> None:
    assert paragraphs(["1. Panic.\r\nTwice a week.\r\n2. Sleep.\r\n\r\nAfterwards\r\nbetter"]) == [
        "1. Panic.\nTwice a week.",
        "2. Sleep.",
        "Afterwards\nbetter",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "score < 5 and > 3, a<b, x <= y",
        "5 * 3 * 2, snake_case_name, 2**3 is not bold",
        "“Curly” quotes – and it’s fine…",
        "C:\\notes",
        "#nofilter is no heading",
        "fish & chips; 3 &lt 4",
    ],
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert plain([text]) == [text]


def test_markup_that_was_escaped_becomes_words_and_never_markup_again() -> None:
    assert plain(["<p>&lt;script&gt; was said</p><script>alert(1)</script>"]) == ["<script> was said"]


def test_what_says_nothing_gives_nothing() -> None:
    assert headed(["", "  \n", "<p> </p>", "---", 7, None]) == []


@given(st.text(alphabet=st.characters(exclude_characters="\\`*_{}[]()#+.!<>&-=•‣◦–", exclude_categories=["C", "Z"])))
def test_words_without_markup_are_kept_as_they_are(words: str) -> None:
    assert "".join(plain([words])) == words


@pytest.mark.parametrize(
    "unit", ["**a ", "<p ", "<script>", "_a ", "# ", "- ", "* ", "`a ", "\\", "&a", " ", " #", "<p> ", "**a\n"]
)
def test_no_text_takes_long(unit: str) -> None:
    """One that took time by the square of its length would not end here."""
    assert plain([unit * 40_000 + "x"])[0].endswith("x")
