"""transaction: many interactions, one act. https://hl7.org/fhir/R4/http.html#transaction"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.usecases.changes import Ground, Step
from tests.bundles import ANN, EVA, about, answers, entry, kept, patient, places, post_bundle, statuses
from tests.house import House
from tests.writers import count, created, observation, practitioner, put, send


def refusal_audits(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT act, outcome, patient_id, target_id FROM audit WHERE outcome <> '0' ORDER BY pk")


@pytest.mark.spec("F-160")
@pytest.mark.spec("F-162")
def test_whatever_the_order_of_the_entries_deletes_come_first_and_reads_last(house: House) -> None:
    mine = house.world.patient
    old, changing = created(house, observation(mine)), created(house, observation(mine, 3))
    response = post_bundle(
        house,
        entry("GET", f"Observation?_id={changing['id']}"),
        entry("GET", f"Observation/{changing['id']}"),
        entry("PUT", f"Observation/{changing['id']}", changing | {"status": "amended"}),
        entry("POST", "Observation", observation(mine, 4)),
        entry("DELETE", f"Observation/{old['id']}"),
        entry("GET", f"Observation/{changing['id']}/_history/1"),
        entry("HEAD", f"Observation/{changing['id']}"),
    )
    assert response.json()["type"] == "transaction-response"
    assert statuses(response) == ["200", "200", "200", "201", "204", "200", "200"]
    found, read, put, made, gone, former, head = answers(response)
    assert found["resource"]["entry"][0]["resource"]["status"] == "amended"
    assert read["resource"]["status"] == put["resource"]["status"] == "amended"
    assert former["resource"]["status"] == "final"
    assert "resource" not in gone and "resource" not in head
    base = f"{house.world.services.fhir_base}/Observation"
    assert put["response"]["location"] == f"{base}/{changing['id']}/_history/2"
    assert made["fullUrl"] == f"{base}/{made['resource']['id']}"
    for one, version in ((put, 2), (made, 1), (gone, 2), (read, 2), (former, 1), (head, 2)):
        assert one["response"]["etag"] == f'W/"{version}"'
        assert one["response"]["lastModified"]
    assert put["response"]["lastModified"] == put["resource"]["meta"]["lastUpdated"]


@pytest.mark.spec("F-161")
@pytest.mark.spec("F-035")
def test_one_bad_entry_and_nothing_is_stored_and_all_faults_are_told(house: House) -> None:
    before = kept(house)
    broken = observation(house.world.patient) | {"status": "nonsense", "subjekt": 1}
    response = post_bundle(
        house,
        entry("POST", "Patient", patient(), ANN),
        entry("POST", "Observation", about(ANN)),
        entry("POST", "Observation", broken),
        entry("POST", "Observation", about(ANN) | {"component": []}),
        request_id="none",
    )
    assert response.status_code == 422
    assert places(response) == [
        "Bundle.entry[2].resource.status",
        "Bundle.entry[2].resource.subjekt",
        "Bundle.entry[3].resource.component",
    ]
    assert kept(house) == before
    assert refusal_audits(house) == [("transaction", "4", None, None)]


@pytest.mark.spec("F-161")
@pytest.mark.parametrize("path", ["Observation/not-here", "Observation/not-here/_history/1", "Observation?nonsense=1"])
def test_a_read_that_fails_fails_the_transaction(house: House, path: str) -> None:
    before = kept(house)
    response = post_bundle(house, entry("POST", "Patient", patient()), entry("GET", path))
    assert response.status_code in (400, 404)
    assert places(response)[0].startswith("Bundle.entry[1]")
    assert kept(house) == before
    assert refusal_audits(house) == [("transaction", "4", None, None)]
    assert house.rows("SELECT count(*) FROM audit WHERE act = 'create'") == [(0,)]


@pytest.mark.spec("F-161")
def test_each_patient_has_a_record_of_what_was_done_and_read(house: House) -> None:
    old = created(house, observation(house.world.patient))
    made = answers(
        post_bundle(
            house,
            entry("POST", "Observation", observation(house.cast.neighbour)),
            entry("GET", f"Observation/{old['id']}"),
            entry("GET", f"Observation?patient={house.world.patient}"),
            X_Request_ID="together",
        )
    )
    told = house.rows("SELECT act, patient_id, target_id FROM audit WHERE request_id = 'together' ORDER BY pk")
    assert told == [
        ("create", house.cast.neighbour, made[0]["resource"]["id"]),
        ("read", house.world.patient, old["id"]),
        ("search", house.world.patient, None),
    ]


@pytest.mark.spec("F-165")
def test_two_names_of_one_resource_are_found_out(house: House) -> None:
    who = created(house, practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}]))
    response = post_bundle(
        house,
        entry("DELETE", "Practitioner?identifier=urn:example:npi|4"),
        entry("PUT", f"Practitioner/{who['id']}", who | {"active": False}),
    )
    assert response.status_code == 400
    assert places(response) == ["Bundle.entry[1].request"]
    both = ("identifier=urn:example:npi|4", f"_id={who['id']}")
    changed = {name: value for name, value in who.items() if name != "id"}
    response = post_bundle(house, *[entry("PUT", f"Practitioner?{one}", changed | {"active": False}) for one in both])
    assert response.status_code == 400
    assert count(house, "Practitioner") == len(
        house.rows("SELECT DISTINCT id FROM resource WHERE type = 'Practitioner'")
    )


@pytest.mark.spec("F-087")
def test_what_refers_to_each_other_is_deleted_together(house: House) -> None:
    first = answers(
        post_bundle(
            house,
            entry("POST", "Observation", observation(house.world.patient), ANN),
            entry("POST", "Observation", observation(house.world.patient, hasMember=[{"reference": ANN}]), EVA),
        )
    )
    ids = [f"Observation/{one['resource']['id']}" for one in first]
    assert post_bundle(house, entry("DELETE", ids[0])).status_code == 409
    assert statuses(post_bundle(house, *[entry("DELETE", id) for id in ids])) == ["204", "204"]


@pytest.mark.spec("F-172")
def test_prefer_says_what_comes_back(house: House) -> None:
    load = [entry("POST", "Practitioner", practitioner()), entry("GET", f"Patient/{house.world.patient}")]
    minimal, whole, told = (
        answers(post_bundle(house, *load, Prefer=f"return={form}"))
        for form in ("minimal", "representation", "OperationOutcome")
    )
    assert set(minimal[0]) == {"response"} and "resource" in minimal[1]
    assert set(minimal[0]["response"]) == {"status", "location", "etag", "lastModified"}
    assert whole[0]["resource"]["resourceType"] == "Practitioner"
    assert told[0]["response"]["outcome"]["issue"][0]["severity"] == "information"
    assert "resource" not in told[0] and "resource" in told[1]


@pytest.mark.spec("F-039")
@pytest.mark.parametrize("lexeme", ["19", "19.0", "19.00", "0.010", "10.91968939701716", "-0.0", "1E3"])
def test_decimals_keep_their_lexemes_in_a_transaction(house: House, lexeme: str) -> None:
    text = '{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Observation"},'
    text += '"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":'
    text += f'"Patient/{house.world.patient}"}},"valueQuantity":{{"value":{lexeme}}}}}}}]}}'
    response = send(house, "POST", "/fhir", text)
    id = answers(response)[0]["resource"]["id"]
    assert f'"value":{lexeme}}}' in house.get(f"/fhir/Observation/{id}", house.own_ehr).text


@pytest.mark.spec("F-102")
@pytest.mark.spec("F-161")
def test_transactions_at_the_same_time_create_once_what_both_want_created_if_absent(house: House) -> None:
    def load(_: int) -> httpx.Response:
        who = practitioner(identifier=[{"system": "urn:example:npi", "value": "4"}])
        seen = observation(house.world.patient, performer=[{"reference": EVA}])
        condition = {"ifNoneExist": "identifier=urn:example:npi|4"}
        return post_bundle(
            house, entry("POST", "Practitioner", who, EVA, **condition), entry("POST", "Observation", seen)
        )

    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(load, range(12)))
    assert sorted(statuses(response)[0] for response in done) == ["200"] * 11 + ["201"]
    (one,) = {answers(response)[0]["resource"]["id"] for response in done}
    led = {answers(response)[1]["resource"]["performer"][0]["reference"] for response in done}
    assert led == {f"Practitioner/{one}"}


@pytest.mark.spec("F-161")
def test_what_changed_meanwhile_is_decided_anew_upon_what_was_sent(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are faster twice: links lead to what the last decision made, and the bodies are read as they were sent."""
    contended, other = (created(house, observation(house.world.patient)) for _ in range(2))
    plan = Ground.plan
    late: list[str] = []

    def interrupted(ground: Ground, step: Step) -> Step:
        if step.type == "Patient" and step.rows and len(late) < 2:
            late.append(step.id)
            faster = contended | {"valueQuantity": {"value": len(late), "unit": "score"}, "meta": {}}
            assert put(house, faster, If_Match=f'W/"{len(late)}"').status_code == 200
        return plan(ground, step)

    monkeypatch.setattr(Ground, "plan", interrupted)
    change = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Observation.status"},
        {"name": "value", "valueCode": "amended"},
    ]
    response = post_bundle(
        house,
        entry("POST", "Observation", about(ANN)),
        entry("POST", "Patient", patient(), ANN, ifNoneExist="identifier=urn:example:mrn|new"),
        entry(
            "PATCH",
            f"Observation/{contended['id']}",
            {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": change}]},
        ),
        entry("PUT", f"Observation/{other['id']}", other | {"status": "amended"}),
    )
    made, ann, patched, updated = (one["resource"] for one in answers(response))
    assert len(late) == 2 and ann["id"] not in late
    assert made["subject"]["reference"] == f"Patient/{ann['id']}"
    assert (patched["meta"]["versionId"], patched["status"], patched["valueQuantity"]["value"]) == ("4", "amended", 2)
    assert updated["meta"]["versionId"] == "2"
    assert house.rows("SELECT count(*) FROM resource WHERE id IN (?, ?)", *late) == [(0,)]
