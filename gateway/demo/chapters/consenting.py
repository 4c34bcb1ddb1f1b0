"""The client decides: without a consent nothing leaves; with one, the other clinic gets all but what never leaves."""

from __future__ import annotations

from typing import Any

from gateway.demo.road import AIAST, Chapter, Road, expect


def write(road: Road) -> str:
    token = road.token(road.cast.own_ehr)
    weight = {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:example:visits", "value": "weight of 1 September"}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]},
        "subject": {"reference": road.client},
        "effectiveDateTime": "2026-09-01",
        "valueQuantity": {"value": 64, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    }
    request = {
        "method": "POST",
        "url": "Observation",
        "ifNoneExist": "identifier=urn:example:visits|weight of 1 September",
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": weight, "request": request}]}
    statuses = [road.send("POST", "/fhir", bundle, token)["entry"][0]["response"]["status"][:3] for _ in range(2)]
    expect(statuses == ["201", "200"], "the same transaction twice did not make one Observation")
    road.ask("DELETE", f"/fhir/DocumentReference/{road.document_id}", token, expect=405)
    return "a weight, in a transaction; sent again, it stored nothing; what was approved it cannot delete (405)"


def silent(road: Road) -> str:
    expect(not road.found(f"/fhir/DocumentReference?patient={road.client}"), "approved content left without a consent")
    road.ask("GET", f"/fhir/DocumentReference/{road.document_id}", road.token(road.cast.ehr), expect=404)
    return "approved, but no consent: the EHR still finds nothing, and a read is a plain 404"


def consent(road: Road) -> str:
    road.consent_id = permit(road, road.cast.client.id)
    return f"Ana Rivera permits Harbour Clinic, for treatment: [bold]Consent/{road.consent_id}[/bold]"


def permit(road: Road, patient_id: str, **but: Any) -> str:
    """The id of the consent by which a client permits the other clinic to treat with all there is, `but` exceptions."""
    parties = {"patient": patient_id, "recipients": [f"Organization/{road.cast.recipient_id}"]}
    form = parties | {"purposes": ["TREAT"], "period": {"start": "2026-01-01"}} | but
    return str(road.ask("POST", "/consents", road.cast.clinician.token, expect=201, json=form).json()["id"])


def pull(road: Road) -> str:
    about = f"patient={road.client}&_security={AIAST}&_revinclude=Provenance:target"
    documents = {each["id"]: each for each in road.found(f"/fhir/DocumentReference?{about}")}
    expect(road.document_id in documents, "the approved document is not among what the EHR found")
    road.ask("GET", f"/fhir/DocumentReference/{road.document_id}", road.token(road.cast.ehr))
    provenances = road.found(f"/fhir/Composition?{about}", "include")
    statements = len(road.draft["statements"])
    expect(len(provenances) > statements, "the Composition came without a Provenance for each of its sentences")
    attached = [content["attachment"] for content in documents[road.document_id]["content"]]
    kinds = sorted({each["contentType"].split(";")[0] for each in attached})
    told = f"{len(provenances)} Provenance records: one of the note, one of each sentence"
    return f"the EHR finds and reads the document ({' and '.join(kinds)}) with {told}"


def carry(road: Road) -> str:
    ehr = road.token(road.cast.ehr)
    whole = road.read(f"{road.client}/$everything?_count=500", ehr)["entry"]
    types = {entry["resource"]["resourceType"] for entry in whole}
    parts = {"Patient", "Observation", "DocumentReference", "CarePlan", "Goal", "Task", "Communication", "Flag"}
    expect(types >= parts, f"the whole record lacks {', '.join(sorted(parts - types))}")
    title = road.read(f"{road.client}/$summary", ehr)["entry"][0]["resource"]["title"]
    return f'$everything gives {len(whole)} resources of {len(types)} types; $summary makes them a document, "{title}"'


def stay(road: Road) -> str:
    expect(not road.found(f"/fhir/RiskAssessment?patient={road.client}"), "an AI's estimate of risk left")
    road.ask("GET", f"/fhir/RiskAssessment/{road.risk_id}", road.token(road.cast.ehr), expect=404)
    (flag,) = road.found(f"/fhir/Flag?patient={road.client}")
    text = flag["code"]["text"]
    return f"approved and consented to, the AI's estimate is not there (404); the clinician's Flag is: \"{text}\""


def trace(road: Road) -> str:
    path = f"/lineage/DocumentReference/{road.document_id}"
    lineage = road.ask("GET", path, road.cast.auditor.token).json()
    machine = [each for each in lineage["statements"] if each["origin"] != "human"]
    revised = [each for each in machine if each["origin"] == "revision"]
    expect(all(each["evidence"] for each in revised), "an edited sentence lost its evidence")
    backed = sum(bool(each["evidence"]) for each in machine)
    events = road.found(f"/fhir/AuditEvent?patient={road.client}&_count=500", token=road.cast.auditor.token)
    return (
        f"{backed} of {len(machine)} machine-written sentences lead to their transcript segments; "
        f"{len(lineage['reads'])} reads by name and consent; {len(events)} AuditEvents"
    )


CHAPTER = Chapter(
    "The client decides who may see it",
    (
        ("The clinic's own EHR writes beside it", write),
        ("Silence means no", silent),
        ("The client consents", consent),
        ("The EHR pulls it", pull),
        ("It takes the whole record along", carry),
        ("What never leaves", stay),
        ("The auditor traces it", trace),
    ),
)
