"""A patient's history in brief, for an AI that is to go on from it: what was approved, by kind, the latest first.

What is very restricted, withheld from the patient or a psychotherapy note is never told: an AI may repeat it to the
patient, or to others. Neither is any estimate of risk: of risk an AI learns what a clinician has flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from gateway.fhir.dates import BEGINNING, interval
from gateway.fhir.inline import rest_of
from gateway.fhir.json import dump
from gateway.rules.content import aspect_of
from gateway.rules.correction import kind_of
from gateway.rules.patient_context_items import Item, Resource, by, item_of, moment_of, version_of
from gateway.rules.sensitivity import NOT_TO_PATIENT, PSYCHOTHERAPY
from gateway.rules.summary_text import words

# In this order, of each type those that stand so: what was never approved, or taken back, is none of it.
KINDS: tuple[str, ...] = ("flag", "dispute", "plan", "goal", "homework", "series", "observation", "answers")
KINDS += ("message", "note", "document")
_DONE = frozenset({"final", "amended", "corrected", "completed", "appended"})
_STANDING: Mapping[str, frozenset[str]] = {
    "CarePlan": frozenset({"active", "on-hold", "completed", "revoked"}),
    "Communication": _DONE,
    "Composition": _DONE,
    "DocumentReference": frozenset({"current"}),
    "Flag": frozenset({"active"}),
    "Goal": frozenset({"accepted", "active", "on-hold", "completed", "cancelled"}),
    "Observation": _DONE,
    "QuestionnaireResponse": _DONE,
    "Task": frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold", "failed", "cancelled"})
    | _DONE,
}
TYPES = tuple(_STANDING)
_KIND = {"Flag": "flag", "CarePlan": "plan", "Goal": "goal", "Task": "homework", "Composition": "note"}
_KIND |= {"Observation": "observation", "QuestionnaireResponse": "answers", "DocumentReference": "document"}
_CORRECTION = "http://hl7.org/fhir/uv/patient-corrections/CodeSystem/"
_NOTES = ("Composition", "DocumentReference")
_BODILY = frozenset({"laboratory", "vital-signs", "imaging", "procedure"})
_UNTOLD = PSYCHOTHERAPY | {NOT_TO_PATIENT}
_MOST_POINTS = 60  # of one series, the latest
Place = tuple[int, int, str]  # kind, how long ago, name


class Told(NamedTuple):
    """Where an item stands in the order of all, the resources it tells of, as `Type/id`, and how it is made of them."""

    place: Place
    of: tuple[str, ...]
    tell: Callable[[], Item]


class Page(NamedTuple):
    """The items of a page, what they tell of, and after which place there are more."""

    items: tuple[Item, ...]
    of: frozenset[str]
    last: Place | None


def context_of(resources: Iterable[Resource], patient_id: str) -> list[Told]:
    """All items, in order."""
    own = (resource for resource in resources if _is_about(resource, f"Patient/{patient_id}"))
    opened = [each for resource in own if (each := _open(resource)) is not None]
    superseded = _superseded(opened)
    standing = [each for each in opened if _stands(each) and superseded.isdisjoint(_names(each))]
    scored, noted = _scored(standing), _noted(standing)
    series: dict[tuple[str, str], list[Resource]] = {}
    found: list[Told] = []
    for resource in standing:
        kind = _kind_of(resource)
        if kind is None or _name(resource) in scored or (kind == "document" and not noted.isdisjoint(_names(resource))):
            continue
        if kind == "observation" and (measured := _measured(resource)):
            series.setdefault(measured, []).append(resource)
            continue
        place = KINDS.index(kind), -_low(moment_of(resource)), _name(resource)
        found.append(Told(place, (_name(resource),), partial(item_of, kind, resource)))
    found += [_series(key, points) for key, points in series.items()]
    return sorted(found, key=lambda told: told.place)


def page_of(told: Sequence[Told], after: Place | None, size: int) -> Page:
    """As many items after a place as `size` bytes hold, but one at least."""
    rest = [each for each in told if after is None or each.place > after]
    items: list[Item] = []
    used = 0
    for each in rest:
        item = each.tell()
        used += len(dump(item))
        if items and used > size:
            break
        items.append(item)
    taken = rest[: len(items)]
    of = frozenset(name for each in taken for name in each.of)
    return Page(tuple(items), of, taken[-1].place if len(taken) < len(rest) else None)


def _is_about(resource: Resource, patient: str) -> bool:
    """About the patient, or several with the patient among them; not about another, of whom the patient spoke."""
    subject: Resource = resource.get("subject") or resource.get("for") or {}
    return subject.get("reference", patient) == patient or not subject["reference"].startswith("Patient/")


def _open(resource: Resource) -> Resource | None:
    """What of it an AI may be told: all, or what is left without its more restricted parts."""
    aspect = aspect_of(resource)
    if _may_tell(aspect.confidentiality, aspect.labels):
        return resource
    return rest_of(resource) if aspect.rest and _may_tell(*aspect.rest) else None


def _may_tell(confidentiality: str, labels: frozenset[str]) -> bool:
    return confidentiality != "V" and labels.isdisjoint(_UNTOLD)


def _stands(resource: Resource) -> bool:
    status = resource.get("lifecycleStatus" if resource["resourceType"] == "Goal" else "status")
    return status in _STANDING[resource["resourceType"]] and resource.get("docStatus", "final") in _DONE


def _kind_of(resource: Resource) -> str | None:
    """Measures of the body are no part of it."""
    if resource["resourceType"] == "Communication":
        return "dispute" if any(system.startswith(_CORRECTION) for system, _ in _codings(resource)) else "message"
    if resource["resourceType"] == "Task" and kind_of(resource) is not None:
        return "dispute"
    if resource["resourceType"] == "Observation" and any(code in _BODILY for _, code in _codings(resource)):
        return None
    return _KIND[resource["resourceType"]]


def _codings(resource: Resource) -> Iterator[tuple[str, str]]:
    for category in resource.get("category", ()):
        for coding in category.get("coding", ()):
            yield coding.get("system", ""), coding.get("code", "")


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _names(resource: Resource) -> frozenset[str]:
    """Its own reference; of a note also the identifier that it shares with its entry among the documents."""
    identifiers = resource.get("identifier", ()) if resource["resourceType"] in _NOTES else ()
    identifiers = [identifiers] if isinstance(identifiers, Mapping) else identifiers
    return frozenset({_name(resource), *(each["value"] for each in identifiers if "value" in each)})


def _superseded(resources: Iterable[Resource]) -> frozenset[str]:
    """What another replaces, or says of itself that it is no longer current: a note together with its entry."""
    found = set[str]()
    for resource in resources:
        if resource["resourceType"] == "DocumentReference" and not _stands(resource):
            found |= _names(resource)
        for relation in resource.get("relatesTo", ()) if resource["resourceType"] in _NOTES else ():
            if relation["code"] == "replaces":
                target = relation.get("target") or relation.get("targetReference") or {}
                found.add(target.get("reference", "").partition("/_history/")[0])
    return frozenset(found)


def _noted(resources: Iterable[Resource]) -> frozenset[str]:
    return frozenset(name for one in resources if one["resourceType"] == "Composition" for name in _names(one))


def _scored(resources: Iterable[Resource]) -> frozenset[str]:
    """The answers that a score was made of: the score tells them."""
    scores = (one for one in resources if one["resourceType"] == "Observation" and _measured(one))
    return frozenset(source.get("reference", "") for score in scores for source in score.get("derivedFrom", ()))


def _measured(observation: Resource) -> tuple[str, str] | None:
    """What a number is of, and its unit; None for what has no number."""
    unit = observation.get("valueQuantity", {})
    if "value" not in unit and "valueInteger" not in observation:
        return None
    coding: Resource = next(iter(observation["code"].get("coding", ())), {})
    return f"{coding.get('system', '')}|{coding.get('code') or words(observation['code'])}", unit.get("code", "")


def _series(key: tuple[str, str], points: Sequence[Resource]) -> Told:
    latest = sorted(points, key=lambda one: (-_low(moment_of(one)), one["id"]))[:_MOST_POINTS]
    place = KINDS.index("series"), -_low(moment_of(latest[0])), " ".join(key)
    return Told(place, tuple(_name(each) for each in latest), partial(_series_of, latest, len(points)))


def _series_of(latest: Sequence[Resource], count: int) -> Item:
    unit = latest[0].get("valueQuantity", {})
    item: dict[str, Any] = {
        "kind": "series",
        "by": sorted({who for each in latest for who in by(each)}),
        "date": moment_of(latest[0]),
        "name": words(latest[0]["code"]),
        "values": [{"resource": version_of(each), "date": moment_of(each), "value": _value(each)} for each in latest],
        "count": count,
    }
    if unit.get("unit") or unit.get("code"):
        item["unit"] = unit.get("unit") or unit["code"]
    return item


def _value(observation: Resource) -> Any:
    return observation["valueQuantity"]["value"] if "valueQuantity" in observation else observation["valueInteger"]


def _low(date: str) -> int:
    """The first moment of a date; what has none comes last."""
    try:
        return interval(date).low
    except ValueError:
        return BEGINNING
