"""Parameters are read strictly, and every fault names its place. https://hl7.org/fhir/R4/parameters.html"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import BadRequest, Refusal, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.parameters import In, from_query, group, parameters, read, resource, take, value


def holding(*given: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(given)}


def places(refusal: Refusal) -> list[str | None]:
    return [issue.expression for issue in refusal.issues]


def test_values_resources_and_parts_are_read_with_their_types_and_places() -> None:
    given = holding(
        {"name": "count", "valueDecimal": Decimal("1.10")},
        {"name": "resource", "resource": {"resourceType": "Patient", "gender": "faulty"}},
        {"name": "operation", "part": [{"name": "path", "valueString": "Patient"}]},
    )
    count, subject, operation = read(given)
    assert (count.type, str(count.value), count.place) == ("decimal", "1.10", "Parameters.parameter[0]")
    assert subject.content["gender"] == "faulty"
    assert operation.part[0].place == "Parameters.parameter[2].part[0]"


def test_what_stands_beside_a_primitive_is_kept() -> None:
    beside = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
    (only,) = read(holding({"name": "value", "_valueDate": beside}))
    assert (only.type, only.value, only.element) == ("date", None, beside)


@pytest.mark.parametrize(
    ("faulty", "place"),
    [
        ({"valueString": "nameless"}, "Parameters.parameter[0].name"),
        ({"name": "two", "valueString": "a", "valueCode": "b"}, "Parameters.parameter[0].value"),
        ({"name": "none"}, "Parameters.parameter[0]"),
        ({"name": "both", "valueString": "a", "part": [{"name": "b", "valueCode": "c"}]}, "Parameters.parameter[0]"),
        ({"name": "unknown", "valuePassword": "a"}, "Parameters.parameter[0].valuePassword"),
        ({"name": "nested", "part": [{"name": "date", "valueDate": "soon"}]}, "Parameters.parameter[0].part[0].value"),
        ({"name": "empty", "part": []}, "Parameters.parameter[0].part"),
        ({"name": "resource", "resource": "Patient"}, "Parameters.parameter[0].resource"),
    ],
)
def test_faulty_parameters_are_refused_at_their_place(faulty: dict[str, Any], place: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        read(holding(faulty))
    assert place in places(refused.value)


@pytest.mark.parametrize("other", [None, [], "Parameters", {}, {"resourceType": "Patient"}])
def test_anything_else_is_not_parameters(other: Any) -> None:
    with pytest.raises(BadRequest):
        read(other)


WANTED = (
    In("start", ("date",)),
    In("_type", ("code",), most=None),
    In("onlyCertainMatches", ("boolean",)),
    In("count", ("positiveInt", "integer")),
    In("resource", ("Patient",)),
)


def test_an_operation_takes_its_inputs_by_name() -> None:
    given = holding(
        {"name": "_type", "valueCode": "Task"},
        {"name": "_type", "valueCode": "Device"},
        {"name": "resource", "resource": {"resourceType": "Patient"}},
    )
    inputs = take(read(given), *WANTED)
    assert inputs.all("_type") == ["Task", "Device"]
    assert inputs.one("resource") == {"resourceType": "Patient"}
    assert inputs.one("start") is None


def test_inputs_of_an_address_are_read_as_their_types() -> None:
    inputs = from_query([("start", "2020-05"), ("onlyCertainMatches", "true"), ("count", "3")], *WANTED)
    assert (inputs.one("start"), inputs.one("onlyCertainMatches"), inputs.one("count")) == ("2020-05", True, 3)


@pytest.mark.parametrize(
    ("pair", "place"),
    [
        (("start", "soon"), "http.start"),
        (("start", "0"), "http.start"),
        (("count", "0x1"), "http.count"),
        (("count", "9" * 40), "http.count"),
        (("onlyCertainMatches", "TRUE"), "http.onlyCertainMatches"),
        (("resource", "Patient"), "http.resource"),
        (("else", "1"), "http"),
    ],
)
def test_an_input_of_another_type_or_name_is_refused(pair: tuple[str, str], place: str) -> None:
    with pytest.raises(BadRequest) as refused:
        from_query([pair], *WANTED)
    assert places(refused.value) == [place]


def test_an_input_twice_or_missing_is_refused() -> None:
    with pytest.raises(BadRequest) as twice:
        from_query([("start", "2020"), ("start", "2021")], *WANTED)
    assert places(twice.value) == ["http.start"]
    with pytest.raises(BadRequest, match="not well formed") as missing:
        take([], In("url", ("uri",), least=1))
    assert missing.value.issues[0].code == "required"


def test_a_resource_of_another_type_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        take(read(holding({"name": "resource", "resource": {"resourceType": "Group"}})), *WANTED)
    assert places(refused.value) == ["Parameters.parameter[0]"]


def test_parameters_that_are_made_are_valid() -> None:
    made = parameters(
        [
            value("result", "boolean", True),
            resource("patient", {"resourceType": "Patient"}),
            group("match", [value("code", "code", "certain")]),
        ]
    )
    assert check(made) == []
    assert len(read(made)) == 3
    assert parameters([]) == {"resourceType": "Parameters"}
