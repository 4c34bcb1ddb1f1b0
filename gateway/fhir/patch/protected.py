"""What a patch must leave alone: the identity of a resource, and what the gateway itself writes.

https://hl7.org/fhir/R4/http.html#patch
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PROTECTED = frozenset({("id",), ("resourceType",), ("meta", "versionId"), ("meta", "lastUpdated")})
WORDS = "A patch must not change id, resourceType, meta.versionId or meta.lastUpdated."


def is_protected(place: tuple[str, ...]) -> bool:
    """Whether an operation at this place, or below it, would change what must stay."""
    return place[:1] in PROTECTED or place[:2] in PROTECTED


def keeps_identity(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the whole patch left it alone, also where it put a whole resource or a whole meta in place."""
    if any(before.get(key) != after.get(key) for key in ("id", "resourceType")):
        return False
    was, now = before.get("meta", {}), after.get("meta", {})
    told = now if type(now) is dict else {}
    return all(key not in told or told[key] == was.get(key) for key in ("versionId", "lastUpdated"))
