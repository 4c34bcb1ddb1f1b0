"""A clinic to which content comes that tells of a risk."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.house import House
from tests.writers import created, observation

ITEM_9 = {"coding": [{"system": "http://loinc.org", "code": "44260-8"}]}
PROBABILITY = "http://terminology.hl7.org/CodeSystem/risk-probability"


def item_9(house: House, answer: int = 1, **elements: Any) -> dict[str, Any]:
    """The ninth item of the PHQ-9, as an EHR writes it."""
    told = observation(house.world.patient, code=ITEM_9, valueInteger=answer, **elements)
    del told["valueQuantity"]
    return told


def alarm(house: House, answer: int = 1, **elements: Any) -> dict[str, Any]:
    """The alert that a written item 9 raises."""
    known = {each["id"] for each in queue(house)}
    created(house, item_9(house, answer, **elements))
    (new,) = [each for each in queue(house) if each["id"] not in known]
    return new


def queue(house: House, token: str = "", state: str = "open") -> list[dict[str, Any]]:
    answer = house.get(f"/alerts?state={state}", token or house.clinician)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def products(house: House, **products: Any) -> httpx.Response:
    """What a producer sends in the gateway's own format."""
    parts = {"context": house.world.context(), "products": products}
    files = {name: (name, json.dumps(value), "application/json") for name, value in parts.items()}
    return house.ask("POST", "/submissions/gateway", house.scribe, files=files)


def assessed(house: House, level: str = "high", **members: Any) -> httpx.Response:
    """A machine's estimate of risk."""
    risk = {"outcome": "Suicide attempt", "level": level, "at": "2026-09-01T09:00:00Z", "by": "machine"}
    return products(house, risks=[risk | members])
