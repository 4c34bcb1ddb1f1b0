"""How a document reads: its head as narrative, all of it as plain text. Both say first whom it is about, who wrote it,
and whether it was approved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.rules.composition import walk
from gateway.rules.narrative import div, element, text_of
from gateway.rules.several import named_by


def narrative(composition: Mapping[str, Any], companions: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Composition.text: what the note is, about whom, and by whom.

    What it says stands in the narratives of its sections, which a reader of documents shows after this one: said here
    as well, every sentence would be read twice. https://hl7.org/fhir/R4/documents.html#presentation
    """
    blocks = [element("h1", composition["title"]), *(element("p", line) for line in _head(composition, companions))]
    return {"status": "generated", "div": div(*blocks)}


def plain_text(composition: Mapping[str, Any], companions: Mapping[str, Mapping[str, Any]]) -> str:
    """The note as text, sentences as list items under underlined heads."""
    lines = [composition["title"], "=" * len(composition["title"]), *_head(composition, companions)]
    for _, section in walk(composition):
        if section.get("title"):
            lines += ["", section["title"], "-" * len(section["title"])]
        lines += [f"- {text}".replace("\n", "\n  ") for text in _text(section)]
    return "\n".join(lines) + "\n"


def name_of(resource: Mapping[str, Any] | None, otherwise: str) -> str:
    """A name to show for a Device, Organization, Practitioner or Patient."""
    if resource is None:
        return otherwise
    if resource["resourceType"] == "Device":
        version = "".join(f" {item['value']}" for item in resource.get("version", ())[:1])
        return f"{resource['deviceName'][0]['name']}{version}"
    name = resource.get("name")
    if isinstance(name, str):
        return name
    return _person(name[0]) if name else otherwise


def _person(name: Mapping[str, Any]) -> str:
    parts = [*name.get("prefix", ()), *name.get("given", ()), name.get("family", "")]
    return str(name.get("text") or " ".join(filter(None, parts)))


def _head(composition: Mapping[str, Any], companions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    writer, *people = (author["reference"] for author in composition["author"])
    patients = [_patient(companions.get(each)) for each in named_by(composition)]
    lines = [f"Patients: {'; '.join(patients)}" if len(patients) > 1 else f"Patient: {patients[0]}"]
    lines.append(f"Session: {_when(composition['event'][0]['period'])}")
    lines.append(_written_by(writer, companions.get(writer)))
    if people:
        names = (name_of(companions.get(person), "clinician") for person in people)
        lines.append(f"Edited by: {', '.join(names)}")
    if attester := composition.get("attester"):
        approver = name_of(companions.get(attester[0]["party"]["reference"]), "the treating clinician")
        lines.append(f"Reviewed and approved by: {approver}, {attester[0]['time'][:16].replace('T', ' ')} UTC")
    elif composition["status"] == "preliminary":
        lines.append("Draft: not yet reviewed by a clinician")
    if composition["status"] == "amended":
        lines.append("Corrected: it replaces the version before, as the patient asked")
    custodian = companions.get(composition["custodian"]["reference"])
    return [*lines, f"Record kept by: {name_of(custodian, 'the custodian')}"]


def _written_by(reference: str, resource: Mapping[str, Any] | None) -> str:
    if reference.startswith("Device/"):
        return f"Written by an AI model: {name_of(resource, 'model not named')}"
    return f"Written by: {'the patient' if reference.startswith('Patient/') else name_of(resource, 'a clinician')}"


def _patient(resource: Mapping[str, Any] | None) -> str:
    """Name and birth date: the two that keep a printed note from the wrong record."""
    born = resource.get("birthDate") if resource else None
    return name_of(resource, "not named") + (f", born {born}" if born else "")


def _when(period: Mapping[str, str]) -> str:
    """The session's time in the zone it was given in: 2026-09-01 14:00 to 14:50 (UTC)."""
    start = datetime.fromisoformat(period["start"])
    end = datetime.fromisoformat(period["end"]) if "end" in period else None
    words = f"{start:%Y-%m-%d %H:%M}"
    if end:
        words += f" to {end:%H:%M}" if end.date() == start.date() else f" to {end:%Y-%m-%d %H:%M}"
    return f"{words} ({start.tzname() or 'local time'})"


def _text(section: Mapping[str, Any]) -> list[str]:
    text = text_of(section.get("text", {}).get("div", ""))
    return [text] if text else []
