"""Invented mental-health histories of any size, the same for the same seed, each resource fit for the door.

    history_of(7, 500)                              # a transaction Bundle: one patient, 500 entries
    resources_of(7, 60, patient="Patient/x")        # 60 single resources of a patient who is there already

Sixty entries hold every type that may be written but Consent, whose content is a law of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.synthetic.background import BACKGROUND
from tests.synthetic.chart import Builder, Chart, Resource
from tests.synthetic.occasions import OCCASIONS
from tests.synthetic.visits import VISIT

_KNOWN_BY = {"Organization": "identifier", "Practitioner": "identifier", "Questionnaire": "url"}


def history_of(seed: int, entries: int) -> dict[str, Any]:
    """A transaction of so many creates, at least three, that refer to each other by urn:uuid, also ahead.

    What several histories share, the clinic, its therapist and the questionnaires, is created only if absent.
    """
    chart = Chart(seed, lambda _, id: f"urn:uuid:{id}")
    _fill(chart, entries)
    chart.dice.shuffle(chart.resources)
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_entry(each) for each in chart.resources]}


def resources_of(seed: int, entries: int, patient: str) -> list[dict[str, Any]]:
    """So many resources about `patient`, none of them a Patient, each with an id by which later ones refer to it."""
    chart = Chart(seed, lambda type, id: f"{type}/{id}", fixed={"patient": patient})
    _fill(chart, entries)
    return chart.resources


def _fill(chart: Chart, entries: int) -> None:
    if entries < len(("organization", "practitioner", "patient")):
        raise ValueError("a history needs three entries")
    for build in _story(chart):
        if len(chart.resources) == entries:
            return
        chart.add(build)


def _story(chart: Chart) -> Iterator[Builder]:
    """What is built, in order, without an end; the first visit has one of everything."""
    yield from BACKGROUND
    for chart.visit in count():
        yield from (build for build, every in (*VISIT, *OCCASIONS) if chart.visit % every == 0)


def _entry(resource: Resource) -> Resource:
    kind, id = resource["resourceType"], resource["id"]
    request = {"method": "POST", "url": kind}
    if kind in _KNOWN_BY:
        request["ifNoneExist"] = _criterion(resource, _KNOWN_BY[kind])
    content = {name: value for name, value in resource.items() if name != "id"}
    return {"fullUrl": f"urn:uuid:{id}", "resource": content, "request": request}


def _criterion(resource: Resource, name: str) -> str:
    if name == "url":
        return f"url={resource['url']}"
    known = resource["identifier"][0]
    return f"identifier={known['system']}|{known['value']}"
