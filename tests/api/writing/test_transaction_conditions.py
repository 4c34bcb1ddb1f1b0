"""What an entry of a transaction may depend on; and patches. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

import pytest

from tests.bundles import ANN, EVA, answers, entry, places, post_bundle, statuses
from tests.house import House
from tests.writers import created, observation, practitioner


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-100")
def test_an_entry_may_create_only_what_is_not_there(house: House) -> None:
    condition = "identifier=urn:example:npi|4"
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    load = [
        entry("POST", "Practitioner", who, EVA, ifNoneExist=condition),
        entry("POST", "Observation", observation(house.world.patient, performer=[{"reference": EVA}])),
    ]
    first, again = post_bundle(house, *load), post_bundle(house, *load)
    assert statuses(first) == ["201", "201"]
    assert statuses(again) == ["200", "201"]
    ids = [answers(response)[0]["resource"]["id"] for response in (first, again)]
    assert ids[0] == ids[1]
    assert answers(again)[1]["resource"]["performer"][0]["reference"] == f"Practitioner/{ids[0]}"
    created(house, who)
    assert post_bundle(house, *load).status_code == 412


@pytest.mark.spec("F-102")
@pytest.mark.spec("F-167")
def test_the_same_condition_twice_in_a_transaction_creates_once(house: House) -> None:
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    twice = [
        entry("POST", "Practitioner", who, name, ifNoneExist="identifier=urn:example:npi|4") for name in (ANN, EVA)
    ]
    seen = observation(house.world.patient, performer=[{"reference": ANN}, {"reference": EVA}])
    response = post_bundle(house, *twice, entry("POST", "Observation", seen))
    assert statuses(response) == ["201", "200", "201"]
    first, second, made = (one["resource"] for one in answers(response))
    assert first == second
    assert {each["reference"] for each in made["performer"]} == {f"Practitioner/{first['id']}"}


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-073")
def test_an_entry_is_bound_to_the_version_it_names(house: House) -> None:
    former = created(house, observation(house.world.patient))
    path = f"Observation/{former['id']}"
    unversioned = {**former, "status": "amended", "meta": {}}
    refused = {'W/"7"': 412, '"x"': 400}
    for tag, status in refused.items():
        response = post_bundle(house, entry("PUT", path, unversioned, ifMatch=tag))
        assert (response.status_code, places(response)) == (status, ["Bundle.entry[0]"])
    assert post_bundle(house, entry("PUT", path, unversioned)).status_code == 400
    assert post_bundle(house, entry("DELETE", path, ifMatch='W/"7"')).status_code == 412
    assert statuses(post_bundle(house, entry("PUT", path, unversioned, ifMatch='W/"1"'))) == ["200"]
    known = post_bundle(house, entry("GET", path, ifNoneMatch='W/"2"'), entry("GET", path, ifNoneMatch='W/"1"'))
    assert statuses(known) == ["304", "200"]
    assert "resource" not in answers(known)[0]
    later = post_bundle(house, entry("GET", path, ifModifiedSince="2090-01-01T00:00:00Z"))
    assert statuses(later) == ["304"]


@pytest.mark.spec("F-167")
@pytest.mark.spec("F-103")
def test_updates_and_deletes_may_be_conditional(house: House) -> None:
    who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
    put = entry("PUT", "Practitioner?identifier=urn:example:npi|4", who, EVA)
    seen = entry("POST", "Observation", observation(house.world.patient, performer=[{"reference": EVA}]))
    first = post_bundle(house, put, seen)
    assert statuses(first) == ["201", "201"]
    id = answers(first)[0]["resource"]["id"]
    assert answers(first)[1]["resource"]["performer"][0]["reference"] == f"Practitioner/{id}"
    again = post_bundle(house, entry("PUT", "Practitioner?identifier=urn:example:npi|4", who | {"active": True}))
    assert statuses(again) == ["200"]
    assert answers(again)[0]["resource"]["id"] == id
    own = f"{id}x"
    assert post_bundle(house, entry("PUT", "Practitioner?identifier=urn:x|1", who | {"id": own})).status_code == 405
    nothing = post_bundle(house, entry("DELETE", "Observation?identifier=urn:x|1"))
    assert statuses(nothing) == ["204"]
    observed = answers(first)[1]["resource"]["id"]
    assert statuses(post_bundle(house, entry("DELETE", f"Observation?_id={observed}"))) == ["204"]
    assert house.get(f"/fhir/Observation/{observed}", house.own_ehr).status_code == 410


@pytest.mark.spec("F-079")
@pytest.mark.spec("F-083")
def test_an_entry_may_be_a_patch(house: House) -> None:
    former = created(house, observation(house.world.patient))
    path = f"Observation/{former['id']}"
    value = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.status"},
        {"name": "value", "valueCode": "amended"},
    ]
    fhirpath = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": value}]}
    json_patch = {  # [{"op": "replace", "path": "/status", "value": "corrected"}]
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiAicmVwbGFjZSIsICJwYXRoIjogIi9zdGF0dXMiLCAidmFsdWUiOiAiY29ycmVjdGVkIn1d",
    }
    for change, status in ((fhirpath, "amended"), (json_patch, "corrected")):
        (answer,) = answers(post_bundle(house, entry("PATCH", path, change)))
        assert (answer["response"]["status"][:3], answer["resource"]["status"]) == ("200", status)
    stale = post_bundle(house, entry("PATCH", path, fhirpath, ifMatch='W/"1"'))
    assert stale.status_code == 412
    absent = post_bundle(house, entry("PATCH", "Observation/not-here", fhirpath))
    assert (absent.status_code, places(absent)) == (404, ["Bundle.entry[0]"])
    assert post_bundle(house, entry("PATCH", path, json_patch | {"data": "bm8="})).status_code == 400
