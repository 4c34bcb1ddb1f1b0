"""FHIRPath: what an expression finds, what it refuses, what it tells of itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import json
from gateway.fhir.path import EVERY, PathError, compile

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "given": ["Ada", "May"], "family": "Oak"}, {"use": "usual", "given": ["Addie"]}],
    "birthDate": "1970-03",
    "_birthDate": {"extension": [{"url": "http://example.org/about", "valueString": "told by phone"}]},
    "_gender": {"extension": [{"url": "http://example.org/absent", "valueCode": "unknown"}]},
    "deceasedDateTime": "2020-01-01T10:00:00+02:00",
    "multipleBirthInteger": 2,
    "contained": [{"resourceType": "Organization", "id": "clinic", "name": "Clinic"}],
    "managingOrganization": {"reference": "#clinic"},
    "generalPractitioner": [{"reference": "Practitioner/7"}, {"reference": "http://example.org/fhir/Organization/8"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "valueQuantity": {"value": Decimal("5.0"), "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
    "effectivePeriod": {"start": "2024-01-01", "end": "2024-02"},
    "component": [{"valueInteger": 3}, {"valueString": "3"}, {"valueInteger": 5}],
}


def found(expression: str, context: Any = PATIENT, **options: Any) -> list[Any]:
    return compile(expression, functions=EVERY).evaluate(context, **options)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Patient.name.given", ["Ada", "May", "Addie"]),
        ("name.given", ["Ada", "May", "Addie"]),
        ("Observation.name.given", []),
        ("name[0].given[1]", ["May"]),
        ("name[9]", []),
        ("name.where(use = 'official').family", ["Oak"]),
        ("name.given.where($this.startsWith('A') and $index > 0)", ["Addie"]),
        ("name.select(given.first() & ' ' & family)", ["Ada Oak", "Addie "]),
        ("name.given.aggregate($this & $total, '')", ["AddieMayAda"]),
        ("(name.given | 'Ada').count()", [3]),
        ("name.given.combine('Ada').count()", [4]),
        ("name.given.exclude('Ada' | 'May')", ["Addie"]),
        ("name.given.tail().last()", ["Addie"]),
        ("name.exists(family = 'Oak')", [True]),
        ("name.all(given.exists())", [True]),
        ("name.given contains 'May'", [True]),
        ("'May' in name.family", [False]),
        ("repeat(contained).name", ["Clinic"]),
        ("`name`.`family`", ["Oak"]),
        ("iif(active.exists(), 'known', 'not known')", ["not known"]),
        ("%resource.name.family | %context.name.use", ["Oak", "official", "usual"]),
        ("%loinc", ["http://loinc.org"]),
        ('%"vs-gender"', ["http://hl7.org/fhir/ValueSet/gender"]),
        ("{}", []),
        ("name.trace('names').family // a remark", ["Oak"]),
    ],
)
def test_an_expression_finds(expression: str, expected: list[Any]) -> None:
    assert found(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("-2 * (3 - 1)", -4),
        ("7 div 2 + 7 mod 2", 4),
        ("-7 div 2", -3),
        ("7 / 2", Decimal("3.5")),
        ("0.1 + 0.2 = 0.3", True),
        ("1 = 1.0", True),
        ("true = 1", False),
        ("'a' + 'b'", "ab"),
        ("'b' > 'a'", True),
        (r"'it\'s \u00e9\n'", "it's é\n"),
        ("'Ab  c' ~ 'aB C'", True),
        ("(1 | 2) ~ (2 | 1)", True),
        ("1.01 ~ 1.0", True),
        ("@2020-02-29 + 1 year = @2021-02-28", True),
        ("@2020-01 < @2020-02", True),
        ("@2020-01-01T10:00:00Z = @2020-01-01T12:00:00+02:00", True),
        ("@T10:30 + 45 minutes = @T11:15", True),
        ("@2015 + 18 months = @2016", True),
        ("3 days = 3 'd'", True),
        ("5 'mg' < 6 'mg'", True),
        ("'12'.toInteger() + 1", 13),
        ("'12.50'.toDecimal()", Decimal("12.50")),
        ("'x'.convertsToInteger()", False),
        ("'Yes'.toBoolean()", True),
        ("12.50.toString()", "12.50"),
        ("'2020-02-30'.convertsToDate()", False),
        ("'abcdef'.substring(2, 3)", "cde"),
        ("'abc'.indexOf('c')", 2),
        ("'a-b-c'.replace('-', '+').upper()", "A+B+C"),
        ("'a,b'.split(',').join(';')", "a;b"),
        ("' x '.trim().length()", 1),
        ("'2024-01'.matches('^[0-9]{4}-[0-9]{2}$')", True),
        ("2.5.round()", 3),
        ("(-5).abs() + 2.power(3)", 13),
        ("9.sqrt() = 3", True),
        ("(true | false).anyTrue()", True),
        ("(1 | 2).subsetOf(1 | 2 | 3)", True),
        ("1 | 1 is Integer", None),
    ],
)
def test_operators_and_functions_work_out(expression: str, expected: Any) -> None:
    if expected is None:
        assert found(expression) == [1, True], "`is` binds tighter than `|`"
    else:
        assert found(expression, None) == [expected]


@pytest.mark.parametrize(
    "expression", ["1 / 0", "1 + {}", "@2020 < @2020-06", "1 'mg' = 1 'g'", "{} and true", "{} = 1"]
)
def test_what_cannot_be_known_is_empty(expression: str) -> None:
    assert found(expression, None) == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [("{} or true", True), ("{} and false", False), ("false implies {}", True), ("{} implies true", True)],
)
def test_logic_has_three_values(expression: str, expected: bool) -> None:
    assert found(expression, None) == [expected]


def test_a_choice_element_is_found_by_its_name_and_by_its_type() -> None:
    assert found("Observation.value.unit", OBSERVATION) == ["mg"]
    assert found("(Observation.value as Quantity).unit", OBSERVATION) == ["mg"]
    assert found("value.ofType(CodeableConcept)", OBSERVATION) == []
    assert found("component.value.ofType(integer)", OBSERVATION) == [3, 5]
    assert found("component.value.ofType(string)", OBSERVATION) == ["3"]
    assert found("deceased is dateTime and (deceased is boolean).not()") == [True]
    assert found("effective is Period", OBSERVATION) == [True]


def test_types_are_known_from_the_caller_the_model_or_the_shape() -> None:
    assert found("$this is DateTime", "2024-01-01T10:00:00Z", type="dateTime") == [True]
    assert found("$this is uri", "urn:x", type="canonical") == [True]
    assert found("$this is dateTime", "2024-01-01", type="string") == [False]
    assert found("ofType(Quantity).exists()", {"value": 1, "unit": "mg"}) == [True]
    assert found("contained.ofType(Organization).name | contained.where($this is DomainResource).id") == [
        "Clinic",
        "clinic",
    ]
    model = {("Patient", "birthDate"): "date"}
    path = compile("birthDate is dateTime", model=lambda parent, name: model.get((parent, name)))
    assert path.evaluate(PATIENT) == [False]


def test_a_primitive_has_its_extensions() -> None:
    assert found("birthDate.extension('http://example.org/about').value") == ["told by phone"]
    assert found("gender.exists()") == [True]
    assert found("gender.hasValue()") == [False]
    assert found("gender.extension.value") == ["unknown"]
    assert found("gender") == []
    assert found("birthDate.getValue() < @1980") == [True]


def test_a_reference_leads_to_what_the_resolver_finds() -> None:
    people = {"Practitioner/7": {"resourceType": "Practitioner", "active": True}}
    assert found("generalPractitioner.resolve().active", resolve=people.get) == [True]
    assert found("managingOrganization.resolve().name", resolve=people.get) == ["Clinic"]


def test_without_a_resolver_a_reference_still_tells_the_type() -> None:
    assert found("generalPractitioner.where(resolve() is Practitioner).reference") == ["Practitioner/7"]
    assert found("generalPractitioner.where(resolve() is Patient)") == []


def test_data_that_is_not_fhir_is_read_too() -> None:
    payload = {"Body": {"Parts": [{"Text": "a", "When": 1}, {"Text": "b"}]}}
    assert found("Body.Parts.Text", payload) == ["a", "b"]
    assert found("Body.Parts.where(When > 0).Text", payload) == ["a"]


def test_equal_elements_count_once_and_true_is_not_one() -> None:
    context = {"a": [{"x": 1}, {"x": Decimal("1.0")}, {"x": True}, {"x": 1}]}
    assert found("a.distinct().count()", context) == [2]
    assert found("a.isDistinct()", context) == [False]
    assert found("(true | 1).count()", None) == [2]


def test_a_path_tells_what_it_reads() -> None:
    path = compile("summary.Parts.where(kind = %kind).Text | summary.title.select($this & $this.lower())")
    assert path.roots == {("summary", "Parts", "Text"), ("summary", "Parts", "kind"), ("summary", "title")}
    assert path.variables == {"kind"}
    assert path.functions == {"where", "select", "lower"}


def test_functions_of_our_own_get_plain_lists() -> None:
    path = compile("name.given.shout(name.family, '!')", extra={"shout": lambda focus, *more: [focus, *more]})
    assert path.evaluate(PATIENT) == [["Ada", "May", "Addie"], ["Oak"], ["!"]]
    assert compile("@2020-01-01.echo()", extra={"echo": lambda focus: focus}).evaluate(None) == ["2020-01-01"]


@pytest.mark.parametrize(
    ("expression", "position"),
    [
        ("", 0),
        ("name.", 5),
        ("name given", 5),
        ("(1", 2),
        ("a..b", 2),
        ("'open", 0),
        (r"'\q'", 0),
        ("1 +", 3),
        ("#", 0),
    ],
)
def test_what_is_not_fhirpath_is_refused_with_its_place(expression: str, position: int) -> None:
    with pytest.raises(PathError) as refused:
        compile(expression)
    assert refused.value.position == position
    assert refused.value.reason


@pytest.mark.parametrize("expression", ["nothing()", "a.memberOf('x')", "conformsTo('x')", "where()", "a.first(1)"])
def test_functions_nobody_knows_are_refused(expression: str) -> None:
    with pytest.raises(PathError):
        compile(expression, functions=EVERY)


def test_a_number_written_with_an_exponent_is_a_number() -> None:
    assert compile("a > 999").evaluate(json.parse(b'{"a":1E3}')) == [True]


def test_a_key_without_a_name_is_no_fault_of_the_engine() -> None:
    assert compile("(Observation.value as Quantity).exists()").evaluate(
        {"resourceType": "Observation", "value": {"": 1}}
    ) == [False]
