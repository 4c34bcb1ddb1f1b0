"""What patients write in their apps goes the whole road: submitted, reviewed, published as theirs and nobody else's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.profiles import Profiles
from gateway.mapping.examples import examples_of
from gateway.store.submissions import Part
from gateway.usecases import drafts, review
from gateway.usecases.submit import Payload, Receipt, submit
from tests.world import World

MAPPINGS = Path(__file__).parents[2] / "mappings"
APPS = ("apple-state-of-mind", "daylio", "exist", "mindlamp", "questionnaire-response", "quirk")
APP = {"name": "Diary app", "version": "4.2", "manufacturer": "Example Ltd"}


def sent(world: World, name: str, case: str = "full") -> Receipt:
    context: dict[str, Any] = {"patient": {"reference": f"Patient/{world.patient}"}, "source": APP}
    (example,) = (found for found in examples_of(MAPPINGS / name) if found.name == case)
    parts = {"context": dump(context), **example.parts}
    media = "application/octet-stream"  # what a part is, its mapping says
    payload = Payload(name, tuple(Part(part, media, data) for part, data in parts.items()))
    return submit(world.services, world.scribe, payload)


def approved(world: World, receipt: Receipt) -> list[dict[str, Any]]:
    """What the approval of a draft published, without the Provenance of it."""
    id = world.draft_of(receipt)
    digest = drafts.view(world.services, world.reviewer, id).draft.digest
    review.approve(world.services, world.reviewer, id, digest)
    return [item for item in world.published() if item["resourceType"] in ("Observation", "QuestionnaireResponse")]


@pytest.mark.parametrize("name", APPS)
def test_it_is_published_as_the_patients_own_words(strict_world: World, known_profiles: Profiles, name: str) -> None:
    entries = approved(strict_world, sent(strict_world, name))
    assert entries
    for entry in entries:
        labels = {coding["code"] for coding in entry["meta"]["security"]}
        assert "PATAST" in labels
        assert not labels & {"AIAST", "CLINAST"}
        assert entry["status"] in ("final", "completed")
        found = check(parse(json.dumps(entry).encode()), profiles=known_profiles)
        assert [issue.text for issue in found if issue.severity == "error"] == []


def test_no_device_of_an_ai_has_a_part_in_it(world: World) -> None:
    approved(world, sent(world, "daylio"))
    witnesses = [item for item in world.published() if item["resourceType"] == "Provenance"]
    assert witnesses
    assert "AIAST" not in json.dumps(witnesses)


def test_the_sender_and_the_reviewer_are_told_of_rows_that_were_left_out(world: World) -> None:
    receipt = sent(world, "daylio", "broken-rows")
    told = [each["place"] for each in json.loads(receipt.answer)["skipped"]]
    assert sorted(told) == [f"daylio:{line}" for line in range(4, 10)]
    dossier = drafts.view(world.services, world.reviewer, world.draft_of(receipt)).dossier
    assert [each.place for each in dossier.skipped] == told
