"""The door check: valid R4 passes, each kind of fault is found at its place, and nothing makes it raise."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import Lexeme

Json = dict[str, Any]

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"lastUpdated": "2026-01-02T03:04:05.678Z", "versionId": "1"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>A <b>name</b></p></div>'},
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Practice"}],
    "extension": [
        {"url": "http://example.org/pair", "extension": [{"url": "a", "valueString": "x"}]},
        {"url": "http://example.org/meta", "valueMeta": {"versionId": "1"}},
    ],
    "identifier": [{"system": "urn:oid:1.2.36.146", "value": "1"}],
    "active": True,
    "name": [{"given": ["Ada", None], "_given": [None, {"extension": [{"url": "http://x.org/e", "valueCode": "u"}]}]}],
    "gender": "female",
    "birthDate": "1987-02",
    "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1987-02-03T04:05:06+01:00"}]},
    "contact": [{"name": {"family": "Lovelace"}}],
    "generalPractitioner": [{"reference": "Practitioner/1/_history/2"}],
    "managingOrganization": {"reference": "#o1"},
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "PHQ-9"},
    "subject": {"reference": "https://ehr.example.org/fhir/Patient/p1"},
    "effectiveDateTime": "2026-01-02T23:59:60Z",
    "valueQuantity": {"value": Decimal("19.00"), "unit": "{score}"},
    "referenceRange": [{"low": {"value": Lexeme("0.50E1")}}],
}


def test_valid_resources_pass() -> None:
    assert check(PATIENT) == []
    assert check(OBSERVATION) == []


def changed(resource: Json, change: Callable[[Json], object]) -> Json:
    copied = copy.deepcopy(resource)
    change(copied)
    return copied


def put(name: str, value: Any) -> Callable[[Json], object]:
    return lambda resource: resource.__setitem__(name, value)


FAULTS = [
    # unknown elements and shapes
    pytest.param(put("nickname", "Ada"), "Patient.nickname", marks=pytest.mark.spec("F-036")),
    pytest.param(put("resource_type", "Patient"), "Patient", marks=pytest.mark.spec("F-036")),
    pytest.param(put("fhir_comments", ["x"]), "Patient", marks=pytest.mark.spec("F-036")),
    pytest.param(put("birthDate__ext", {}), "Patient", marks=pytest.mark.spec("F-036")),
    pytest.param(put("contact", [{"nick": "x"}]), "Patient.contact[0].nick", marks=pytest.mark.spec("F-036")),
    pytest.param(put("name", {"family": "x"}), "Patient.name"),
    pytest.param(put("gender", ["female"]), "Patient.gender"),
    pytest.param(put("gender", {"value": "female"}), "Patient.gender"),
    pytest.param(put("maritalStatus", "M"), "Patient.maritalStatus"),
    # what FHIR's JSON does not allow
    pytest.param(put("name", []), "Patient.name", marks=pytest.mark.spec("F-037")),
    pytest.param(put("name", [{}]), "Patient.name[0]", marks=pytest.mark.spec("F-037")),
    pytest.param(put("name", [None]), "Patient.name[0]", marks=pytest.mark.spec("F-037")),
    pytest.param(put("maritalStatus", {}), "Patient.maritalStatus", marks=pytest.mark.spec("F-037")),
    pytest.param(put("gender", None), "Patient.gender", marks=pytest.mark.spec("F-037")),
    pytest.param(put("_gender", {}), "Patient.gender", marks=pytest.mark.spec("F-037")),
    pytest.param(put("_gender", None), "Patient.gender", marks=pytest.mark.spec("F-037")),
    pytest.param(put("name", [{"given": [None]}]), "Patient.name[0].given[0]", marks=pytest.mark.spec("F-037")),
    pytest.param(put("name", [{"given": ["a"], "_given": [None]}]), "Patient.name[0].given"),
    pytest.param(put("name", [{"given": ["a", "b"], "_given": [{"id": "1"}]}]), "Patient.name[0].given"),
    pytest.param(put("_name", [{"id": "1"}]), "Patient._name"),
    pytest.param(put("language", ""), "Patient.language", marks=pytest.mark.spec("F-037")),
    # primitive formats
    pytest.param(put("id", "a" * 65), "Patient.id"),
    pytest.param(put("id", "a_b"), "Patient.id"),
    pytest.param(put("id", "a\n"), "Patient.id"),
    pytest.param(put("active", "true"), "Patient.active"),
    pytest.param(put("active", 1), "Patient.active"),
    pytest.param(put("birthDate", "1987-02-30"), "Patient.birthDate"),
    pytest.param(put("birthDate", "1987-2-3"), "Patient.birthDate"),
    pytest.param(put("birthDate", "١٩٨٧"), "Patient.birthDate"),
    pytest.param(put("birthDate", 536457600), "Patient.birthDate"),
    pytest.param(put("deceasedDateTime", "2020-01-01T10:00Z"), "Patient.deceased"),
    pytest.param(put("deceasedDateTime", "2020-01-01T10:00:00"), "Patient.deceased"),
    pytest.param(put("deceasedDateTime", "2020-01-01T24:00:00Z"), "Patient.deceased"),
    pytest.param(put("multipleBirthInteger", "5"), "Patient.multipleBirth"),
    pytest.param(put("multipleBirthInteger", Decimal("1.0")), "Patient.multipleBirth"),
    pytest.param(put("multipleBirthInteger", 2**31), "Patient.multipleBirth"),
    pytest.param(put("name", [{"family": "   "}]), "Patient.name[0].family"),
    pytest.param(put("name", [{"family": "a\x07"}]), "Patient.name[0].family"),
    pytest.param(put("implicitRules", "has a space"), "Patient.implicitRules"),
    pytest.param(put("implicitRules", "javascript:alert(1)"), "Patient.implicitRules", marks=pytest.mark.spec("X-044")),
    pytest.param(put("photo", [{"data": "!!!!"}]), "Patient.photo[0].data"),
    pytest.param(put("photo", [{"size": -1}]), "Patient.photo[0].size"),
    # codes, choices, counts
    pytest.param(put("gender", "banana"), "Patient.gender"),
    pytest.param(put("gender", " female"), "Patient.gender"),
    pytest.param(put("link", [{"other": {"reference": "Patient/2"}}]), "Patient.link[0].type"),
    pytest.param(lambda p: p.update(deceasedBoolean=False, deceasedDateTime="2020"), "Patient.deceased"),
    pytest.param(put("deceasedString", "yes"), "Patient.deceasedString"),
    # extensions
    pytest.param(put("extension", [{"valueString": "x"}]), "Patient.extension[0].url"),
    pytest.param(put("extension", [{"url": "http://x.org"}]), "Patient.extension[0]"),
    pytest.param(
        put("extension", [{"url": "http://x.org", "valueCode": "a", "extension": [{"url": "b", "valueCode": "c"}]}]),
        "Patient.extension[0]",
    ),
    # contained resources
    pytest.param(put("contained", [{"resourceType": "Nonsense", "id": "o1"}]), "Patient.contained[0]"),
    pytest.param(put("contained", [{"id": "o1"}]), "Patient.contained[0]"),
    pytest.param(put("contained", ["o1"]), "Patient.contained[0]"),
    pytest.param(lambda p: p["contained"][0].pop("id"), "Patient.contained[0]"),
    pytest.param(
        lambda p: p["contained"][0].update(contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
        "Patient.contained[0]",
    ),
    pytest.param(lambda p: p["contained"][0].update(nick="x"), "Patient.contained[0].nick"),
    pytest.param(lambda p: p.pop("managingOrganization"), "Patient"),  # dom-3: nothing refers to the contained
    # references
    pytest.param(put("managingOrganization", {"reference": "Patient/1"}), "Patient.managingOrganization"),
    pytest.param(put("managingOrganization", {"reference": "Nonsense/1"}), "Patient.managingOrganization"),
    pytest.param(put("managingOrganization", {"reference": "#gone"}), "Patient.managingOrganization"),
    pytest.param(put("managingOrganization", {"type": "Patient", "display": "x"}), "Patient.managingOrganization"),
    pytest.param(
        put("managingOrganization", {"reference": "http://x.org/fhir/Patient/1"}), "Patient.managingOrganization"
    ),
    pytest.param(put("managingOrganization", {"reference": "Organization?name=x"}), "Patient.managingOrganization"),
    # rules of R4
    pytest.param(put("contact", [{"gender": "male"}]), "Patient.contact[0]"),  # pat-1
]


@pytest.mark.parametrize(("change", "place"), FAULTS)
def test_a_fault_is_found_at_its_place(change: Callable[[Json], object], place: str) -> None:
    assert place in {issue.expression for issue in check(changed(PATIENT, change))}


@pytest.mark.spec("X-044")
@pytest.mark.parametrize(
    "reference",
    [
        "../../etc/passwd",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//evil.example/Patient/1",
        "Patient/../1",
        "data:x",
        "http://x.org/../Patient/1",
        "Patient",
        "Patient/",
        "Patient/a b",
        "patient/1",
        "/Patient/1",
        "http://",
        "\\\\x\\y",
    ],
)
def test_a_smuggled_reference_is_refused(reference: str) -> None:
    faulty = changed(OBSERVATION, put("subject", {"reference": reference}))
    assert [issue.expression for issue in check(faulty)] == ["Observation.subject"]


@pytest.mark.spec("F-037")
def test_all_faults_are_told_at_once() -> None:
    faulty = changed(PATIENT, lambda p: p.update(gender="x", active=1, nickname="y", contact=[{}], birthDate="z"))
    assert {issue.expression for issue in check(faulty)} == {
        "Patient.gender",
        "Patient.active",
        "Patient.nickname",
        "Patient.contact[0]",
        "Patient.birthDate",
    }


def test_a_required_element_may_say_by_extension_why_it_is_absent() -> None:
    reason = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    absent = changed(OBSERVATION, lambda o: o.update(_status=reason) or o.pop("status"))
    assert check(absent) == []
    assert [issue.code for issue in check(changed(OBSERVATION, lambda o: o.pop("status")))] == ["required"]


def test_a_coded_element_must_hold_a_code_of_its_required_value_set() -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}
    active = {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}
    odd = {"clinicalStatus": {"coding": [{"system": system, "code": "asleep"}]}}
    assert check(condition | active) == []
    assert [issue.code for issue in check(condition | odd)] == ["code-invalid"]
    assert [issue.code for issue in check(condition | {"clinicalStatus": {"text": "active"}})] == ["code-invalid"]


def test_the_entries_of_a_bundle_are_checked_and_may_refer_to_each_other() -> None:
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
                "resource": PATIENT,
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "resource": OBSERVATION | {"subject": {"reference": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"}},
                "request": {"method": "POST", "url": "Observation"},
            },
            {
                "resource": OBSERVATION | {"subject": {"reference": "Patient?identifier=urn:oid:1.2|3"}},
                "request": {"method": "POST", "url": "Observation"},
            },
        ],
    }
    assert check(bundle) == []
    bundle["entry"][1]["resource"]["encounter"] = bundle["entry"][1]["resource"]["subject"]
    bundle["entry"][2]["resource"]["status"] = "odd"
    assert {issue.expression for issue in check(bundle)} == {
        "Bundle.entry[1].resource.encounter",
        "Bundle.entry[2].resource.status",
    }


def test_the_same_element_name_may_be_nested_as_deep_as_the_definition_allows() -> None:
    questionnaire = {"resourceType": "Questionnaire", "status": "draft"}
    item: Json = {"linkId": "3", "type": "display", "text": "x", "odd": 1}
    nested = {"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "group", "item": [item]}]}
    assert [i.expression for i in check(questionnaire | {"item": [nested]})] == [
        "Questionnaire.item[0].item[0].item[0].odd"
    ]


@pytest.mark.parametrize("kind", ["EffectEvidenceSynthesis", "MedicinalProductPharmaceutical", "Evidence"])
def test_a_type_that_only_r4_has_passes_without_the_second_opinion(kind: str) -> None:
    required: dict[str, Json] = {
        "EffectEvidenceSynthesis": {
            "status": "draft",
            **{name: {"reference": f"EvidenceVariable/{name}"} for name in ("population", "exposure")},
            "exposureAlternative": {"reference": "EvidenceVariable/1"},
            "outcome": {"reference": "EvidenceVariable/1"},
        },
        "MedicinalProductPharmaceutical": {
            "administrableDoseForm": {"text": "tablet"},
            "routeOfAdministration": [{"code": {"text": "oral"}}],
        },
        "Evidence": {"status": "draft", "exposureBackground": {"reference": "EvidenceVariable/1"}},
    }
    found = check({"resourceType": kind} | required[kind])
    assert [issue for issue in found if issue.code != "value"] == []


def test_a_float_is_refused_because_its_lexeme_is_lost() -> None:
    faulty = changed(OBSERVATION, put("valueQuantity", {"value": 1.5}))
    assert [issue.expression for issue in check(faulty)] == ["Observation.value.value"]


def test_a_fault_never_repeats_the_value() -> None:
    faulty = changed(
        PATIENT, lambda p: p.update(gender="Secret Name", id="Secret Name") or p.update({"Secret Name": 1})
    )
    told = check(faulty)
    assert len(told) == 3
    assert not any("Secret" in f"{issue.text}{issue.expression}" for issue in told)


def test_the_number_of_faults_told_is_bounded() -> None:
    told = check(changed(PATIENT, put("name", [{"odd": 1}] * 10_000)))
    assert len(told) == 501
    assert "more faults" in told[-1].text
