"""Every type of resource that the gateway gives out, each fetched over the road its readers take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import dump
from tests.house import House
from tests.synthetic import history_of

Json = dict[str, Any]


@dataclass(frozen=True)
class Emitted:
    """A resource and the request that brought it."""

    road: str
    resource: Json

    def __str__(self) -> str:
        return f"{self.resource['resourceType']} by {self.road}"


READS = (
    "metadata",
    "Patient/nobody",  # an OperationOutcome
    "Patient?nothing=1",
    "_history?_count=500",
    "DocumentReference?_count=5&_include=DocumentReference:subject&_revinclude=Provenance:target",
    "Observation?_count=2&_summary=true",
)


def emitted(house: House) -> list[Emitted]:
    """Resources of every type that a submission, an approval, a consent, the register, other people's writes, the
    operations, the log and the API itself give out, in Bundles and by themselves."""
    house.approve(house.draft("s-conformance"))
    house.grant()
    history = history_of(5, 75)
    written = house.ask("POST", "/fhir", house.writer, json=history, headers={"Prefer": "return=representation"})
    assert written.status_code == 200, written.text
    found = [Emitted("POST transaction", written.json())]
    [patient] = [entry["resource"] for entry in found[0].resource["entry"] if _is(entry["resource"], "Patient")]
    whole = f"Patient/{patient['id']}"
    found += _asked(house, house.own_ehr, *READS, whole, f"{whole}/$everything", f"{whole}/$summary", f"{whole}/$meta")
    found += _asked(house, house.own_ehr, f"Patient/{house.world.patient}/$summary")
    found += _posted(house, "Patient/$match", _parameters("resource", patient), house.own_ehr)
    found += _posted(house, "Patient/$validate", _parameters("resource", patient), house.writer)
    found += _posted(house, "", _batch(whole, "Patient/nobody"), house.writer)
    found += _asked(house, house.auditor, "AuditEvent?_count=40")
    entries = ((each.road, entry) for each in found for entry in each.resource.get("entry", ()))
    singles = (Emitted(f"{road} entry", entry["resource"]) for road, entry in entries if "resource" in entry)
    return list({dump(each.resource): each for each in (*found, *singles)}.values())


def _asked(house: House, token: str, *paths: str) -> list[Emitted]:
    return [Emitted(f"GET {path}", house.get(f"/fhir/{path}", token).json()) for path in paths]


def _posted(house: House, path: str, body: Json, token: str) -> list[Emitted]:
    response = house.ask("POST", f"/fhir/{path}", token, json=body)
    assert response.status_code == 200, response.text
    return [Emitted(f"POST {path}", response.json())]


def _parameters(name: str, resource: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": name, "resource": resource}]}


def _batch(*urls: str) -> Json:
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


def _is(resource: Json, type: str) -> bool:
    return bool(resource["resourceType"] == type)
