"""batch: each entry as if it came alone. https://hl7.org/fhir/R4/http.html#brules"""

from __future__ import annotations

import pytest

from tests.bundles import answers, entry, kept, post_bundle, statuses, token_with
from tests.house import House
from tests.writers import count, created, observation, practitioner

ANN = "urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f01"


@pytest.mark.spec("F-168")
def test_each_entry_has_its_own_answer_and_the_whole_is_well(house: House) -> None:
    mine = house.world.patient
    there, other = created(house, observation(mine)), created(house, observation(mine))
    response = post_bundle(
        house,
        entry("GET", f"Observation/{there['id']}"),
        entry("POST", "Observation", observation(mine) | {"status": "nonsense"}),
        entry("POST", "Practitioner", practitioner()),
        entry("GET", "Observation/not-here"),
        entry("PUT", f"Observation/{there['id']}", there | {"status": "amended"}, ifMatch='W/"9"'),
        entry("DELETE", f"Observation/{other['id']}"),
        entry("GET", "Nothing/1", full_url="urn:uuid:a") | {"request": {"method": "GET", "url": "Account/1"}},
        entry("GET", f"Observation?patient={mine}"),
        entry("DELETE", "AuditEvent/1"),
        kind="batch",
    )
    assert response.json()["type"] == "batch-response"
    assert statuses(response) == ["200", "422", "201", "404", "412", "204", "404", "200", "405"]
    found = answers(response)
    assert found[0]["resource"] == there
    assert found[1]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.status"]
    assert found[3]["response"]["outcome"]["issue"][0]["expression"] == ["Bundle.entry[3]"]
    assert all("resource" not in found[place] for place in (1, 3, 4, 5, 6, 8))
    assert [one["resource"]["id"] for one in found[7]["resource"]["entry"]] == [there["id"]]
    assert count(house, "Practitioner") == len(house.rows("SELECT id FROM resource WHERE type = 'Practitioner'"))


@pytest.mark.spec("F-168")
@pytest.mark.spec("F-163")
def test_a_link_to_another_entry_leads_nowhere(house: House) -> None:
    response = post_bundle(
        house,
        entry("POST", "Patient", {"resourceType": "Patient", "name": [{"family": "Brook"}]}, ANN),
        entry("POST", "Observation", observation("x") | {"subject": {"reference": ANN}}),
        kind="batch",
    )
    assert statuses(response) == ["201", "400"]
    issue = answers(response)[1]["response"]["outcome"]["issue"][0]
    assert issue["expression"] == ["Bundle.entry[1].resource.subject"]
    assert count(house, "Observation") == 0


@pytest.mark.spec("F-168")
def test_the_same_resource_may_be_written_twice_each_time_by_its_own_condition(house: House) -> None:
    there = created(house, practitioner())
    path = f"Practitioner/{there['id']}"
    changes = [entry("PUT", path, there | {"active": active}, ifMatch='W/"1"') for active in (True, False)]
    response = post_bundle(house, *changes, kind="batch")
    assert statuses(response) == ["200", "412"]
    assert house.get(f"/fhir/{path}", house.own_ehr).json()["active"] is True


@pytest.mark.spec("F-171", "S-024")
def test_what_is_beyond_the_scopes_is_refused_alone_and_each_refusal_is_recorded(house: House) -> None:
    token, before = token_with(house, "system/Practitioner.cruds"), kept(house)["resource"]
    response = post_bundle(
        house,
        entry("POST", "Observation", observation(house.world.patient)),
        entry("POST", "Practitioner", practitioner()),
        entry("GET", f"Patient/{house.world.patient}"),
        entry("GET", "Patient?_id=x"),
        kind="batch",
        token=token,
        X_Request_ID="a-batch",
    )
    assert statuses(response) == ["403", "201", "403", "403"]
    assert kept(house)["resource"] == before + 1
    told = house.rows("SELECT act, outcome, target_type FROM audit WHERE request_id = 'a-batch' ORDER BY act, outcome")
    assert told == [
        ("create", "0", "Practitioner"),
        ("create", "8", "Observation"),
        ("read", "8", "Patient"),
        ("search", "8", "Patient"),
    ]


@pytest.mark.spec("F-166")
def test_a_batch_whose_envelope_is_broken_is_refused_whole(house: House) -> None:
    before = kept(house)
    response = post_bundle(
        house, entry("POST", "Practitioner", practitioner()), {"resource": practitioner()}, kind="batch"
    )
    assert response.status_code == 400
    assert response.json()["issue"][0]["expression"] == ["Bundle.entry[1].request"]
    assert kept(house) == before
