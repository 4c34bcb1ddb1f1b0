"""FHIRPath Patch on resources. https://hl7.org/fhir/R4/fhirpatch.html"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.errors import BadRequest, Refusal, TooLarge, Unprocessable
from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.patch import fhirpath_patch

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "meta": {"versionId": "3", "tag": [{"code": "a"}]},
    "identifier": [{"value": "0"}, {"value": "1"}, {"value": "2"}, {"value": "3"}],
    "name": [{"use": "official", "given": ["Kim", "Lee"]}, {"use": "usual", "text": "K"}],
    "gender": "other",
    "birthDate": "1980-03",
    "_birthDate": {"extension": [{"url": "http://example.org/source", "valueCode": "told"}]},
    "contact": [{"name": {"text": "A"}, "gender": "male"}],
}
TASK = {
    "resourceType": "Task",
    "id": "t",
    "status": "draft",
    "intent": "order",
    "input": [{"type": {"text": "dose"}, "valueString": "two"}],
}


def operation(type: str, path: str, *value: dict[str, Any], **others: Any) -> dict[str, Any]:
    """An operation in which `value` is the part of that name, less the name."""
    parts: list[dict[str, Any]] = [{"name": "type", "valueCode": type}, {"name": "path", "valueString": path}]
    parts += [{"name": "value", **each} for each in value]
    for name, other in others.items():
        parts.append({"name": name, "valueString" if isinstance(other, str) else "valueInteger": other})
    return {"name": "operation", "part": parts}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


def patch_with_two_types() -> dict[str, Any]:
    parts = operation("delete", "Patient.gender")["part"]
    return {"name": "operation", "part": [*parts, parts[0]]}


def patched(before: dict[str, Any], *operations: dict[str, Any]) -> Any:
    return fhirpath_patch.read(patch(*operations)).apply(before)


def refused(kind: type[Refusal], *operations: dict[str, Any], before: dict[str, Any] | None = None) -> list[str | None]:
    with pytest.raises(kind) as refusal:
        patched(before or PATIENT, *operations)
    return [issue.expression for issue in refusal.value.issues]


def values(patient: dict[str, Any]) -> str:
    return "".join(each["value"] for each in patient["identifier"])


@pytest.mark.spec("F-083")
def test_no_operation_changes_nothing() -> None:
    assert fhirpath_patch.read({"resourceType": "Parameters"}).apply(PATIENT) == PATIENT


@pytest.mark.spec("F-083")
def test_a_primitive_is_replaced_deleted_and_added() -> None:
    assert patched(PATIENT, operation("replace", "Patient.gender", {"valueCode": "female"}))["gender"] == "female"
    assert "gender" not in patched(PATIENT, operation("delete", "Patient.gender"))
    added = operation("add", "Patient", {"valueBoolean": True}, name="active")
    assert patched(PATIENT, added)["active"] is True


@pytest.mark.spec("F-083")
def test_a_nested_primitive_is_replaced_deleted_and_added() -> None:
    contact = "Patient.contact[0]"
    after = patched(PATIENT, operation("replace", f"{contact}.name.text", {"valueString": "B"}))
    assert after["contact"][0]["name"] == {"text": "B"}
    after = patched(PATIENT, operation("add", f"{contact}.name", {"valueString": "Reed"}, name="family"))
    assert after["contact"][0]["name"] == {"text": "A", "family": "Reed"}
    after = patched(PATIENT, operation("delete", f"{contact}.gender"))
    assert after["contact"] == [{"name": {"text": "A"}}]


@pytest.mark.spec("F-083")
def test_what_a_deletion_leaves_empty_goes_too() -> None:
    after = patched(PATIENT, operation("delete", "Patient.contact[0].name.text"))
    assert after["contact"] == [{"gender": "male"}]
    after = patched(after, operation("delete", "Patient.contact.gender"))
    assert "contact" not in after


@pytest.mark.spec("F-083")
def test_a_complex_element_is_added_replaced_and_deleted() -> None:
    married = patched(
        PATIENT, operation("add", "Patient", {"valueCodeableConcept": {"text": "m"}}, name="maritalStatus")
    )
    assert married["maritalStatus"] == {"text": "m"}
    path = "Patient.maritalStatus"
    other = patched(married, operation("replace", path, {"valueCodeableConcept": {"id": "2", "text": "n"}}))
    assert other["maritalStatus"] == {"id": "2", "text": "n"}
    assert patched(married, operation("delete", path)) == PATIENT


@pytest.mark.spec("F-083")
def test_a_nested_element_is_built_of_its_parts() -> None:
    contact = {
        "part": [
            {"name": "relationship", "valueCodeableConcept": {"text": "sister"}},
            {"name": "relationship", "valueCodeableConcept": {"text": "guardian"}},
            {"name": "name", "valueHumanName": {"family": "Reed"}},
            {"name": "extension", "part": [{"name": "url", "valueUri": "urn:x"}, {"name": "value", "valueInteger": 7}]},
        ]
    }
    after = patched(PATIENT, operation("add", "Patient", contact, name="contact"))
    assert after["contact"][1] == {
        "relationship": [{"text": "sister"}, {"text": "guardian"}],
        "name": {"family": "Reed"},
        "extension": [{"url": "urn:x", "valueInteger": 7}],
    }
    assert check(after) == []
    assert patched(after, operation("delete", "Patient.contact[1]")) == PATIENT


@pytest.mark.spec("F-083")
def test_parts_nest() -> None:
    questionnaire = {"resourceType": "Questionnaire", "id": "q", "status": "draft"}
    item = {
        "part": [
            {"name": "linkId", "valueString": "1"},
            {"name": "type", "valueCode": "group"},
            {
                "name": "item",
                "part": [
                    {"name": "linkId", "valueString": "1.1"},
                    {"name": "type", "valueCode": "integer"},
                    {"name": "initial", "part": [{"name": "value", "valueInteger": 3}]},
                ],
            },
        ]
    }
    after = patched(questionnaire, operation("add", "Questionnaire", item, name="item"))
    assert after["item"][0]["item"] == [{"linkId": "1.1", "type": "integer", "initial": [{"valueInteger": 3}]}]
    assert check(after) == []


@pytest.mark.spec("F-083")
def test_lists_are_added_to_inserted_in_and_deleted_from() -> None:
    new = {"valueIdentifier": {"value": "9"}}
    assert values(patched(PATIENT, operation("add", "Patient", new, name="identifier"))) == "01239"
    for index, there in enumerate(("90123", "09123", "01923", "01293", "01239")):
        assert values(patched(PATIENT, operation("insert", "Patient.identifier", new, index=index))) == there
    for index, left in enumerate(("123", "023", "013", "012")):
        assert values(patched(PATIENT, operation("delete", f"Patient.identifier[{index}]"))) == left


@pytest.mark.spec("F-083")
def test_the_first_item_of_a_list_can_be_inserted() -> None:
    after = patched(PATIENT, operation("insert", "Patient.address", {"valueAddress": {"city": "Oslo"}}, index=0))
    assert after["address"] == [{"city": "Oslo"}]


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    ("source", "destination", "there"), [(3, 1, "0312"), (3, 0, "3012"), (3, 2, "0132"), (0, 3, "1230"), (1, 1, "0123")]
)
def test_lists_are_reordered(source: int, destination: int, there: str) -> None:
    moved = operation("move", "Patient.identifier", source=source, destination=destination)
    assert values(patched(PATIENT, moved)) == there


@pytest.mark.spec("F-083")
def test_operations_come_one_after_the_other() -> None:
    after = patched(
        PATIENT,
        operation("move", "Patient.identifier", source=3, destination=0),
        operation("replace", "Patient.identifier[0].value", {"valueString": "x"}),
        operation("delete", "Patient.identifier.where(value = '1')"),
    )
    assert values(after) == "x02"


@pytest.mark.spec("F-083")
def test_a_choice_changes_its_type() -> None:
    after = patched(TASK, operation("replace", "Task.input[0].value", {"valueDecimal": Decimal("2.50")}))
    assert dump(after["input"]) == b'[{"type":{"text":"dose"},"valueDecimal":2.50}]'


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("Patient.name.where(use = 'usual')", 1),
        ("Patient.name.where(given.exists() and use != 'usual')", 1),
        ("Patient.name.first()", 1),
        ("Patient.name.last()", 1),
        ("Patient.name.tail()", 1),
        ("Patient.name.skip(1).take(1).single()", 1),
        ("name[0]", 1),
        ("Patient.name.where(use = 'old')", 2),
        ("Patient.name[7]", 2),
        ("Patient.address.line", 2),
        ("Patient.name.where($this.text = %resource.name.text)", 1),
    ],
)
def test_paths_pick_elements(path: str, left: int) -> None:
    assert len(patched(PATIENT, operation("delete", path))["name"]) == left


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    "path", ["Task.input.value.ofType(string)", "(Task.input.value as string)", "Task.input.value.as(FHIR.string)"]
)
def test_paths_pick_by_type(path: str) -> None:
    assert patched(TASK, operation("replace", path, {"valueString": "one"}))["input"][0]["valueString"] == "one"
    assert refused(
        Unprocessable, operation("replace", path.replace("string", "Quantity"), {"valueString": "one"}), before=TASK
    )


@pytest.mark.spec("F-083")
def test_repeating_primitives_keep_what_stands_beside_them() -> None:
    before = {**PATIENT, "name": [{"given": ["A", "B"], "_given": [None, {"id": "b"}]}]}
    path = "Patient.name.given"
    after = patched(before, operation("insert", path, {"valueString": "C"}, index=1))
    assert after["name"] == [{"given": ["A", "C", "B"], "_given": [None, None, {"id": "b"}]}]
    after = patched(before, operation("delete", f"{path}.where($this = 'B')"))
    assert after["name"] == [{"given": ["A"]}]
    after = patched(before, operation("move", path, source=1, destination=0))
    assert after["name"] == [{"given": ["B", "A"], "_given": [{"id": "b"}, None]}]
    after = patched(before, operation("replace", f"{path}[1]", {"_valueString": {"id": "c"}}))
    assert after["name"] == [{"given": ["A", None], "_given": [None, {"id": "c"}]}]


@pytest.mark.spec("F-083")
def test_extensions_of_a_primitive_are_elements_like_others() -> None:
    there = "Patient.birthDate.extension('http://example.org/source')"
    after = patched(PATIENT, operation("replace", f"{there}.value", {"valueCode": "seen"}))
    assert after["_birthDate"]["extension"][0]["valueCode"] == "seen"
    after = patched(PATIENT, operation("delete", there))
    assert (after["birthDate"], "_birthDate" in after) == ("1980-03", False)
    extension = {"part": [{"name": "url", "valueUri": "urn:x"}, {"name": "value", "valueCode": "y"}]}
    after = patched(PATIENT, operation("add", "Patient.gender", extension, name="extension"))
    assert after["_gender"] == {"extension": [{"url": "urn:x", "valueCode": "y"}]}
    assert check(after) == []
    after = patched(PATIENT, operation("replace", "Patient.birthDate", {"valueDate": "1980-03-04"}))
    assert (after["birthDate"], "_birthDate" in after) == ("1980-03-04", False)


@pytest.mark.spec("F-083")
def test_a_contained_resource_is_added() -> None:
    organization = {"resourceType": "Organization", "id": "o", "name": "Clinic"}
    after = patched(PATIENT, operation("add", "Patient", {"resource": organization}, name="contained"))
    assert after["contained"] == [organization]
    named = patched(after, operation("replace", "Patient.contained[0].name", {"valueString": "House"}))
    assert named["contained"][0]["name"] == "House"


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    "wrong",
    [
        operation("add", "Patient.name.where(use = 'old').period", {"valueDateTime": "2020"}, name="start"),
        operation("add", "Patient.name", {"valueString": "Reed"}, name="family"),
        operation("add", "Patient", {"valueCode": "male"}, name="gender"),
        operation("add", "Patient", {"valueCode": "male"}, name="sex"),
        operation("add", "Patient.nothing", {"valueCode": "male"}, name="gender"),
        operation("insert", "Patient.identifier", {"valueIdentifier": {"value": "9"}}, index=5),
        operation("insert", "Patient.gender", {"valueCode": "male"}, index=0),
        operation("insert", "Patient.name.given", {"valueString": "Bo"}, index=0),
        operation("delete", "Patient.name"),
        operation("delete", "Patient"),
        operation("delete", "Patient.nmae"),
        operation("delete", "Patient.deceasedBoolean"),
        operation("replace", "Patient", {"resource": {"resourceType": "Patient"}}),
        operation("replace", "Patient.name.where(use = 'old')", {"valueHumanName": {"family": "Reed"}}),
        operation("replace", "Patient.identifier", {"valueIdentifier": {"value": "9"}}),
        operation("move", "Patient.identifier", source=0, destination=4),
        operation("move", "Patient.identifier", source=4, destination=0),
        operation("move", "Patient.address", source=0, destination=0),
        operation("delete", "Patient.name.where($index = 0)"),
        operation("delete", "Patient.name.where(%secret = 0)"),
        operation("delete", "Patient.name.where(matches('a*'))"),
        operation("delete", "Patient.descendants()"),
        operation("delete", "Patient.name | Patient.contact"),
        operation("delete", "Patient.name[%resource.count()]"),
        operation("delete", "Group.name"),
        operation("delete", "resolve()"),
        operation("delete", "'Patient'"),
    ],
)
def test_an_operation_that_does_not_fit_is_named(wrong: dict[str, Any]) -> None:
    fine = operation("replace", "Patient.gender", {"valueCode": "female"})
    (place,) = refused(Unprocessable, fine, wrong)
    assert place is not None
    assert place.startswith("Parameters.parameter[1]")


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Patient.gender", {"valueBoolean": True}),
        ("Patient.gender", {"valueCoding": {"code": "male"}}),
        ("Patient.gender", {"part": [{"name": "code", "valueCode": "male"}]}),
        ("Patient.name[0]", {"valueString": "Kim"}),
        ("Patient.name[0]", {"valueAddress": {"city": "Oslo"}}),
        ("Patient.name[0]", {"resource": {"resourceType": "Patient"}}),
        ("Patient.contact[0]", {"part": [{"name": "name", "valueString": "Kim"}]}),
        ("Patient.contact[0]", {"part": [{"name": "title", "valueString": "Kim"}]}),
        (
            "Patient.contact[0]",
            {"part": [{"name": "gender", "valueCode": "male"}, {"name": "gender", "valueCode": "male"}]},
        ),
    ],
)
def test_a_value_of_another_type_is_refused_at_its_part(path: str, value: dict[str, Any]) -> None:
    (place,) = refused(Unprocessable, operation("replace", path, value))
    assert place is not None
    assert place.startswith("Parameters.parameter[0].part[2]")


@pytest.mark.spec("F-083")
@pytest.mark.parametrize(
    ("parameter", "place"),
    [
        ({"name": "operation", "valueCode": "add"}, "Parameters.parameter[0]"),
        ({"name": "step", "part": operation("delete", "Patient.gender")["part"]}, "Parameters.parameter[0]"),
        (operation("remove", "Patient.gender"), "Parameters.parameter[0]"),
        (operation("delete", "Patient.gender", {"valueCode": "male"}), "Parameters.parameter[0]"),
        (operation("add", "Patient", {"valueCode": "male"}), "Parameters.parameter[0]"),
        (operation("move", "Patient.name", source=0), "Parameters.parameter[0]"),
        (patch_with_two_types(), "Parameters.parameter[0]"),
        (operation("delete", "Patient..gender"), "Parameters.parameter[0].part[1]"),
        (operation("delete", "Patient." * 200 + "name"), "Parameters.parameter[0].part[1]"),
        (operation("move", "Patient.name[0]", source=0, destination=0), "Parameters.parameter[0].part[1]"),
        (operation("move", "Patient.name", source="0", destination=1), "Parameters.parameter[0].part[2]"),
        (operation("move", "Patient.name", source=-1, destination=1), "Parameters.parameter[0].part[2]"),
    ],
)
def test_what_is_no_operation_is_refused_at_its_place(parameter: dict[str, Any], place: str) -> None:
    assert refused(BadRequest, parameter) == [place]


@pytest.mark.spec("F-081")
@pytest.mark.parametrize(
    "wrong",
    [
        operation("replace", "Patient.id", {"valueId": "q"}),
        operation("delete", "Patient.id"),
        operation("add", "Patient.id", {"part": [{"name": "url", "valueUri": "urn:x"}]}, name="extension"),
        operation("replace", "Patient.meta.versionId", {"valueId": "9"}),
        operation("delete", "Patient.meta.versionId"),
        operation("add", "Patient.meta", {"valueInstant": "2020-01-01T00:00:00Z"}, name="lastUpdated"),
    ],
)
def test_identity_and_version_are_not_to_be_patched(wrong: dict[str, Any]) -> None:
    assert refused(Unprocessable, wrong) == ["Parameters.parameter[0]"]


@pytest.mark.spec("F-081")
def test_nor_by_putting_another_meta_in_place() -> None:
    assert refused(Unprocessable, operation("replace", "Patient.meta", {"valueMeta": {"versionId": "9"}})) == [None]
    after = patched(PATIENT, operation("replace", "Patient.meta", {"valueMeta": {"tag": [{"code": "b"}]}}))
    assert after["meta"] == {"tag": [{"code": "b"}]}


def test_a_patch_has_an_end() -> None:
    assert refused(TooLarge, *[operation("delete", "Patient.address")] * 1001) == [None]


def test_paths_may_do_so_much_and_no_more() -> None:
    many = {**PATIENT, "identifier": [{"value": str(number)} for number in range(5000)]}
    costly = operation("delete", "Patient.identifier.where(%resource.identifier.where(value = '7').count() = 2)")
    places = refused(Unprocessable, costly, before=many)
    assert places == ["Parameters.parameter[0]"]


def test_the_resource_and_the_patch_stay_as_they_are() -> None:
    given = fhirpath_patch.read(
        patch(
            operation("add", "Patient", {"valueAddress": {"city": "Oslo"}}, name="address"),
            operation("add", "Patient.address", {"valueString": "Norway"}, name="country"),
        )
    )
    before = parse(dump(PATIENT))
    assert given.apply(before) == given.apply(before)
    assert before == PATIENT


def test_no_fault_repeats_a_value() -> None:
    for path in ("Patient.secret", "secret()", "Patient.name.where(secret())", "Patient.name.where(use = 'secret"):
        with pytest.raises(Refusal) as refusal:
            patched(PATIENT, operation("delete", path))
        assert "secret" not in repr(refusal.value.issues)
