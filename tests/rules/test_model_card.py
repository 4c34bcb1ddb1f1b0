"""A model's card comes as source attributes, as CHAI's XML, as Markdown or as an address, and is read in whole."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from gateway.fhir.check import check
from gateway.rules.attribution import attributed, attribution_of
from gateway.rules.chai import ChaiFault, parse
from gateway.rules.model_card import card_faults, card_of, missing
from gateway.rules.source_attributes import ATTRIBUTES
from gateway.usecases.context import check_card
from tests.world import PROJECT, SHARED

MODEL = {"name": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd"}
CHAI = """<?xml version="1.0" encoding="UTF-16"?>
<AppliedModelCard xmlns="https://mc.chai.org/v0.1/schema.xsd">
  <BasicInfo><ModelName>Calm  Notes</ModelName><ModelDeveloper>Example Ltd</ModelDeveloper></BasicInfo>
  <ModelSummary><Summary>Writes notes.</Summary>
    <Keywords><Keyword>Notes</Keyword><Keyword>Sleep</Keyword></Keywords></ModelSummary>
  <Warnings><KnownRisksAndLimitations>May miss irony &amp; doubt.
# Not a heading</KnownRisksAndLimitations></Warnings>
  <TrustIngredients><AISystemFacts><ModelType/></AISystemFacts></TrustIngredients>
