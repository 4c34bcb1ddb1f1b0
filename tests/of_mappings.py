"""The good examples of every mapping, handed in over HTTP."""

from __future__ import annotations

from typing import Any

from gateway.fhir.json import dump
from gateway.mapping.examples import examples_of
from tests.house import House
from tests.world import PROJECT

APP = {"name": "Mood Diary", "version": "4.2", "manufacturer": "Example Apps Ltd"}


def good(mapping: str) -> dict[str, dict[str, bytes]]:
    """The parts of each example that is to be taken."""
    found = examples_of(PROJECT / "mappings" / mapping)
    return {f"{mapping}/{each.name}": each.parts for each in found if each.refused is None}


def context_of(house: House, session: str, *, several: bool = False) -> dict[str, Any]:
    context = house.world.context(session, source=APP)
    if several:
        del context["patient"]
        names = {"first": house.world.patient, "second": house.cast.neighbour}
        context["patients"] = [{"reference": f"Patient/{id}", "called": name} for name, id in names.items()]
    return context


def draft_of(house: House, mapping: str, context: dict[str, Any], parts: dict[str, bytes]) -> str | None:
    media = {each.name: each.media for each in house.world.services.catalogue[mapping].inputs}
    files = {name: (name, data, media[name]) for name, data in parts.items()}
    files["context"] = ("context", dump(context), "application/json")
    answer = house.ask("POST", f"/submissions/{mapping}", house.scribe, files=files)
    assert answer.status_code == 201, answer.text
    draft: str | None = answer.json()["draft"]
    return draft
