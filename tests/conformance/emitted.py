"""Every type of resource that the gateway gives out, each fetched over the road its readers take."""

from __future__ import annotations

from gateway.fhir.json import dump
from tests.conformance import products, stories
from tests.conformance.road import Emitted, asked, batch, entries_of, parameters, posted
from tests.house import House
from tests.synthetic import history_of

READS = (
    "metadata",
    "Patient/nobody",  # an OperationOutcome
    "Patient?nothing=1",
    "_history?_count=40",
    "Composition?_count=5",
    "DocumentReference?_count=5&_include=DocumentReference:subject&_revinclude=Provenance:target",
    "Patient?_count=2&_summary=true",
)
ACTS = ("create", "read", "search", "operation", "originate", "amend")
OF_A_PATIENT = ("", "/_history", "/$everything?_count=20", "/$summary", "/$meta")


def emitted(house: House) -> list[Emitted]:
    """Resources of every type that other people's writes, the mappings' examples, their approvals, a consent, the
    register, the operations, the log and the API itself give out, in Bundles and by themselves."""
    prefer = {"Prefer": "return=representation"}
    written = house.ask("POST", "/fhir", house.writer, json=history_of(5, 75), headers=prefer)
    assert written.status_code == 200, written.text
    document = house.approve(house.draft("s-conformance"))
    house.grant()
    found = [Emitted("POST transaction", written.json())]
    [patient] = [one for one in entries_of(found[0].resource) if one["resourceType"] == "Patient"]
    whole, other = f"Patient/{patient['id']}", f"Patient/{house.world.patient}"
    found += asked(house, house.own_ehr, *READS, *(f"{whole}{one}" for one in OF_A_PATIENT))
    # After the history: in one that holds several versions, HL7's validator does not know which of them is meant.
    found += products.examples(house)
    found += products.cards(house)
    found += stories.stories(house, document["DocumentReference"])
    found += asked(house, house.own_ehr, f"{other}/$summary")
    found.append(posted(house, "/Patient/$match", parameters("resource", patient), house.own_ehr))
    found.append(posted(house, "/Patient/$validate", parameters("resource", patient), house.writer))
    found.append(posted(house, "", batch(whole, "Patient/nobody"), house.writer))
    found += asked(house, house.auditor, *(f"AuditEvent?subtype={act}&_count=6" for act in ACTS))
    singles = [Emitted(each.road, resource, inside=True) for each in found for resource in entries_of(each.resource)]
    return list({dump(each.resource): each for each in (*singles, *found)}.values())
