"""Every type of resource that the gateway gives out, each fetched over the road its readers take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.fhir.json import dump
from tests.assigning import brought
from tests.disputing import decided, disagreed, disputed
from tests.house import House, backend
from tests.synthetic import history_of
from tests.together import draft_of, together
from tests.writers import created, observation

Json = dict[str, Any]


@dataclass(frozen=True)
class Emitted:
    """A resource and the request that brought it; `inside` a Bundle that is among the emitted itself."""

    road: str
    resource: Json
    inside: bool = False

    def __str__(self) -> str:
        return f"{self.resource['resourceType']} by {self.road}"


READS = (
    "metadata",
    "Patient/nobody",  # an OperationOutcome
    "Patient?nothing=1",
    "_history?_count=40",
    "Composition?_count=5",
    "DocumentReference?_count=5&_include=DocumentReference:subject&_revinclude=Provenance:target",
    "Patient?_count=2&_summary=true",
)
DISPUTES = "Task?_count=40&_revinclude=Communication:about&_revinclude=Provenance:target"
OF_A_PATIENT = ("", "/_history", "/$everything?_count=20", "/$summary", "/$meta")


def emitted(house: House) -> list[Emitted]:
    """Resources of every type that other people's writes, a submission, an approval, a consent, the register, the
    operations, the log and the API itself give out, in Bundles and by themselves."""
    prefer = {"Prefer": "return=representation"}
    written = house.ask("POST", "/fhir", house.writer, json=history_of(5, 75), headers=prefer)
    assert written.status_code == 200, written.text
    document = house.approve(house.draft("s-conformance"))
    house.approve(draft_of(together(house, session="s-couple")))
    house.grant()
    found = [Emitted("POST transaction", written.json())]
    [patient] = [one for one in entries_of(found[0].resource) if one["resourceType"] == "Patient"]
    whole, other = f"Patient/{patient['id']}", f"Patient/{house.world.patient}"
    found += _asked(house, house.own_ehr, *READS, f"{other}/$summary", *(f"{whole}{one}" for one in OF_A_PATIENT))
    # After the history: in one that holds several versions, HL7's validator does not know which of them is meant.
    _told_otherwise(house, document["DocumentReference"])
    found += _asked(house, house.own_ehr, DISPUTES)
    found.append(_posted(house, "/Patient/$match", _parameters("resource", patient), house.own_ehr))
    found.append(_posted(house, "/Patient/$validate", _parameters("resource", patient), house.writer))
    found.append(_posted(house, "", _batch(whole, "Patient/nobody"), house.writer))
    found += _asked(house, house.auditor, "AuditEvent?_count=30")
    singles = [Emitted(each.road, resource, inside=True) for each in found for resource in entries_of(each.resource)]
    return list({dump(each.resource): each for each in (*singles, *found)}.values())


def _told_otherwise(house: House, document: str) -> None:
    """Homework that an app has begun; corrections that were upheld, and denied and disagreed with."""
    app = backend(house.world.services, "A homework app", house.world.clinic, "system/Task.rus").token(house.http)
    brought(house, app, "accepted", "in-progress")
    decided(house, disputed(house, f"DocumentReference/{document}"), "partial", addendum="On two days only.")
    score = created(house, observation(house.world.patient))
    decided(house, disputed(house, f"Observation/{score['id']}"), "accept", set={"valueQuantity.value": 8})
    denied = disputed(house, f"Observation/{score['id']}")
    decided(house, denied, "deny")
    disagreed(house, denied)


def entries_of(bundle: Json) -> list[Json]:
    """The resources in a Bundle; of another resource none."""
    return [entry["resource"] for entry in bundle.get("entry", ()) if "resource" in entry]


def _asked(house: House, token: str, *paths: str) -> list[Emitted]:
    return [Emitted(f"GET {path}", house.get(f"/fhir/{path}", token).json()) for path in paths]


def _posted(house: House, path: str, body: Json, token: str) -> Emitted:
    response = house.ask("POST", f"/fhir{path}", token, json=body)
    assert response.status_code == 200, response.text
    return Emitted(f"POST {path}", response.json())


def _parameters(name: str, resource: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": [{"name": name, "resource": resource}]}


def _batch(*urls: str) -> Json:
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}
