"""A Device per model and version; cards and prompts beside it; the same submitted twice is the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.labels import confidentiality_of
from gateway.rules.attribution import attributed, attribution_of

AT = datetime(2026, 9, 1, tzinfo=UTC)
CONTEXT: dict[str, Any] = {
    "model": {"name": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd", "kinds": ["AI-for-Audio-Data"]},
    "modelCard": {"markdown": "# Card"},
    "prompt": {"text": "Summarise.\n", "version": "14"},
}


def test_all_three_are_valid_and_refer_to_each_other() -> None:
    attribution = attribution_of(CONTEXT, "clinic")
    device, card, prompt = attributed(CONTEXT, attribution, AT)
    assert [check(each) for each in (device, card, prompt)] == [[], [], []]
    assert device["extension"][1]["valueReference"]["reference"] == f"DocumentReference/{card['id']}"
    assert card["subject"]["reference"] == f"Device/{device['id']}"


def test_a_prompt_is_for_its_custodian_a_model_for_all() -> None:
    made = attributed(CONTEXT, attribution_of(CONTEXT, "clinic"), AT)
    assert [confidentiality_of(each) for each in made] == ["N", "N", "R"]


def test_what_is_not_given_is_not_made() -> None:
    context = {"model": CONTEXT["model"]}
    assert [each["resourceType"] for each in attributed(context, attribution_of(context, "clinic"), AT)] == ["Device"]


@pytest.mark.parametrize("part", ["name", "version", "manufacturer"])
def test_another_model_version_or_maker_is_another_device(part: str) -> None:
    other = CONTEXT | {"model": CONTEXT["model"] | {part: "else"}}
    first, second = attribution_of(CONTEXT, "clinic"), attribution_of(other, "clinic")
    assert first.device_id != second.device_id
    assert first == attribution_of(CONTEXT, "clinic")


def test_each_custodian_has_a_device_of_its_own() -> None:
    assert attribution_of(CONTEXT, "clinic").device_id != attribution_of(CONTEXT, "practice").device_id


def test_another_prompt_is_another_resource_for_the_same_device() -> None:
    other = CONTEXT | {"prompt": {"text": "Summarise briefly.", "version": "14"}}
    first, second = attribution_of(CONTEXT, "clinic"), attribution_of(other, "clinic")
    assert first.device_id == second.device_id
    assert first.prompt_id != second.prompt_id
