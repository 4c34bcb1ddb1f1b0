"""Law 5: values from a payload are never read as a template, a path, SQL, HTML or a log format."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.house import House
from tests.world import transcript

NASTY = [
    "{{ %secret }}",
    "{% assign x = 'y' %}{{ x }}",
    "<script>alert(1)</script>",
    "</p></div><img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; &#x3c;i&#x3e; ]]> <!-- -->",
    "'; DROP TABLE resource;--",
    '" OR 1=1 /*',
    "%s %n %(asctime)s {0} {event!r} ${jndi:ldap://x/a} $(id) `id`",
    "Patient.name.given | %resource.descendants().select(text)",
    "../../etc/passwd\\..\\x",
    "[bold red]markup[/] \\[x] :smile:",
    "a\u202eb\u200bc é̩ 𝕏 \U0001f6b2",
]
ALL = " ".join(NASTY)
NAME = " ".join(NASTY[:4])


def nasty_summary() -> dict[str, Any]:
    sentences = [{"SummarizedSegment": text, "EvidenceLinks": [{"SegmentId": text}]} for text in NASTY]
    return {"ClinicalDocumentation": {"Sections": [{"SectionName": ALL, "Summary": sentences}]}}


def nasty_transcript() -> dict[str, Any]:
    spoken = transcript(*NASTY)
    for segment, text in zip(spoken["Conversation"]["TranscriptSegments"], NASTY, strict=True):
        segment["Content"] = text
    return spoken


@pytest.fixture
def draft(house: House) -> str:
    """A draft whose producer filled every free field with what some interpreter somewhere would act on."""
    model = {"name": NAME, "version": NASTY[0], "manufacturer": NASTY[5]}
    card = {"markdown": ALL, "title": NASTY[3]}
    prompt = {"text": ALL, "version": NASTY[7]}
    return house.draft(
        NASTY[5], summary=nasty_summary(), transcript=nasty_transcript(), model=model, modelCard=card, prompt=prompt
    )


def words(div: str) -> str:
    """The text of a narrative, which must be well-formed and hold nothing but paragraphs."""
    tree = ElementTree.fromstring(div)
    tags = {element.tag.removeprefix("{http://www.w3.org/1999/xhtml}") for element in tree.iter()}
    assert tags <= {"div", "p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "br", "b", "table", "tr", "td", "th"}, tags
    return "".join(tree.itertext())


def statements_of(composition: dict[str, Any]) -> list[str]:
    return [words(entry["text"]["div"]) for section in composition["section"] for entry in section["section"]]


def test_the_reviewer_reads_them_as_they_are(house: House, draft: str) -> None:
    view = house.view(draft).json()
    assert [statement["text"] for statement in view["statements"]] == NASTY
    assert [line["text"] for statement in view["statements"] for line in statement["evidence"]] == NASTY


@pytest.mark.spec("X-048")
def test_the_page_shows_them_as_text(house: House, draft: str) -> None:
    page = house.http.get(f"/pages/reviews/{draft}", headers={"Cookie": f"__Host-gateway={house.clinician}"})
    assert page.status_code == 200
    for code in ("<script>alert", "<img src=x", "</p></div><img"):
        assert code not in page.text
    shown = html.unescape(page.text)
    for text in NASTY:
        assert text in shown, text


def test_they_are_published_as_they_are_and_escaped_in_the_narrative(house: House, draft: str) -> None:
    made = house.approve(draft)
    composition = house.get(f"/fhir/Composition/{made['Composition']}", house.own_ehr).json()
    assert statements_of(composition) == NASTY
    assert NAME in words(composition["text"]["div"])
    document = house.get(f"/fhir/DocumentReference/{made['DocumentReference']}", house.own_ehr).json()
    plain, whole = (base64.b64decode(content["attachment"]["data"]).decode() for content in document["content"])
    assert all(text in plain for text in NASTY)
    assert statements_of(json.loads(whole)["entry"][0]["resource"]) == NASTY
    device = house.found("/fhir/Device", house.own_ehr)[0]
    assert device["deviceName"][0]["name"] == NAME


def test_a_clinicians_own_words_are_text_as_well(house: House) -> None:
    draft = house.draft()
    house.rewrite(draft, *NASTY[:3])
    composition = house.approve(draft)["Composition"]
    found = house.get(f"/fhir/Composition/{composition}", house.own_ehr).json()
    assert statements_of(found)[:3] == NASTY[:3]
    lineage = house.get(f"/lineage/Composition/{composition}", house.auditor).json()
    assert [statement["text"] for statement in lineage["statements"]][:3] == NASTY[:3]


@pytest.mark.spec("X-046")
def test_they_reach_no_statement_of_the_database(house: House, draft: str) -> None:
    """Searching for them compares them, whatever they look like: every table is there afterwards as before."""
    house.approve(draft)
    documents = house.found("/fhir/DocumentReference", house.own_ehr)
    before = set(house.tables())
    for text in (*NASTY, *(document["description"] for document in documents)):
        query = str(httpx.QueryParams({"description:exact": text}))
        found = house.found(f"/fhir/DocumentReference?{query.replace('%2C', '%5C%2C')}", house.own_ehr)
        assert found == [document for document in documents if document["description"] == text], text
        for parameter in ("_id", "type", "date", "patient", "_sort", "_include", "_count", "_page", text):
            answer = house.ask("GET", "/fhir/DocumentReference", house.own_ehr, params={parameter: text})
            assert answer.status_code in (200, 400), (parameter, text)
            assert not answer.json().get("entry"), (parameter, text)
    assert set(house.tables()) == before
    assert len(house.found("/fhir/DocumentReference", house.own_ehr)) == len(documents) == 3


def test_a_reason_a_key_and_a_request_id_are_text_too(house: House) -> None:
    draft = house.draft()
    assert house.step(draft, "return", body={"reason": ALL}).status_code == 200
    assert house.view(draft).json()["reason"] == ALL
    headers = {"X-Request-ID": "a b%n{0}"}
    answer = house.ask("GET", "/fhir/Patient", house.own_ehr, headers=headers)
    assert answer.headers["x-request-id"] not in ("", headers["X-Request-ID"])
