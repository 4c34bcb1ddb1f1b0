"""A share of the calls that `make fuzz` sends: no answer is a failure of ours, no refusal leaves anything behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.calls import Call, calls
from tests.fuzz.target import Target, under_fire

SHARE = 400
ORGANIZATION = b'{"resourceType":"Organization","name":"A clinic"}'


@pytest.fixture(scope="module")
def fired_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Target, str, list[str]]]:
    with under_fire(tmp_path_factory.mktemp("fuzz")) as prepared:
        yield prepared


@pytest.mark.spec("F-015", "F-016", "X-040", "X-041", "X-042")
def test_no_call_makes_it_fail_or_leaves_half_of_anything(fired_at: tuple[Target, str, list[str]]) -> None:
    target, patient, known = fired_at
    faults: list[str] = []

    @settings(
        max_examples=SHARE, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(call=calls(patient, known))
    def fire(call: Call) -> None:
        faults.extend(f"{call!r:.2000}\n{fault}" for fault in target.fire(call))

    fire()
    assert faults == []
    assert target.half_stored() == []
    assert target.written() > 0, "what is written is not seen"
    assert {200, 201, 400, 401, 403, 404, 405, 415, 422} <= set(target.statuses), "the calls reach too little"


def test_a_failure_is_found(fired_at: tuple[Target, str, list[str]]) -> None:
    target, _, _ = fired_at
    create = Call("POST", "/fhir/Organization", (("content-type", "application/fhir+json"),), ORGANIZATION, "writer")
    assert target.fire(create) == []
    target.house.sabotage("BEFORE INSERT ON resource")
    try:
        assert "500" in target.fire(create)
    finally:
        target.house.mend()
