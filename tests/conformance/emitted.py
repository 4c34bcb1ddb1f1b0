"""Every type of resource that the gateway gives out, each fetched over the road its readers take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.house import House

Json = dict[str, Any]


@dataclass(frozen=True)
class Emitted:
    """A resource and the request that brought it."""

    road: str
    resource: Json

    def __str__(self) -> str:
        return f"{self.resource['resourceType']} by {self.road}"


def emitted(house: House) -> list[Emitted]:
    """Resources of every type that a submission, an approval, a consent, the register, the log and the API itself give
    out, in Bundles and by themselves."""
    house.approve(house.draft("s-conformance"))
    house.grant()
    found = _asked(house, house.own_ehr, ["metadata", "Patient/nobody", "Patient?nothing=1", "_history"])
    found += _asked(house, house.auditor, ["AuditEvent?_count=100"])
    for each in list(found):
        for entry in each.resource.get("entry", []):
            if "resource" in entry:
                found.append(Emitted(f"{each.road} entry", entry["resource"]))
    return found


def _asked(house: House, token: str, paths: list[str]) -> list[Emitted]:
    return [Emitted(f"GET {path}", house.get(f"/fhir/{path}", token).json()) for path in paths]
