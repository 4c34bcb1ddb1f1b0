"""Homework as an approval assigns it, on the way a producer takes; and an app that tells how it goes."""

from __future__ import annotations

import json
from typing import Any

from tests.house import House
from tests.writers import put

DIARY = {"homework": [{"id": "diary", "title": "Diary", "instructions": "Write down three moments of calm."}]}


def homework(house: House) -> dict[str, Any]:
    """The Task of an approved assignment, as it is served."""
    context = house.world.context(f"s-{len(house.rows('SELECT 1 FROM draft'))}")
    parts = {"context": context, "products": DIARY}
    files = {name: (name, json.dumps(value), "application/json") for name, value in parts.items()}
    answer = house.ask("POST", "/submissions/gateway", house.scribe, files=files)
    assert answer.status_code == 201, answer.text
    made = house.approve(answer.json()["draft"])
    task: dict[str, Any] = house.get(f"/fhir/Task/{made['Task']}", house.own_ehr).json()
    return task


def after(house: House, task: dict[str, Any], app: str, **told: Any) -> dict[str, Any]:
    """The Task once the app has told something."""
    answer = put(house, task | told, app)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def brought(house: House, app: str, *statuses: str) -> dict[str, Any]:
    """Homework that the app has brought there step by step."""
    task = homework(house)
    for status in statuses:
        task = after(house, task, app, status=status)
    return task
