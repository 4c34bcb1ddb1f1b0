"""What a piece of content is, for the oracle: its labels, its dates, its author, what it refers to; and which content
an element of a provision means. `everything` stands for the labels of what says nothing of its confidentiality.

Days are compared as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]

SENSITIVITY_IN = {
    **dict.fromkeys(("BH", "MH", "PSY", "PSYTHPN", "SUD"), "SPI"),
    **dict.fromkeys(("ETHUD", "OPIOIDUD"), "SUD"),
    "DVD": "BH",
}
LEVELS = "ULMNRV"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
INLINE = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
NOTES = {"PSYTHPN", "HIPAAPsyNotes"}
MADE_BY = ("author", "recorder", "asserter", "performer")
CARE = {
    "Observation": ("effectiveDateTime", "effectivePeriod"),
    "Condition": ("onsetDateTime", "abatementDateTime"),
    "Encounter": ("period",),
    "RiskAssessment": ("occurrenceDateTime", "occurrencePeriod"),
}


class World(NamedTuple):
    """`groups`: who is meant by a reference, from when until when; `record`: everything by its reference."""

    consents: list[dict[str, Any]]
    groups: dict[str, list[tuple[str, str, str]]]
    record: dict[str, dict[str, Any]]


def aspects(world: World, resource: Json, *, without_inline: bool) -> list[dict[str, Any]]:
    """What is told: by most resources themselves, by a Provenance its targets."""
    if resource["resourceType"] != "Provenance":
        if without_inline and not list(inline(resource)):
            return []
        return [of_itself(resource, without_inline)]
    targets = [world.record.get(each["reference"]) for each in resource["target"]]
    if without_inline or None in targets:
        return []
    told = []
    for target in targets:
        part = of_itself(target or {}, False)
        part["record"] = resource
        own = levels(resource)
        if own:
            part["level"] = max([part["level"], level(resource)], key=LEVELS.index)
            part["labels"] |= label_codes(resource)
        told.append(part)
    return told


def of_itself(resource: Json, without_inline: bool) -> dict[str, Any]:
    labels = label_codes(resource)
    highest = level(resource)
    if not without_inline:
        labels |= {each["code"] for each in inline(resource) if each["system"] != CONFIDENTIALITY}
        more = [each["code"] for each in inline(resource) if each["system"] == CONFIDENTIALITY]
        highest = max([highest, *more], key=LEVELS.index)
    everything = unlabelled(resource)
    return {"it": resource, "level": highest, "labels": labels, "everything": everything, "record": None}


def inline(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for each in value:
            yield from inline(each)
    elif isinstance(value, Mapping):
        if value.get("url") == INLINE:
            yield value["valueCoding"]
        for each in value.values():
            yield from inline(each)


def levels(resource: Json) -> list[str]:
    return [each["code"] for each in resource.get("meta", {}).get("security", []) if each["system"] == CONFIDENTIALITY]


def unlabelled(resource: Json) -> bool:
    return not levels(resource)


def level(resource: Json) -> str:
    return max(levels(resource), key=LEVELS.index, default="V")


def label_codes(resource: Json) -> set[str]:
    said = resource.get("meta", {}).get("security", [])
    return {each["code"] for each in said if each["system"] != CONFIDENTIALITY}


def codes(codings: list[Any]) -> set[str]:
    return {each["code"] for each in codings}


def carries(labels: set[str], named: set[str]) -> bool:
    """Whether one of the labels, or something that contains it, is named."""
    above = {SENSITIVITY_IN[one] for one in labels if one in SENSITIVITY_IN}
    return bool(labels & named) or (bool(above) and carries(above, named))


def is_meant(world: World, whole: Json, *things: Json, wide: bool) -> bool:
    """Every element must mean it; each may mean the content itself, or (for a deny) the record that tells of it."""
    asked = [
        "class" not in whole or any(it["resourceType"] in codes(whole["class"]) for it in things),
        "code" not in whole
        or any(
            is_coded(it, coding, wide) for it in things for concept in whole["code"] for coding in concept["coding"]
        ),
        "dataPeriod" not in whole or is_dated(things[0], whole["dataPeriod"], wide),
        "data" not in whole or any(is_data(world, it, data, wide) for it in things for data in whole["data"]),
    ]
    return all(asked)


def is_coded(it: Json, coding: Json, wide: bool) -> bool:
    wanted = (coding["system"], coding["code"])
    if wide:
        return any((each.get("system"), each.get("code")) == wanted for each in objects(it))
    own = it.get("code", {}).get("coding", [])
    return any((each["system"], each["code"]) == wanted for each in own)


def is_dated(it: Json, period: Json, wide: bool) -> bool:
    found = [it[name] for name in CARE.get(it["resourceType"], ()) if name in it]
    if not found:
        return wide
    starts = [each.get("start", "") if isinstance(each, Mapping) else each for each in found]
    ends = [each.get("end", "9") if isinstance(each, Mapping) else each for each in found]
    goes_on = it["resourceType"] == "Condition" and "abatementDateTime" not in it
    first, last = min(starts), "9" if goes_on else max(ends)
    start, end = period.get("start", ""), period.get("end", "9")
    return bool(first <= end and start <= last if wide else start <= first and last <= end)


def is_machines_estimate(it: Json) -> bool:
    """Whether it is or holds a RiskAssessment of which a machine has written the whole or a part."""
    held = [each for each in objects(it) if each.get("resourceType") == "RiskAssessment"]
    said = [label_codes(each) for each in held] + [{each["code"] for each in inline(it)}]
    return bool(held) and any("AIAST" in labels for labels in said)


def is_data(world: World, it: Json, data: Json, wide: bool) -> bool:
    meaning, wanted = data["meaning"], data["reference"]["reference"]
    name = f"{it['resourceType']}/{it['id']}"
    if meaning == "authoredby":
        meant = {wanted} | ({key.partition("@")[0] for key, *_ in world.groups.get(wanted, [])} if wide else set())
        elements = (*MADE_BY, "authenticator") if wide else MADE_BY
        return any(reference in meant for element in elements for reference in referred(it.get(element)))
    if name == wanted:
        return True
    if meaning != "instance" and wanted in referred(it):
        return True
    return meaning == "related" and name in referred(world.record.get(wanted))


def referred(value: Any) -> set[str]:
    return {each["reference"] for each in objects(value) if isinstance(each.get("reference"), str)}


def objects(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for each in value:
            yield from objects(each)
    elif isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from objects(each)
