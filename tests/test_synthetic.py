"""The invented histories that other tests load: fit for the door, the same for the same seed, whole in themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.check import check
from tests.synthetic import history_of, resources_of


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


@pytest.mark.parametrize("seed", range(4))
def test_every_resource_is_fit_for_the_door(seed: int) -> None:
    for resource in resources_of(seed, 80, "Patient/x"):
        faults = check(json.parse(json.dump(resource)))
        assert [(resource["resourceType"], fault.expression, fault.text) for fault in faults] == []


def test_sixty_resources_hold_every_type_that_may_be_written_of_a_patient() -> None:
    assert len({resource["resourceType"] for resource in resources_of(1, 60, "Patient/x")}) == 44


def test_the_same_seed_gives_the_same_history_and_another_seed_another() -> None:
    assert history_of(5, 100) == history_of(5, 100) != history_of(6, 100)
    assert resources_of(5, 100, "Patient/x") == resources_of(5, 100, "Patient/x")


@pytest.mark.parametrize("entries", [3, 4, 20, 500])
def test_a_history_has_the_size_asked_for_and_refers_to_nothing_outside_of_itself(entries: int) -> None:
    bundle = history_of(entries, entries)
    known = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(known) == len(set(known)) == entries
    assert set(references(bundle)) <= set(known)
    assert sum(entry["resource"]["resourceType"] == "Patient" for entry in bundle["entry"]) == 1


def test_single_resources_are_all_about_the_patient_who_is_named() -> None:
    made = resources_of(3, 80, "Patient/x")
    assert "Patient" not in {resource["resourceType"] for resource in made}
    assert {reference for reference in references(made) if reference.startswith("Patient/")} == {"Patient/x"}


def test_a_history_of_two_cannot_be() -> None:
    with pytest.raises(ValueError, match="three"):
        history_of(1, 2)
