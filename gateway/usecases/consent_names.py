"""What people call those whom consents name: as far as it is in the directory, or the caller can see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.fhir.json import parse
from gateway.store import registry, resources
from gateway.store.database import Reader
from gateway.store.resources import Stored
from gateway.usecases.asked import Asked

DIRECTORY: Mapping[str, Callable[[Reader, str], Stored | None]] = {
    "Organization": registry.organization,
    "Practitioner": registry.practitioner,
}


def resource_of(db: Reader, asked: Asked, reference: str) -> Stored | None:
    """What `Type/id` refers to, if it is in the directory or the caller can see it; none that was deleted."""
    type, _, id = reference.partition("/")
    found = DIRECTORY[type](db, id) if type in DIRECTORY else resources.read(db, asked.visibility, type, id)
    return found if found is not None and not found.is_deleted else None


def name_of(db: Reader, asked: Asked, reference: str) -> str:
    """The name, and the reference where there is none."""
    found = resource_of(db, asked, reference)
    return called(found) if found else reference


def called(found: Stored) -> str:
    """The name of something, and the reference to it where it has none."""
    return _name(parse(found.text)) or f"{found.type}/{found.id}"


def _name(resource: Mapping[str, Any]) -> str | None:
    name = resource.get("name")
    if isinstance(name, str):
        return name
    names: list[Mapping[str, Any]] = name if isinstance(name, list) else resource.get("deviceName", [])
    for each in names:
        if text := each.get("text") or each.get("name"):
            return str(text)
        if "family" in each:
            return " ".join([*each.get("given", ()), each["family"]])
    return None
