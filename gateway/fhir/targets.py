"""What a reference may say and where it may point: https://hl7.org/fhir/R4/references.html

Nothing is fetched: the type is read from the reference's own text, from the contained resources, or from the Bundle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.fhir.tables import resource_types

_TYPED = re.compile(r"([A-Z][A-Za-z]{1,63})/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,63})\?[^\s<>\"]+")
_WEB = re.compile(r"https?://[A-Za-z0-9\[][^\s<>\"\\]*")
_URN = re.compile(
    r"urn:(uuid:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|oid:[0-9]+(\.[0-9]+)+)"
)


@dataclass(slots=True)
class Scope:
    """What a reference can reach without a fetch: the contained resources by id, the Bundle's entries by fullUrl."""

    contained: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)
    conditional: bool = False

    def inside(self, resource: Mapping[str, Any]) -> Scope:
        """The scope of a resource: its own contained resources, the same Bundle."""
        return Scope(_types(resource.get("contained"), "id"), self.entries, self.conditional)


def scope_of(bundle: Mapping[str, Any]) -> Scope:
    """The scope inside a Bundle's entries. Conditional references belong to transactions only."""
    entries = bundle.get("entry")
    listed = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    types = {
        entry["fullUrl"]: str(entry["resource"].get("resourceType"))
        for entry in listed
        if isinstance(entry.get("fullUrl"), str) and isinstance(entry.get("resource"), dict)
    }
    return Scope(entries=types, conditional=bundle.get("type") in ("transaction", "batch"))


def _types(resources: Any, key: str) -> dict[str, str]:
    listed = resources if isinstance(resources, list) else []
    return {
        resource[key]: str(resource.get("resourceType"))
        for resource in listed
        if isinstance(resource, dict) and isinstance(resource.get(key), str)
    }


def fault_of(reference: Mapping[str, Any], targets: frozenset[str] | None, scope: Scope) -> str | None:
    """What is wrong with a Reference, or None. `targets` are the resource types R4 allows here; None allows any."""
    text, stated = reference.get("reference"), reference.get("type")
    if text is not None and not isinstance(text, str):
        return None  # the walker has told already
    reached = stated if isinstance(stated, str) else None
    if text:
        form, found = _read(text, scope)
        if not form:
            return "must be a reference: Type/id, #id, urn:uuid:… or an http(s) URL"
        if text[0] == "#" and len(text) > 1 and found is None:
            return "must point to a contained resource that is there"
        reached = found or reached
    if reached is None or reached.startswith("http"):
        return None
    if reached not in resource_types():
        return "must point to an R4 resource type"
    if targets is not None and reached not in targets:
        return f"must point to {' or '.join(sorted(targets))}"
    return None


def type_of(reference: str, scope: Scope) -> str | None:
    """The resource type a reference's text points to, as far as it can be known without a fetch."""
    return _read(reference, scope)[1] if reference else None


def _read(text: str, scope: Scope) -> tuple[bool, str | None]:
    """Whether `text` has the form of a reference, and the resource type it reaches as far as that can be known."""
    if text in scope.entries:
        return True, scope.entries[text]
    if match := _TYPED.fullmatch(text):
        return True, match[1]
    if text[0] == "#":
        return True, scope.contained.get(text[1:])
    if _WEB.fullmatch(text):
        parts = text.split("/_history/")[0].split("/")
        return ".." not in parts, parts[-2] if parts[-2] in resource_types() else None
    if scope.conditional and (match := _CONDITIONAL.fullmatch(text)):
        return True, match[1]
    return bool(_URN.fullmatch(text)), None
