"""Who may post which Bundle, and how large: what is refused. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from typing import Any

import pytest

from tests.bundles import about, answers, bundle, entry, kept, patient, places, post_bundle, statuses, token_with
from tests.house import House
from tests.writers import count, created, observation, practitioner, send


def refusal_audits(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT act, outcome, patient_id, target_id FROM audit WHERE outcome <> '0' ORDER BY pk")


@pytest.mark.spec("F-169")
@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("path", ["/fhir", "/fhir/"])
def test_a_bundle_without_an_entry_is_accepted(house: House, kind: str, path: str) -> None:
    response = send(house, "POST", path, bundle(kind=kind))
    assert response.status_code == 200
    assert response.json() == {"resourceType": "Bundle", "type": f"{kind}-response"}


@pytest.mark.spec("F-170")
@pytest.mark.parametrize("kind", ["collection", "document", "history", "searchset", "nonsense"])
def test_a_bundle_of_another_kind_is_refused(house: House, kind: str) -> None:
    response = post_bundle(house, entry("POST", "Patient", patient()), kind=kind)
    assert response.status_code == 400
    assert places(response) == ["Bundle.type"]


@pytest.mark.spec("F-170")
@pytest.mark.parametrize("body", [patient(), [], "{", "", '{"resourceType":"Bundle","type":"batch","type":"batch"}'])
def test_what_is_no_bundle_is_refused(house: House, body: Any) -> None:
    response = send(house, "POST", "/fhir", body)
    assert response.status_code == 400
    assert response.json()["resourceType"] == "OperationOutcome"
    assert refusal_audits(house) == [("transaction", "4", None, None)]


@pytest.mark.spec("F-011")
def test_a_bundle_is_fhir_json(house: House) -> None:
    assert post_bundle(house, Content_Type="application/fhir+xml").status_code == 415


@pytest.mark.spec("F-171", "S-024")
@pytest.mark.spec("X-006")
@pytest.mark.parametrize(
    ("scopes", "method"),
    [
        ("system/Practitioner.cruds system/Observation.ruds", "POST"),
        ("system/Practitioner.cruds system/Observation.crds", "PUT"),
        ("system/Practitioner.cruds system/Observation.crds", "PATCH"),
        ("system/Practitioner.cruds system/Observation.crus", "DELETE"),
        ("system/Practitioner.cruds system/Observation.cuds", "GET"),
        ("system/Practitioner.cruds system/Observation.crud", "GET?"),
        ("system/Practitioner.cruds", "GET"),
    ],
)
def test_each_entry_needs_its_own_scope(house: House, scopes: str, method: str) -> None:
    there = created(house, observation(house.world.patient))
    path = f"Observation/{there['id']}"
    parameters = {"resourceType": "Parameters", "parameter": []}
    tried = {
        "POST": entry("POST", "Observation", observation(house.world.patient)),
        "PUT": entry("PUT", path, there | {"status": "amended"}),
        "PATCH": entry("PATCH", path, parameters),
        "DELETE": entry("DELETE", path),
        "GET": entry("GET", path),
        "GET?": entry("GET", f"Observation?patient={house.world.patient}"),
    }
    token, before = token_with(house, *scopes.split()), kept(house)
    response = post_bundle(house, entry("POST", "Practitioner", practitioner()), tried[method], token=token)
    assert response.status_code == 403
    assert places(response) == ["Bundle.entry[1]"]
    assert kept(house) == before
    assert refusal_audits(house)[-1] == ("transaction", "8", None, None)
    allowed = post_bundle(house, entry("POST", "Practitioner", practitioner()), token=token)
    assert statuses(allowed) == ["201"]


@pytest.mark.spec("X-006")
@pytest.mark.spec("X-005")
def test_nobody_writes_into_a_record_that_another_keeps_by_way_of_a_bundle(house: House) -> None:
    theirs, before = created(house, observation(house.world.patient)), kept(house)
    path = f"Observation/{theirs['id']}"
    attempts = {
        "foreign subject": entry("POST", "Observation", observation(house.world.patient)),
        "absent subject": entry("POST", "Observation", observation("nobody")),
        "update": entry("PUT", path, theirs),
        "patient": entry("PUT", f"Patient/{house.world.patient}", patient() | {"id": house.world.patient}),
        "delete": entry("DELETE", path),
        "read": entry("GET", path),
    }
    found = {
        name: post_bundle(house, entry("POST", "Patient", patient()), tried, token=house.foreign_writer)
        for name, tried in attempts.items()
    }
    codes = {name: response.status_code for name, response in found.items()}
    assert codes == {
        "foreign subject": 403,
        "absent subject": 403,
        "update": 405,
        "patient": 405,
        "delete": 200,
        "read": 404,
    }
    assert statuses(found["delete"]) == ["201", "204"]
    mine = {
        name: house.rows("SELECT count(*) FROM resource WHERE id = ?", theirs["id"])[0][0] for name in ("resource",)
    }
    assert mine == {"resource": 1}
    assert kept(house)["resource"] == before["resource"] + 1


@pytest.mark.spec("X-006")
def test_a_record_is_not_captured_by_naming_its_patient_as_an_entry(house: House) -> None:
    """A fullUrl may be that of a patient whom somebody else keeps: links to it lead to the new one."""
    theirs = f"{house.world.services.fhir_base}/Patient/{house.world.patient}"
    response = post_bundle(
        house,
        entry("POST", "Patient", patient(), theirs),
        entry("POST", "Observation", about(theirs)),
        token=house.foreign_writer,
    )
    new, made = (one["resource"] for one in answers(response))
    assert new["id"] != house.world.patient
    assert made["subject"]["reference"] == f"Patient/{new['id']}"


@pytest.mark.spec("F-173")
def test_a_bundle_has_bounds(house: House) -> None:
    limits = house.world.services.limits
    many = [entry("GET", "Patient/1")] * (limits.bundle_entries + 1)
    assert post_bundle(house, *many).status_code == 413
    conditional = [
        entry("DELETE", f"Observation?identifier=urn:x|{number}") for number in range(limits.conditional_lookups + 1)
    ]
    assert post_bundle(house, *conditional).status_code == 413
    deep: Any = {"url": "urn:x", "valueString": "x"}
    for _ in range(limits.payload_depth):
        deep = {"url": "urn:x", "extension": [deep]}
    assert post_bundle(house, entry("POST", "Patient", patient() | {"extension": [deep]})).status_code in (400, 413)
    references = [{"reference": f"Practitioner?identifier=urn:x|{n}"} for n in range(limits.conditional_lookups + 1)]
    many_found = observation(house.world.patient, performer=references)
    assert post_bundle(house, entry("POST", "Observation", many_found)).status_code in (412, 413)
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-174")
@pytest.mark.parametrize(
    "url", ["https://elsewhere.example/fhir/Patient", "//elsewhere.example/Patient", "Patient/$match", "../Patient"]
)
def test_an_address_that_leads_elsewhere_is_refused(house: House, url: str) -> None:
    before = kept(house)
    response = post_bundle(house, entry("POST", "Patient", patient()), entry("POST", url, patient()))
    assert (response.status_code, places(response)) == (400, ["Bundle.entry[1].request.url"])
    assert kept(house) == before
