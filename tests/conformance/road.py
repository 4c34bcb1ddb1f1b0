"""A resource and how it was asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import dump
from tests.house import House

Json = dict[str, Any]
_CODES = frozenset({"resourceType", "profile", "system", "code", "url", "status", "intent", "contentType", "unit"})


@dataclass(frozen=True)
class Emitted:
    """A resource and the request that brought it; `inside` a Bundle that is among the emitted itself."""

    road: str
    resource: Json
    inside: bool = False

    def __str__(self) -> str:
        return f"{self.resource['resourceType']} by {self.road}"


def asked(house: House, token: str, *paths: str) -> list[Emitted]:
    return [Emitted(f"GET {path}", house.get(f"/fhir/{path}", token).json()) for path in paths]


def posted(house: House, path: str, body: Json, token: str) -> Emitted:
    response = house.ask("POST", f"/fhir{path}", token, json=body)
    assert response.status_code == 200, response.text
    return Emitted(f"POST {path}", response.json())


def parameters(name: str, resource: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": name, "resource": resource}]}


def batch(*urls: str) -> Json:
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def entries_of(bundle: Json) -> list[Json]:
    """The resources in a Bundle; of another resource none."""
    return [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]


def one_of_each(given: Iterable[Emitted]) -> list[Emitted]:
    """The first of those that differ in nothing but words, numbers, times and whom they are about."""
    found: dict[bytes, Emitted] = {}
    for each in given:
        found.setdefault(dump(_form(each.resource)), each)
    return list(found.values())


def _form(value: Any, name: str = "") -> Any:
    """Members and codes, and what types references lead to; of alike items of a list one."""
    if isinstance(value, dict):
        return {key: _form(member, key) for key, member in value.items()}
    if isinstance(value, list):
        forms = {dump(form): form for form in (_form(item, name) for item in value)}
        return list(forms.values())
    if name == "reference" and isinstance(value, str):
        return value.partition("/")[0]
    return value if name in _CODES else type(value).__name__
