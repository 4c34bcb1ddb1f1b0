"""Chains, `_has` and `_list`: asking for resources by what they refer to, and by what refers to them."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, document, organization, patient, practitioner, provenance

OWN = {"system": "urn:codes", "code": "sleep"}


def observation(id: str, subject: str, code: str = "sleep", **elements: object) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": "urn:codes", "code": code}]},
        "subject": {"reference": f"Patient/{subject}"},
        **elements,
    }


@pytest.fixture
def linked(world: World) -> World:
    """Two patients of two general practitioners; what was observed, on whose order, and a list of some of it."""
    world.publish(practitioner("gp") | {"name": [{"family": "Adler"}]}, None, confidentiality="N")
    world.publish(organization("lab", "Labor Nord"), None, confidentiality="N")
    managed = {"managingOrganization": {"reference": "Organization/lab"}}
    general = {"generalPractitioner": [{"reference": "Practitioner/gp"}]}
    world.publish(patient("cleo", "Adams", gender="female", **general, **managed), "cleo")
    world.publish(patient("dan", "Brown", gender="male"), "dan")
    for id, code in (("cleo", "sleep"), ("dan", "mood")):
        world.publish(document(f"doc-{id}", id), id)
        world.publish(observation(f"obs-{id}", id, code), id)
        world.publish(provenance(f"told-{id}", f"Observation/obs-{id}"), id)
    held = [{"item": {"reference": "Observation/obs-cleo"}}, {"item": {"reference": "DocumentReference/doc-cleo"}}]
    subject = {"reference": "Patient/cleo"}
    listed = {"resourceType": "List", "id": "some", "status": "current", "mode": "working"}
    world.publish({**listed, "subject": subject, "entry": held}, "cleo")
    return world


@pytest.mark.spec("F-140")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Observation?subject:Patient.family=adams", ["Observation/obs-cleo"]),
        ("Observation?subject.family=adams", ["Observation/obs-cleo"]),
        ("Observation?patient.gender=male", ["Observation/obs-dan"]),
        ("Observation?patient.family:exact=adams", []),
        ("Observation?patient.family=adams,brown", ["Observation/obs-cleo", "Observation/obs-dan"]),
        ("Observation?patient.family=adams&patient.gender=male", []),
        ("Observation?patient.identifier=urn:mrn|mrn-dan", ["Observation/obs-dan"]),
        ("Observation?patient._id=dan", ["Observation/obs-dan"]),
        ("Observation?patient.gender:missing=true", []),
        ("Observation?patient.general-practitioner:missing=true", ["Observation/obs-dan"]),
        ("Observation?patient.general-practitioner:Practitioner.family=adler", ["Observation/obs-cleo"]),
        ("Observation?patient.general-practitioner.name=adl", ["Observation/obs-cleo"]),
        ("Observation?patient.organization.name=labor", ["Observation/obs-cleo"]),
        ("Provenance?target:Observation.patient.general-practitioner.name=adl", ["Provenance/told-cleo"]),
        ("Observation?patient._lastUpdated=lt2020", []),
    ],
)
def test_a_chain_asks_what_is_referred_to(linked: World, query: str, found: list[str]) -> None:
    assert linked.found(f"/{query}") == found


@pytest.mark.spec("F-140")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Patient?_has:Observation:patient:code=urn:codes|sleep", ["Patient/cleo"]),
        ("Patient?_has:Observation:subject:code=mood", ["Patient/dan"]),
        ("Patient?_has:Observation:patient:code=sleep,mood", ["Patient/cleo", "Patient/dan"]),
        ("Patient?_has:Observation:patient:code=sleep&_has:Observation:patient:code=mood", []),
        ("Patient?_has:Observation:patient:code:not=sleep", ["Patient/dan"]),
        ("Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/dr&gender=male", ["Patient/dan"]),
        ("Practitioner?_has:Patient:general-practitioner:family=adams", ["Practitioner/gp"]),
        (
            "Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=sleep",
            ["Practitioner/gp"],
        ),
        ("DocumentReference?subject:Patient._has:Observation:patient:code=mood", ["DocumentReference/doc-dan"]),
        ("Patient?_has:Observation:patient:patient.family=brown", ["Patient/dan"]),
        ("Observation?_list=some", ["Observation/obs-cleo"]),
        ("Observation?_list=nothing,some", ["Observation/obs-cleo"]),
        ("DocumentReference?_list=some&type=34904-3", ["DocumentReference/doc-cleo"]),
        ("Observation?_has:List:item:subject=Patient/cleo", ["Observation/obs-cleo"]),
    ],
)
def test_has_asks_what_refers_here(linked: World, query: str, found: list[str]) -> None:
    assert linked.found(f"/{query}") == found


@pytest.mark.spec("F-140")
def test_a_chain_counts_sorts_and_pages_like_any_parameter(linked: World) -> None:
    counted = linked.get("/Observation?patient.family=a,b&_summary=count").json()
    paged = linked.get("/Observation?patient.family=a,b&_count=1&_total=accurate").json()
    assert (counted["total"], paged["total"], len(paged["entry"])) == (2, 2, 1)
    assert {entry["relation"] for entry in paged["link"]} == {"self", "next"}


@pytest.mark.spec("F-140")
def test_what_was_replaced_or_deleted_is_not_met_by_a_chain(linked: World) -> None:
    linked.publish(patient("cleo", "Renamed"), "cleo", method="PUT")
    assert linked.found("/Observation?patient.family=adams") == []
    linked.delete("Patient", "cleo")
    assert linked.found("/Observation?patient.family=renamed") == []
    linked.delete("Observation", "obs-dan")
    assert linked.found("/Patient?_has:Observation:patient:code=mood") == []


@pytest.mark.spec("F-140")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("Observation?patient.patient.patient.patient.patient.family=x", "not-supported"),
        ("Observation?subject:Patient.link:Patient.link:Patient.link:Patient.link:Patient.family=x", "too-costly"),
        (
            "Patient?_has:Observation:patient:_has:Provenance:target:_has:Provenance:target:_has:List:item:code=x",
            "too-costly",
        ),
        (f"Patient?{'_has:Observation:patient:' * 400}code=x", "too-costly"),
        ("Composition?author.organization.partof.partof.partof.name=x", "too-costly"),
        ("Observation?patient.unknown=x", "not-supported"),
        ("Observation?subject:Spaceship.name=x", "not-supported"),
        ("Observation?subject:Organization.name=x", "not-supported"),
        ("Observation?patient.=x", "value"),
        ("Observation?.family=x", "not-supported"),
        ("Observation?code.family=x", "not-supported"),
        ("Observation?patient.birthdate=soon", "value"),
        ("Observation?focus.name=x", "not-supported"),
        ("Patient?_has:Observation:code=x", "value"),
        ("Patient?_has:Spaceship:patient:code=x", "not-supported"),
        ("Patient?_has:Observation:code:code=x", "not-supported"),
        ("Patient?_has:=x", "value"),
        ("Patient?_has:AuditEvent:patient:action=R", "not-supported"),
        ("AuditEvent?patient.family=x", "not-supported"),
        ("AuditEvent?_list=x", "not-supported"),
        ("Patient?_has:Observation:patient:code=", "not-supported"),
        ("Patient?_list=", "not-supported"),
        ("Patient?_list=$current-problems", "value"),
        ("&".join(["Observation?"] + ["patient.family=x"] * 9), "too-costly"),
    ],
)
def test_a_chain_that_leads_nowhere_or_too_far_is_refused(linked: World, query: str, code: str) -> None:
    answer = linked.get(f"/{query}")
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == code


@pytest.mark.spec("X-025")
@pytest.mark.parametrize("name", ["_filter", "_query", "_content", "_text"])
def test_searching_by_free_text_or_expression_is_off(linked: World, name: str) -> None:
    assert linked.get(f"/Observation?{name}=sleep").status_code == 400
    lenient = linked.get(f"/Observation?{name}=nothing-like-it", prefer="handling=lenient").json()
    assert lenient["total"] == 2, "ignored, not evaluated"
    assert name not in lenient["link"][0]["url"]


@pytest.mark.spec("X-027")
def test_what_is_contained_is_not_reached_by_a_chain(linked: World) -> None:
    inner = {"resourceType": "Patient", "id": "p", "name": [{"family": "Inner"}]}
    contained = observation("held", "cleo", contained=[inner], focus=[{"reference": "#p"}])
    linked.publish(contained, "cleo")
    assert linked.found("/Observation?focus:Patient.family=inner") == []
    assert linked.found("/Patient?family=inner") == []
    assert linked.get("/Observation/%23p").status_code == 404