</AppliedModelCard>"""


def document(card: dict[str, Any]) -> dict[str, Any]:
    context = {"model": MODEL, "modelCard": card}
    _, resource = attributed(context, attribution_of(context, "clinic"), datetime(2026, 9, 1, tzinfo=UTC))
    return resource


def attachments(resource: dict[str, Any]) -> dict[str, str]:
    """What is attached, by its media type."""
    found = [content["attachment"] for content in resource["content"]]
    return {each["contentType"]: base64.b64decode(each["data"]).decode() for each in found}


def test_each_of_the_31_attributes_has_its_place_told_or_not() -> None:
    text = card_of({"dsi": {"developer": "Example Ltd, care@example.org"}}).texts["text/markdown"]
    assert len(ATTRIBUTES) == 31
    assert [text.count(f"### {title}\n") for title in ATTRIBUTES.values()] == [1] * 31
    assert "Example Ltd, care@example.org" in text
    assert text.count("*Not told.*") == 30
    assert len(missing({"developer": "x"})) == 30


def test_the_cards_that_producers_start_from_are_told_in_full() -> None:
    folder = PROJECT / "mappings" / "gateway" / "model-cards"
    attributes = json.loads((folder / "source-attributes.json").read_text())
    assert list(attributes) == list(ATTRIBUTES)
    chai = (folder / "chai.xml").read_text()
    for card in ({"dsi": attributes}, {"chai": chai}):
        assert check_card(card) == []
        assert check(document(card)) == []
        assert "*Not told.*" not in attachments(document(card))["text/markdown"]
    told = [words for element in parse(chai).walk() for words in element.text.splitlines()]
    markdown = attachments(document({"chai": chai}))["text/markdown"]
    assert len(told) > 40
    assert [words for words in told if words not in markdown] == []


def test_the_attributes_are_those_of_the_regulation() -> None:
    file = SHARED / "samples" / "dsi" / "dsi-source-attributes.json"
    if not file.exists():
        pytest.skip(f"{file} is not here")
    told = [each["id"] for group in json.loads(file.read_text())["predictive"] for each in group["attributes"]]
    assert list(ATTRIBUTES) == told


def test_a_chai_card_is_kept_as_it_came_and_told_in_markdown() -> None:
    resource = document({"chai": CHAI})
    assert check(resource) == []
    assert resource["description"] == "Calm Notes"
    assert [each["coding"][0]["code"] for each in resource["category"]] == [
        "AIModelCardMarkdownFormat",
        "AImodelCardCHAIformat",
    ]
    texts = attachments(resource)
    assert texts["application/xml"] == CHAI
    markdown = texts["text/markdown"]
    assert markdown.startswith("# Calm Notes\n")
    assert "**Model developer:** Example Ltd" in markdown
    assert "- Notes\n- Sleep" in markdown
    assert "May miss irony & doubt.  \n\\# Not a heading" in markdown


def test_every_word_of_a_real_chai_card_is_told() -> None:
    folder = SHARED / "samples" / "chai-model-card"
    if not folder.exists():
        pytest.skip(f"{folder} is not here")
    for file in folder.glob("*.xml"):
        xml = file.read_text()
        markdown = card_of({"chai": xml}).texts["text/markdown"].replace("\\", "")
        texts = [text.strip() for text in ElementTree.fromstring(xml).itertext() if text.strip()]
        assert len(texts) > 40
        assert [text for text in texts if text not in markdown] == []
        assert check(document({"chai": xml})) == []


@pytest.mark.spec("X-049")
@pytest.mark.parametrize(
    "xml",
    [
        "no xml",
        "<AppliedModelCard/>",
        CHAI.replace("mc.chai.org", "elsewhere.example"),
        CHAI.replace("AppliedModelCard", "Card"),
        CHAI.replace("</Warnings>", ""),
        re.sub(r">[^<]+<", "><", CHAI),
        CHAI.replace("<AppliedModelCard", '<!DOCTYPE AppliedModelCard [<!ENTITY a "aaaa">]><AppliedModelCard', 1),
        CHAI.replace(
            "<AppliedModelCard", '<!DOCTYPE AppliedModelCard SYSTEM "file:///etc/passwd"><AppliedModelCard', 1
        ),
        CHAI.replace("Writes notes.", "&unknown;"),
        CHAI.replace("Writes notes.", "<A>" * 20 + "x" + "</A>" * 20),
        CHAI.replace("Writes notes.", "<A>x</A>" * 3000),
    ],
    ids=str,
)
def test_what_is_no_chai_card_or_a_danger_is_refused(xml: str) -> None:
    with pytest.raises(ChaiFault):
        parse(xml)
    assert [(issue.expression, issue.code) for issue in card_faults({"chai": xml}, "modelCard")] == [
        ("modelCard.chai", "structure")
    ]


def test_a_makers_text_can_be_no_markup() -> None:
    said = "# Big\n- item\r2. second\r\n<script>\n[here](https://example.org) `code`\n2.0 and -5"
    text = card_of({"dsi": {"risks": said}}).texts["text/markdown"]
    assert (
        "\\# Big  \n\\- item  \n2\\. second  \n&lt;script>  \n\\[here](https://example.org) \\`code\\`  \n2.0 and -5"
        in text
    )


def test_a_text_with_many_blank_lines_is_read_once() -> None:
    said = "Above." + "\n" * 100_000 + "Below."
    assert "Below." in card_of({"dsi": {"risks": said}}).texts["text/markdown"]


def test_the_same_attributes_in_another_order_are_the_same_card() -> None:
    one, other = {"developer": "x", "funding": "y"}, {"funding": "y", "developer": "x"}
    assert document({"dsi": one})["id"] == document({"dsi": other})["id"]
    assert document({"dsi": one})["id"] != document({"dsi": {"developer": "x"}})["id"]


@pytest.mark.parametrize(
    ("card", "places"),
    [
        ({"dsi": {"developer": "x", "unknown": "y"}}, ["modelCard.dsi"]),
        ({"dsi": {"developer": " "}}, ["modelCard.dsi.developer"]),
        ({"dsi": {}}, ["modelCard.dsi"]),
        ({"dsi": {"developer": "x"}, "markdown": "# x"}, ["modelCard"]),
        ({}, ["modelCard"]),
        ({"chai": "<a/>"}, ["modelCard.chai"]),
        ({"chai": CHAI}, []),
    ],
)
def test_a_cards_faults_are_told_by_their_place(card: dict[str, Any], places: list[str]) -> None:
    assert [issue.expression for issue in check_card(card)] == places
