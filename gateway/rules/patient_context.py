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
from gateway.rules.content import Kind, aspect_of
from gateway.rules.correction import COMMUNICATION_TYPES, TASK_TYPES, kind_of
from gateway.rules.patient_context_items import Item, Resource, by, item_of, moment_of, version_of
from gateway.rules.sensitivity import NOT_TO_PATIENT, PSYCHOTHERAPY
from gateway.rules.summary_text import words

SERIES = "series"
Place = tuple[int, int, str]  # kind, how long ago, name


class Source(NamedTuple):
    """Of which types the items of a kind are, and the search parameters of their date: the first that has a value."""

    types: tuple[str, ...]
    dates: tuple[str, ...]


SOURCES: Mapping[str, Source] = {  # in the order in which they are told
    "flag": Source(("Flag",), ("date",)),
    "dispute": Source(("Communication", "Task"), ("authored-on", "sent")),
    "plan": Source(("CarePlan",), ("date",)),
    "goal": Source(("Goal",), ("start-date",)),
    "homework": Source(("Task",), ("authored-on",)),
    SERIES: Source(("Observation",), ("date",)),
    "observation": Source(("Observation",), ("date",)),
    "answers": Source(("QuestionnaireResponse",), ("authored",)),
    "message": Source(("Communication",), ("sent",)),
    "note": Source(("Composition",), ("period", "date")),
    "document": Source(("DocumentReference",), ("period", "date")),
}
KINDS = tuple(SOURCES)
CORRECTIONS = (COMMUNICATION_TYPES, TASK_TYPES)  # the systems of the codes of disputes
BODILY = frozenset({"laboratory", "vital-signs", "imaging", "procedure"})  # measures that are no part of it
DONE = frozenset({"final", "amended", "corrected", "completed", "appended"})
MOST_POINTS = 60  # of one series, the latest
# What was never approved, or taken back, is none of it.
_STANDING: Mapping[str, frozenset[str]] = {
    "CarePlan": frozenset({"active", "on-hold", "completed", "revoked"}),
    "Communication": DONE,
    "Composition": DONE,
    "DocumentReference": frozenset({"current"}),
    "Flag": frozenset({"active"}),
    "Goal": frozenset({"accepted", "active", "on-hold", "completed", "cancelled"}),
    "Observation": DONE,
    "QuestionnaireResponse": DONE,
    "Task": frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold", "failed", "cancelled"})
    | DONE,
}
_NOTES = ("Composition", "DocumentReference")
_UNTOLD = PSYCHOTHERAPY | {NOT_TO_PATIENT}


def told(
    kind: str, own: Sequence[Resource], beside: Iterable[Resource], patient_id: str
) -> dict[str, Callable[[], Item]]:
    """Which of these resources are items of a kind, by name, and how each item is made. `beside` is what may stand in
    their place: what replaces them, the notes of documents, the scores made of answers."""
    opened, others = _opened(own, patient_id), _opened(beside, patient_id)
    superseded = _superseded([*opened, *others])
    standing = [each for each in (*opened, *others) if _stands(each) and superseded.isdisjoint(_names(each))]
    elsewhere = _ELSEWHERE[kind](standing) if kind in _ELSEWHERE else frozenset[str]()
    names = {_name(each) for each in opened}
    return {
        _name(each): partial(item_of, kind, each)
        for each in standing
        if _name(each) in names and _is(kind, each) and elsewhere.isdisjoint(_names(each))
    }


def points(numbers: Iterable[Resource], patient_id: str) -> list[Resource]:
    """Those that are points of a series, the latest first."""
    found = [each for each in _opened(numbers, patient_id) if _stands(each) and _is(SERIES, each)]
    return sorted(found, key=lambda one: (-low_of(one), one["id"]))


def series_of(latest: Sequence[Resource], count: int) -> Item:
    """The item of a series: its latest points, of so many."""
    unit = latest[0].get("valueQuantity", {})
    item: dict[str, Any] = {
        "kind": SERIES,
        "by": sorted({who for each in latest for who in by(each)}),
        "date": moment_of(latest[0]),
        "name": words(latest[0]["code"]),
        "values": [{"resource": version_of(each), "date": moment_of(each), "value": _value(each)} for each in latest],
        "count": count,
    }
    if unit.get("unit") or unit.get("code"):
        item["unit"] = unit.get("unit") or unit["code"]
    return item


def measured(observation: Resource) -> tuple[str, str] | None:
    """What a number is of, and its unit; None for what has no number."""
    unit = observation.get("valueQuantity", {})
    if "value" not in unit and "valueInteger" not in observation:
        return None
    coding: Resource = next(iter(observation["code"].get("coding", ())), {})
    return measure(coding.get("system"), coding.get("code") or words(observation["code"]), unit.get("code"))


def measure(system: str | None, code: str | None, unit: str | None) -> tuple[str, str]:
    """By what the points of a series are known."""
    return f"{system or ''}|{code or ''}", unit or ""


def may_be_told(content: Kind) -> bool:
    """Whether an AI may be told of what is so labelled, or of what is left without its more restricted parts; it may be
    so of what was not classified yet."""
    return not content.aspects or any(
        _may_tell(aspect.confidentiality, aspect.labels) or (aspect.rest is not None and _may_tell(*aspect.rest))
        for aspect in content.aspects
    )


def low_of(resource: Resource) -> int:
    """The first moment of its date; what has none comes last."""
    try:
        return interval(moment_of(resource)).low
    except ValueError:
        return BEGINNING


def _opened(resources: Iterable[Resource], patient_id: str) -> list[Resource]:
    own = (resource for resource in resources if _is_about(resource, f"Patient/{patient_id}"))
    return [each for resource in own if (each := _open(resource)) is not None]


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
    return status in _STANDING[resource["resourceType"]] and resource.get("docStatus", "final") in DONE


def _is(kind: str, resource: Resource) -> bool:
    """Whether it is of the kind, of those that its type has. A letter that is no dispute here may be one elsewhere."""
    match resource["resourceType"]:
        case "Task":
            return (kind == "dispute") == (kind_of(resource) is not None)
        case "Communication":
            return (kind == "dispute") == any(system in CORRECTIONS for system, _ in _codings(resource))
        case "Observation":
            is_bodily = any(code in BODILY for _, code in _codings(resource))
            return not is_bodily and (kind == SERIES) == (measured(resource) is not None)
        case type:
            return type in SOURCES[kind].types


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
                name = target.get("reference", "").partition("/_history/")[0]
                found |= {name} - {_name(resource)}  # a version that was put right replaces the one before
    return frozenset(found)


def _noted(resources: Iterable[Resource]) -> frozenset[str]:
    return frozenset(name for one in resources if one["resourceType"] == "Composition" for name in _names(one))


def _scored(resources: Iterable[Resource]) -> frozenset[str]:
    """The answers that a score was made of: the score tells them."""
    scores = (one for one in resources if one["resourceType"] == "Observation" and measured(one))
    return frozenset(source.get("reference", "") for score in scores for source in score.get("derivedFrom", ()))


def _value(observation: Resource) -> Any:
    return observation["valueQuantity"]["value"] if "valueQuantity" in observation else observation["valueInteger"]


# What another kind tells already.
_ELSEWHERE: Mapping[str, Callable[[Iterable[Resource]], frozenset[str]]] = {"answers": _scored, "document": _noted}
