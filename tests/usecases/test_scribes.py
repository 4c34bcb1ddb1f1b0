"""The notes of every scribe go the whole road: submitted, approved, published under the right name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.mapping.examples import examples_of
from gateway.store.submissions import Part
from gateway.usecases import drafts, review
from gateway.usecases.submit import Payload, submit
from tests.world import World

MAPPINGS = Path(__file__).parents[2] / "mappings"
SCRIBES = ("blueprint", "canvas-hyperscribe", "corti", "dragon-copilot", "heidi", "nabla", "suki", "upheal")


def published(world: World, scribe: str) -> list[dict[str, Any]]:
    """What comes of approving the full example of a scribe as it is."""
    (example,) = (each for each in examples_of(MAPPINGS / scribe) if each.name == "full")
    parts = {"context": dump(world.context())} | example.parts
    payload = Payload(scribe, tuple(Part(name, "application/octet-stream", data) for name, data in parts.items()))
    draft = world.draft_of(submit(world.services, world.scribe, payload))
    digest = drafts.view(world.services, world.reviewer, draft).draft.digest
    review.approve(world.services, world.reviewer, draft, digest)
    return world.published()


def of_type(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in found if each["resourceType"] == kind]


def labels(element: dict[str, Any]) -> set[str]:
    return {extension["valueCoding"]["code"] for extension in element.get("extension", ())}


@pytest.mark.parametrize("scribe", SCRIBES)
def test_what_a_scribe_wrote_is_published_and_valid(world: World, scribe: str) -> None:
    found = published(world, scribe)
    assert len(of_type(found, "Composition")) == 1
    assert [issue for each in found for issue in check(parse(dump(each)), profiles=world.services.profiles)] == []


def test_a_fact_a_person_added_is_not_told_to_be_an_ais(world: World) -> None:
    (note,) = of_type(published(world, "corti"), "Composition")
    facts = {
        section["title"]: labels(section["section"][0])
        for section in note["section"]
        if section["title"].startswith("Facts")
    }
    assert "CLINAST" in facts["Facts: medications"] and "AIAST" not in facts["Facts: medications"]
    assert "AIAST" in facts["Facts: allergies"]


def test_a_handout_of_heidi_is_published_beside_the_note(world: World) -> None:
    handouts = [
        each
        for each in of_type(published(world, "heidi"), "DocumentReference")
        if each["description"] == "Sleep handout"
    ]
    assert [(each["docStatus"], each["content"][0]["attachment"]["contentType"]) for each in handouts] == [
        ("final", "text/plain;charset=utf-8")
    ]
