"""What a search does with a parameter that it cannot use: never what would quietly find more than was meant."""

from __future__ import annotations

import pytest

from tests.api.fhir.conftest import World, link

SHAPING = ["_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude", "_include:iterate"]


@pytest.mark.spec("F-150")
@pytest.mark.parametrize("name", SHAPING)
def test_a_parameter_that_only_shapes_the_answer_is_ignored_when_it_is_empty(world: World, name: str) -> None:
    answer = world.get(f"/DocumentReference?patient=ann&{name}=").json()
    assert answer["total"] == 1
    assert link(answer, "self") == "https://gateway.example/fhir/DocumentReference?patient=ann"
    (told,) = [entry["resource"] for entry in answer["entry"] if entry["search"]["mode"] == "outcome"]
    assert told["issue"][0]["expression"] == [f"http.{name}"]


@pytest.mark.spec("F-129", "F-150")
@pytest.mark.parametrize("query", ["patient=", "patient.family=", "_has:Provenance:target:agent=", "_list=", "_id="])
def test_an_empty_criterion_is_refused_unless_handling_is_lenient(world: World, query: str) -> None:
    assert world.get(f"/DocumentReference?{query}").status_code == 400
    assert world.get(f"/DocumentReference?{query}", prefer="handling=strict").status_code == 400
    lenient = world.get(f"/DocumentReference?{query}", prefer="handling=lenient").json()
    assert lenient["total"] == 2
    assert link(lenient, "self") == "https://gateway.example/fhir/DocumentReference"
    assert lenient["entry"][-1]["search"]["mode"] == "outcome"


@pytest.mark.spec("F-129")
def test_the_same_holds_in_a_compartment_and_for_the_whole_system(world: World) -> None:
    for path in ("/Patient/ann/DocumentReference?colour=red", "/Patient/ann/*?_id=", "/?_type=Patient&colour=red"):
        assert world.get(path).status_code == 400
        assert world.get(path, prefer="handling=lenient").status_code == 200


@pytest.mark.spec("F-127", "F-129")
@pytest.mark.parametrize("text", ["%20", "%CC%81", "%C2%A0,x"])
def test_a_text_of_nothing_to_compare_does_not_find_everybody(world: World, text: str) -> None:
    for name in ("family", "family:contains", "family:exact"):
        assert world.get(f"/Patient?{name}={text}").status_code == 400
