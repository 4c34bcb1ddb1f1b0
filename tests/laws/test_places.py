"""What is wrong with a submission is told by where it stands in the submission, not in what became of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.house import House

BELL = "a\u0007b"
MODEL = {"name": "Scribe", "version": "2.3.1", "manufacturer": "Example Ltd"}


def places(house: House, products: dict[str, Any], **context: Any) -> list[str]:
    parts = {"context": house.world.context() | context, "products": products}
    files = {name: (name, json.dumps(value), "application/json") for name, value in parts.items()}
    answer = house.ask("POST", "/submissions/gateway", house.scribe, files=files)
    assert answer.status_code == 422, answer.text
    assert BELL not in answer.text
    return [place for issue in answer.json()["issue"] for place in issue["expression"]]


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ({"model": MODEL | {"name": BELL}}, "context.model.name"),
        ({"prompt": {"text": BELL, "version": "1"}}, "context.prompt.text"),
        ({"prompt": {"text": "Sum up.", "version": BELL}}, "context.prompt.version"),
        ({"modelCard": {"markdown": "# Card", "title": BELL}}, "context.modelCard.title"),
        ({"modelCard": {"dsi": {"developer": BELL}}}, "context.modelCard.dsi.developer"),
        ({"source": {"name": BELL, "version": "1", "manufacturer": "X"}}, "context.source.name"),
        ({"session": {"id": "s", "start": "0000-01-01T00:00:00Z"}}, "context.session.start"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_of_the_context(house: House, context: dict[str, Any], place: str) -> None:
    assert places(house, {"themes": [{"text": "Rest"}]}, **context) == [place]


@pytest.mark.parametrize(
    ("products", "place"),
    [
        ({"homework": [{"title": "A walk", "due": "0000-05-01"}]}, "products.homework[0]"),
        ({"moods": [{"id": "m", "at": "0000-09-19T20:00:00Z", "label": "calm"}]}, "products.moods[0]"),
    ],
    ids=["a date of no year", "a moment of no year"],
)
def test_a_fault_of_what_came(house: House, products: dict[str, Any], place: str) -> None:
    assert set(places(house, products)) == {place}


def test_a_list_that_is_too_long(house: House) -> None:
    assert places(house, {"themes": [{"text": f"Theme {number}"} for number in range(1_001)]}) == ["products.themes"]
