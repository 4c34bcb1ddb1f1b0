"""Ways in which a writer of bad will got further than allowed by a Bundle or a Consent once, each closed since."""

from __future__ import annotations

import pytest

from gateway.rules.consent_form import consent_of, permit
from tests.api.writing.test_attacks import ref, told
from tests.bundles import answers, entry, post_bundle, token_with
from tests.house import House
from tests.writers import count, created, delete, observation, post

ONE, TWO = (f"urn:uuid:0c2f0a6e-9f61-4f2c-9c55-6d3d0d3a8f0{number}" for number in (1, 2))
STATUS = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "Observation.status"},
                {"name": "value", "valueCode": "amended"},
            ],
        }
    ],
}


def whose(house: House, type: str) -> list[str | None]:
    return [patient for (patient,) in house.rows("SELECT patient_id FROM resource WHERE type = ?", type)]


@pytest.mark.spec("X-006")
def test_a_provenance_belongs_to_the_patient_of_what_the_same_bundle_leaves_as_it_is(house: House) -> None:
    made = created(house, observation(house.world.patient))
    address = f"Observation/{made['id']}"
    answers(post_bundle(house, entry("PUT", address, made), entry("POST", "Provenance", told(address))))
    assert whose(house, "Provenance") == [house.world.patient]


@pytest.mark.spec("X-006")
def test_nothing_belongs_to_nobody_because_its_target_is_decided_later(house: House) -> None:
    """What cannot be known yet is refused."""
    address = f"Observation/{created(house, observation(house.world.patient))['id']}"
    twice = entry("POST", "Provenance", told(TWO), ONE), entry("POST", "Provenance", told(address), TWO)
    assert post_bundle(house, *twice).status_code == 400
    task = {"resourceType": "Task", "status": "requested", "intent": "order", "for": ref(house.world.patient)}
    binary = {"resourceType": "Binary", "contentType": "text/plain", "securityContext": {"reference": TWO}}
    versioned = entry("POST", "Task", task | {"focus": {"reference": f"{ONE}/_history/1"}}, TWO)
    mine = entry("POST", "Observation", observation(house.world.patient), ONE)
    assert post_bundle(house, entry("POST", "Binary", binary), versioned, mine).status_code == 400
    assert whose(house, "Provenance") + whose(house, "Binary") == []


@pytest.mark.spec("X-006")
@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_patch_in_a_bundle_shows_nothing_to_those_who_may_not_read(house: House, kind: str) -> None:
    made = created(house, observation(house.world.patient))
    blind = token_with(house, "system/Observation.u")
    change = entry("PATCH", f"Observation/{made['id']}", STATUS)
    (answer,) = answers(post_bundle(house, change, kind=kind, token=blind))
    assert answer["response"]["etag"] == 'W/"2"'
    assert "resource" not in answer


@pytest.mark.spec("X-050")
def test_no_patient_consents_for_another(house: House) -> None:
    ours, theirs = house.world.patient, house.cast.neighbour
    form = permit(ours, house.world.other, "TREAT", "2020-01-01")
    made = consent_of(form, "unused", house.world.clinic, house.world.asked().at)
    consent = {name: value for name, value in made.items() if name != "id"}
    assert post(house, consent | {"performer": [ref(theirs)]}).status_code == 422
    assert post(house, consent | {"performer": [ref(ours)]}).status_code == 201
    assert count(house, "Consent") == 1


@pytest.mark.spec("X-050")
def test_no_consent_names_an_organization_that_was_deleted(house: House) -> None:
    gone = created(house, {"resourceType": "Organization", "name": "A former clinic"})["id"]
    assert delete(house, f"Organization/{gone}").status_code == 204
    form = permit(house.world.patient, gone, "TREAT", "2020-01-01")
    consent = consent_of(form, "unused", house.world.clinic, house.world.asked().at)
    assert post(house, {name: value for name, value in consent.items() if name != "id"}).status_code == 422
