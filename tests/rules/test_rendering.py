"""How a document reads, as narrative and as plain text."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.rules.narrative import div, element, text_of
from gateway.rules.rendering import narrative, plain_text

PATIENT = {"resourceType": "Patient", "name": [{"given": ["Sam"], "family": "Rivers <&>"}], "birthDate": "1990-01-02"}
GRACE = {"resourceType": "Practitioner", "name": [{"given": ["Grace"], "family": "Okafor"}]}
COMPANIONS: dict[str, dict[str, Any]] = {
    "Patient/p": PATIENT,
    "Practitioner/g": GRACE,
    "Device/d": {"resourceType": "Device", "deviceName": [{"name": "Scribe"}], "version": [{"value": "2.3.1"}]},
    "Organization/o": {"resourceType": "Organization", "name": "Harbour Clinic"},
}


def sentence(text: str) -> dict[str, Any]:
    return {"text": {"status": "generated", "div": div(element("p", text))}}


@pytest.fixture
def note() -> dict[str, Any]:
    return {
        "title": "Session summary",
        "status": "preliminary",
        "subject": {"reference": "Patient/p"},
        "author": [{"reference": "Device/d"}],
        "custodian": {"reference": "Organization/o"},
        "event": [{"period": {"start": "2026-09-01T14:00:00Z", "end": "2026-09-01T14:50:00Z"}}],
        "section": [{"title": "Behavior", "section": [sentence("Sleeps five hours."), sentence("Walks\nto work.")]}],
    }


def test_the_plain_text_is_the_whole_note(note: dict[str, Any]) -> None:
    assert plain_text(note, COMPANIONS).splitlines() == [
        "Session summary",
        "===============",
        "Patient: Sam Rivers <&>, born 1990-01-02",
        "Session: 2026-09-01 14:00 to 14:50 (UTC)",
        "Written by an AI model: Scribe 2.3.1",
        "Draft: not yet reviewed by a clinician",
        "Record kept by: Harbour Clinic",
        "",
        "Behavior",
        "--------",
        "- Sleeps five hours.",
        "- Walks",
        "  to work.",
    ]


def test_the_narrative_is_its_head_and_leaves_the_sentences_to_the_sections(note: dict[str, Any]) -> None:
    text = text_of(narrative(note, COMPANIONS)["div"]).splitlines()
    assert text == ["Session summary", *plain_text(note, COMPANIONS).splitlines()[2:7]]


def test_names_are_escaped_in_the_narrative(note: dict[str, Any]) -> None:
    assert "Sam Rivers &lt;&amp;&gt;" in narrative(note, COMPANIONS)["div"]


def test_it_says_who_edited_and_who_approved(note: dict[str, Any]) -> None:
    grace = {"reference": "Practitioner/g"}
    note["author"].append(grace)
    note["attester"] = [{"mode": "legal", "time": "2026-09-02T08:05:00.000Z", "party": grace}]
    lines = plain_text(note, COMPANIONS).splitlines()
    assert "Edited by: Grace Okafor" in lines
    assert "Reviewed and approved by: Grace Okafor, 2026-09-02 08:05 UTC" in lines
    assert not any(line.startswith("Draft") for line in lines)


def test_it_says_that_it_was_corrected(note: dict[str, Any]) -> None:
    assert not any(line.startswith("Corrected") for line in plain_text(note, COMPANIONS).splitlines())
    lines = plain_text(note | {"status": "amended"}, COMPANIONS).splitlines()
    assert "Corrected: it replaces the version before, as the patient asked" in lines


def test_a_patient_without_a_name_or_birth_date_is_not_made_up(note: dict[str, Any]) -> None:
    assert "Patient: not named" in plain_text(note, COMPANIONS | {"Patient/p": {"resourceType": "Patient"}})
