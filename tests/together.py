"""A session of a couple or a group, as a producer hands it in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from tests.house import House
from tests.world import SUMMARY, TRANSCRIPT


def together(
    house: House,
    *whom: Any,
    session: str = "s-1",
    mapping: str = "aws-healthscribe",
    spoken: Any = TRANSCRIPT,
    parts: Mapping[str, Any] | None = None,
) -> httpx.Response:
    """A session of several; of Sam and Kim, if nobody else is named. `parts` in the place of a summary."""
    both = [{"reference": f"Patient/{id}"} for id in (house.world.patient, house.cast.neighbour)]
    context = house.world.context(session) | {"patients": list(whom) or both}
    del context["patient"]
    given = {"context": context, **(parts or {"summary": SUMMARY, "transcript": spoken})}
    files = {name: (name, json.dumps(value), "application/json") for name, value in given.items()}
    return house.ask("POST", f"/submissions/{mapping}", house.scribe, files=files)


def draft_of(answer: httpx.Response) -> str:
    assert answer.status_code == 201, answer.text
    return str(answer.json()["draft"])
